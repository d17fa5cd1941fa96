import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.simulator.accounts.valuation import Held
from resources.simulator.contracts.derivatives import contract
from resources.simulator.shapes import orders, positions
from tests.resources.simulator.toy_market import toy_universe

KINDS = {contract.asset_class: contract for contract in reversed(toy_universe(10))}


def held(kind: str, quantity: float, price: float, value: int, cost: int) -> Held:
    return Held(KINDS[kind], quantity, price, value, cost, 0)


@given(st.floats(0.01, 100_000))
def test_prices_carry_the_noise_of_short_floats_and_no_more(price: float) -> None:
    assert positions.noisy(price) == pytest.approx(price, rel=1e-6)


def test_a_known_price_is_noisy_as_recorded_ones_are() -> None:
    assert positions.noisy(83.37) == 83.37000275


def test_cost_is_per_contract_and_price_per_unit() -> None:
    row = positions.cold("U9900001", held("OPT", -2.0, 1.5, -30_000, -29_000))
    assert (row["avgCost"], row["avgPrice"]) == (145.0, 1.45)
    assert (row["mktValue"], row["unrealizedPnl"]) == (-300.0, -10.0)


def test_a_bond_is_quoted_in_percent_of_its_face() -> None:
    row = positions.cold("U9900001", held("BOND", 10_000.0, 98.5, 985_000, 990_000))
    assert (row["avgCost"], row["avgPrice"], row["mktValue"]) == (0.99, 99.0, 9850.0)
    assert row["multiplier"] is None


def test_derivatives_are_described_by_their_terms() -> None:
    assert positions.description(KINDS["OPT"]) == "OPT5   JAN2026 80 C [OPT5  260116C00080000 100]"
    assert positions.description(KINDS["FUT"]) == "FUT9 MAR2026"
    assert positions.description(KINDS["BOND"]) == "BND3 INC"
    assert positions.description(KINDS["STK"]) == "STK0"


def test_crude_is_named_after_the_month_of_delivery_wherever_it_is_named() -> None:
    january = contract(990_502_844)
    assert january
    assert january.expiry
    assert january.expiry.month == 12
    assert (positions.description(january), orders.derivative(january)) == ("CL JAN2027", "JAN2027")
