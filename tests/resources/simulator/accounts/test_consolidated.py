from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.accounts import marks
from resources.simulator.accounts.consolidated import merged, together
from resources.simulator.accounts.valuation import Held, value
from tests.resources.simulator.conftest import EVENING, make_world
from tests.resources.simulator.toy_market import toy_universe

STOCK, OTHER = toy_universe(3)[0], toy_universe(3)[2]


def test_the_same_contract_is_one_row_and_what_cancels_out_is_none() -> None:
    rows = [Held(OTHER, 1.5, 10.0, 1500, 1400, 7), Held(STOCK, 2.0, 5.0, 1000, 900, 0)]
    joined = merged([*rows, Held(OTHER, 0.5, 10.0, 500, 700, 3), Held(STOCK, -2.0, 5.0, -1000, -800, 0)])
    assert joined == [Held(OTHER, 2.0, 10.0, 2000, 2100, 10)]


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 4), st.integers(0, 20), st.booleans())
def test_together_they_are_worth_what_each_is_worth(accounts: int, positions: int, adviser: bool) -> None:
    world = make_world(accounts=accounts, positions=positions, adviser=adviser)
    at = marks.mark(EVENING)
    each = [value(world, account, at) for account in world.everyone]
    total = sum(one.net * world.rate(one.account.base, each[0].account.base, at.at) for one in each)
    found = together(world, "All", each)
    assert found.account.account_id == "All"
    assert abs(found.net - total) <= 1e-6 * max(1.0, abs(total))
    assert sum(row.quantity for row in found.rows) == sum(row.quantity for one in each for row in one.rows)
