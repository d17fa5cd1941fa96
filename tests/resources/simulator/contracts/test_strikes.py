import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.simulator.contracts.strikes import LADDER, narrow, rung, wide

prices = st.floats(0.01, 9_000)


def test_the_ladder_climbs_and_is_coarser_where_prices_are_high() -> None:
    steps = [high - low for low, high in zip(LADDER, LADDER[1:], strict=False)]
    assert steps == sorted(steps)
    assert all(step > 0 for step in steps)


@pytest.mark.parametrize(("strike", "stands"), [(0.5, True), (102.5, True), (0.0, False), (101.0, False), (1e9, False)])
def test_only_rungs_are_strikes(strike: float, stands: bool) -> None:
    assert (rung(strike) is not None) is stands


@given(prices, st.floats(1.0, 2.0))
def test_strikes_reach_beyond_the_prices_on_both_sides(low: float, spread: float) -> None:
    for found in (wide(low, low * spread), narrow(low, low * spread)):
        assert all(rung(strike) is not None for strike in found)
        assert found[-1] > low * spread
        assert found[0] < low or found[0] in {0.5, 1.0}


@given(prices, st.floats(1.0, 1.5), st.floats(0.6, 1.0))
def test_a_wider_range_takes_no_strike_away(low: float, up: float, down: float) -> None:
    assert set(wide(low, low)) <= set(wide(low * down, low * up))
    assert set(narrow(low, low)) <= set(narrow(low * down, low * up))


def test_a_share_of_two_hundred_dollars_has_the_usual_strikes() -> None:
    assert wide(215, 215) == [float(strike) for strike in [*range(160, 200, 5), *range(200, 311, 10)]]
    assert narrow(215, 215) == [200.0, 205.0, 210.0, 215.0, 220.0, 225.0, 230.0]
