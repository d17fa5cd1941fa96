from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.contracts.derivatives import listed
from resources.simulator.market.option_prices import RATE, normal, worth

CALL, PUT = [each for each in listed(date(2026, 11, 24)) if each.asset_class == "OPT"][:2]


def test_the_normal_distribution_is_the_known_one() -> None:
    assert normal(np.array([-1.959964, 0.0, 1.0])) == pytest.approx([0.025, 0.5, 0.841344746], abs=1e-6)


@settings(deadline=None)
@given(st.floats(50, 500), st.floats(0.01, 2), st.floats(0.05, 1.5))
def test_calls_and_puts_keep_parity_to_a_few_cents(spot: float, years: float, volatility: float) -> None:
    spots, left = np.array([spot]), np.array([years])
    call, put = worth(CALL, spots, left, volatility), worth(PUT, spots, left, volatility)
    assert call - put == pytest.approx(spot - CALL.strike * np.exp(-RATE * years), abs=0.04)


@settings(deadline=None)
@given(st.floats(1, 1000))
def test_at_the_end_an_option_is_worth_its_exercise_and_never_less_than_a_cent(spot: float) -> None:
    [price] = worth(PUT, np.array([spot]), np.zeros(1), 0.3)
    assert price == pytest.approx(max(PUT.strike - spot, 0.01), abs=0.006)
