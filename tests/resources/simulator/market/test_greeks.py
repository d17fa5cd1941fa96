from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.contracts.derivatives import listed
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.greeks import greeks, volatility
from resources.simulator.market.option_prices import worth

DAY = date(2026, 11, 24)
LISTED = list(listed(DAY))
OPTIONS = [each for each in LISTED if each.asset_class == "OPT" and each.expiry and each.expiry > date(2027, 1, 1)]


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(OPTIONS), st.floats(0.8, 1.25))
def test_greeks_are_the_slopes_of_the_price(found: Instrument, moneyness: float) -> None:
    spot = found.strike * moneyness
    told = greeks(found, spot, DAY)
    assert told is not None
    assert found.expiry is not None
    years, step = np.array([(found.expiry - DAY).days / 365]), found.strike / 20
    up, down = (worth(found, np.array([spot + move]), years, told.volatility)[0] for move in (step, -step))
    assert told.delta == pytest.approx((up - down) / (2 * step), abs=0.03)


def test_calls_rise_and_puts_fall_with_their_underlying() -> None:
    call = next(each for each in OPTIONS if each.right == "C")
    put = replace(call, right="P")
    up, down = greeks(call, call.strike, DAY), greeks(put, call.strike, DAY)
    assert up is not None
    assert down is not None
    assert 0 < up.delta < 1
    assert up.delta - down.delta == pytest.approx(1)
    assert (up.gamma, up.vega) == (down.gamma, down.vega)
    assert up.theta < down.theta < 0.02


def test_on_its_last_day_an_option_still_has_greeks() -> None:
    option = OPTIONS[0]
    assert option.expiry is not None
    assert greeks(option, option.strike, option.expiry) is not None


def test_only_options_have_greeks_and_only_what_has_options_a_volatility() -> None:
    future = next(each for each in LISTED if each.asset_class == "FUT")
    assert greeks(future, 100.0, DAY) is None
    assert volatility(future) is None
    assert volatility(OPTIONS[0]) is not None
