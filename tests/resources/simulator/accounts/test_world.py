from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.accounts import marks
from resources.simulator.accounts.book import Kind
from resources.simulator.accounts.valuation import value
from resources.simulator.accounts.world import World
from resources.simulator.market.market import SeededMarket
from tests.resources.simulator.conftest import FIRST, TODAY, make_world
from tests.resources.simulator.toy_market import ToyMarket

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("positions", [0, 1, 5, 99, 100, 158])
def test_a_book_has_exactly_the_positions_asked_for(positions: int) -> None:
    world = make_world(positions=positions)
    assert len(value(world, world.accounts[0], marks.evening(TODAY)).rows) == positions


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), days=st.integers(0, 300))
def test_the_number_of_positions_stays_as_the_clock_moves(seed: int, days: int) -> None:
    world = make_world(seed=seed, positions=40)
    day = marks.weekday_from(TODAY + timedelta(days=days))
    assert len(value(world, world.accounts[0], marks.evening(day)).rows) == 40


def test_the_same_seed_gives_the_same_ledger_and_another_seed_another() -> None:
    ledgers = [make_world(seed=seed).ledger(make_world().accounts[0], TODAY) for seed in (7, 7, 8)]
    assert ledgers[0].book.entries == ledgers[1].book.entries
    assert ledgers[0].book.entries != ledgers[2].book.entries


@pytest.mark.parametrize("days", [1, 40, 200])
def test_moving_the_clock_forward_only_appends(days: int) -> None:
    world = make_world()
    before = world.ledger(world.accounts[0], TODAY)
    after = world.ledger(world.accounts[0], TODAY + timedelta(days=days))
    known = [entry for entry in after.book.entries if entry.at <= before.book.entries[-1].at]
    cut = int(marks.evening(TODAY).at.timestamp())
    assert [entry for entry in known if entry.at <= cut] == [entry for entry in before.book.entries if entry.at <= cut]


def test_a_simulator_started_tomorrow_tells_the_same_past() -> None:
    cut = int(marks.evening(TODAY).at.timestamp())
    worlds = [make_world(today=TODAY + timedelta(days=days)) for days in (0, 1, 30)]
    pasts = [
        [entry for entry in world.ledger(world.accounts[0], TODAY).book.entries if entry.at <= cut] for world in worlds
    ]
    assert pasts[0] == pasts[1] == pasts[2]


def test_a_later_listing_leaves_the_past_alone() -> None:
    """A simulator started a month later knows more contracts."""
    cut = int(marks.evening(TODAY).at.timestamp())
    pasts = []
    for later in (0, 30, 60):
        today = TODAY + timedelta(days=later)
        world = World(SeededMarket(7, 650, today), seed=7, today=today, accounts=2, positions=60)
        ledgers = [world.ledger(account, today) for account in world.accounts]
        pasts.append([[entry for entry in ledger.book.entries if entry.at <= cut] for ledger in ledgers])
    assert pasts[0] == pasts[1] == pasts[2]


def test_the_history_covers_more_than_a_year() -> None:
    world = make_world()
    assert world.inception <= TODAY - timedelta(days=400)
    assert world.inception == date(2025, 1, 2)


def test_accounts_differ_in_holdings_and_some_in_currency() -> None:
    world = make_world(accounts=2, positions=20, market=ToyMarket(size=200))
    books = [world.ledger(account, TODAY).book for account in world.accounts]
    assert [account.account_id for account in world.accounts] == [FIRST, "U9900002"]
    assert [account.base for account in world.accounts] == ["USD", "EUR"]
    assert books[0].conids != books[1].conids


def test_the_book_has_every_kind_of_contract_long_and_short_in_several_currencies() -> None:
    world = make_world(positions=158)
    rows = value(world, world.accounts[0], marks.evening(TODAY)).rows
    assert {row.contract.asset_class for row in rows} == {"STK", "OPT", "FUT", "BOND"}
    assert {row.quantity > 0 for row in rows if row.contract.asset_class == "STK"} == {True, False}
    assert len({row.contract.currency for row in rows}) >= 3
    assert any(row.quantity % 1 for row in rows)


def test_the_ledger_has_trades_on_most_days_and_everything_that_moves_cash() -> None:
    world = make_world(positions=158)
    entries = world.ledger(world.accounts[0], TODAY).book.entries
    assert set(Counter(entry.kind for entry in entries)) == set(Kind) - {Kind.EXCHANGE}
    days = {entry.at // 86_400 for entry in entries if entry.kind is Kind.TRADE and entry.at < 1_795_000_000}
    assert len(days) > 250


def test_nothing_is_sold_that_is_not_there() -> None:
    """Long stays long and short stays short until a position is closed."""
    world = make_world(positions=60)
    held: dict[int, int] = {}
    for entry in world.ledger(world.accounts[0], TODAY).book.entries:
        if entry.quantity:
            before = held.get(entry.conid, 0)
            held[entry.conid] = before + entry.quantity
            assert before * held[entry.conid] >= 0


def test_a_contract_past_its_expiry_is_not_held() -> None:
    world = make_world(positions=100)
    for back in range(0, 300, 7):
        day = marks.weekday_from(TODAY - timedelta(days=back))
        rows = value(world, world.accounts[0], marks.evening(day)).rows
        assert all(row.contract.expiry is None or row.contract.expiry > day for row in rows)


def test_a_book_can_have_five_thousand_positions() -> None:
    world = make_world(positions=5_000, market=ToyMarket(size=9_000))
    assert len(value(world, world.accounts[0], marks.evening(TODAY)).rows) == 5_000
