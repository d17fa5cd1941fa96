from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.simulator.accounts.combos import combos
from resources.simulator.accounts.valuation import Held
from tests.resources.simulator.toy_market import toy_universe

OPTION = next(contract for contract in toy_universe(10) if contract.asset_class == "OPT")
STOCK = toy_universe(1)[0]


def leg(conid: int, quantity: float, month: int = 1, underlying: int = 1) -> Held:
    contract = replace(OPTION, conid=conid, expiry=date(2026, month, 16), underlying=underlying)
    return Held(contract, quantity, 1.0, 100, 100, 0)


def found(*rows: Held) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [(tuple(each.contract.conid for each in combo.legs), combo.ratios) for combo in combos(rows)]


def test_legs_must_share_underlying_and_expiry() -> None:
    assert found(leg(1, 1), leg(2, -1)) == [((1, 2), (1, -1))]
    assert found(leg(1, 1), leg(2, -1, month=2)) == []
    assert found(leg(1, 1), leg(2, -1, underlying=2)) == []


def test_a_leg_is_in_one_combo_at_most() -> None:
    assert found(leg(3, 1), leg(2, 1), leg(1, 1)) == [((1, 2), (1, 1))]


def test_stocks_are_no_legs() -> None:
    assert found(Held(STOCK, 100.0, 1.0, 1, 1, 0), leg(1, 1)) == []


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from((1, -1)))
def test_ratios_times_a_count_are_what_is_held(first: int, second: int, sign: int) -> None:
    [(_, ratios)] = found(leg(1, first), leg(2, sign * second))
    count = first / ratios[0]
    assert count == pytest.approx(round(count))
    assert ratios[1] * count == sign * second
