import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.accounts import marks
from resources.simulator.accounts.performance import net_values
from resources.simulator.accounts.valuation import value
from resources.simulator.accounts.world import World
from resources.simulator.shapes.balances import allocation, cash_in_base, ledger
from resources.simulator.shapes.summary import summary
from tests.resources.simulator.conftest import EVENING, NOON, TODAY, make_world

CENT = 0.01
TEXT = {"acctcode", "currency", "key", "secondkey", "sessionid", "severity", "timestamp", "exchangerate", "endofbundle"}
worlds = st.builds(make_world, seed=st.integers(0, 500), accounts=st.just(3), positions=st.integers(0, 60))
moments = st.integers(0, 790 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 3, tzinfo=UTC) + timedelta(minutes=minutes)
)


def plain(shape: dict[str, object]) -> Any:
    """As a client sees it."""
    return json.loads(json.dumps(shape))


@settings(max_examples=25, deadline=None)
@given(world=worlds, moment=moments, index=st.integers(0, 2))
def test_net_value_is_cash_plus_positions_at_every_instant_of_every_account(
    world: World, moment: datetime, index: int
) -> None:
    valuation = value(world, world.accounts[index], marks.mark(moment))
    positions = sum(
        row.value / 100 * valuation.rates[row.contract.currency]
        for row in valuation.rows
        if row.contract.asset_class != "FUT"
    )
    unswept = sum(valuation.unswept[currency] / 100 * rate for currency, rate in valuation.rates.items())
    assert valuation.net == pytest.approx(cash_in_base(valuation) + positions + unswept, abs=CENT / 2)


@settings(max_examples=25, deadline=None)
@given(world=worlds, moment=moments, index=st.integers(0, 2))
def test_ledger_allocation_and_summary_tell_the_same_net_value(world: World, moment: datetime, index: int) -> None:
    valuation = value(world, world.accounts[index], marks.mark(moment))
    lines, shares, tags = (
        plain(shape) for shape in (ledger(valuation), allocation([valuation], [1.0]), summary(valuation))
    )
    base = lines.pop("BASE")
    for name in set(base) - TEXT:
        assert base[name] == pytest.approx(sum(line[name] * line["exchangerate"] for line in lines.values()), abs=CENT)
    totals = {name: sum(sides["long"].values()) + sum(sides["short"].values()) for name, sides in shares.items()}
    assert base["netliquidationvalue"] == pytest.approx(valuation.net, abs=CENT / 2)
    assert tags["netliquidation"]["amount"] == valuation.net
    assert totals["assetClass"] + base["futuresonlypnl"] == pytest.approx(valuation.net, abs=CENT / 2)
    assert totals["sector"] == pytest.approx(totals["group"], abs=CENT / 2)
    assert totals["sector"] == pytest.approx(totals["assetClass"] - cash_in_base(valuation), abs=CENT / 2)
    assert "FUT" not in {*shares["assetClass"]["long"], *shares["assetClass"]["short"]}


@settings(max_examples=15, deadline=None)
@given(world=worlds, back=st.integers(0, 300), index=st.integers(0, 2))
def test_the_evening_value_is_the_one_that_performance_tells(world: World, back: int, index: int) -> None:
    day = marks.weekday_from(TODAY - timedelta(days=back))
    account = world.accounts[index]
    assert net_values(world, account, [day]) == [value(world, account, marks.evening(day)).net]


@settings(max_examples=20, deadline=None)
@given(world=worlds, moment=moments)
def test_value_is_quantity_times_price_times_multiplier_to_the_cent(world: World, moment: datetime) -> None:
    for row in value(world, world.accounts[0], marks.mark(moment)).rows:
        exact = row.quantity * row.price * row.contract.multiplier
        assert row.value / 100 == pytest.approx(exact, abs=0.0051)
        assert row.unrealized == row.value - row.cost


def test_the_evening_sweeps_what_futures_moved_into_cash() -> None:
    world = make_world(positions=158)
    account = world.accounts[0]
    open_value = value(world, account, marks.mark(NOON))
    closed = value(world, account, marks.mark(EVENING))
    assert any(row.contract.asset_class == "FUT" for row in closed.rows)
    assert any(open_value.unswept.values())
    assert not any(closed.unswept.values())


def test_overnight_nothing_moves() -> None:
    world = make_world()
    night = [value(world, world.accounts[0], marks.mark(EVENING + timedelta(hours=hours))).net for hours in (0, 3, 8)]
    assert len(set(night)) == 1


def test_cash_settles_on_the_next_day() -> None:
    world = make_world(positions=158)
    unsettled = [
        value(world, world.accounts[0], marks.evening(marks.weekday_from(TODAY - timedelta(days=back))))
        for back in range(30)
    ]
    assert any(valuation.settled != valuation.cash for valuation in unsettled)


def test_a_book_without_positions_is_its_deposit() -> None:
    world = make_world(positions=0)
    valuation = value(world, world.accounts[0], marks.mark(EVENING))
    assert valuation.rows == []
    assert valuation.net == cash_in_base(valuation) > 0
