import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.market.minutes import Day, cut
from resources.simulator.noise import noise

PRICES = st.lists(st.floats(0.0001, 1e5), min_size=4, max_size=4).map(sorted)


@settings(deadline=None)
@given(PRICES, st.booleans(), st.floats(0, 1e12), st.integers(1, 600), st.sampled_from([4, 100, 100_000]))
def test_minutes_add_up_to_the_day_exactly(
    prices: list[float], rises: bool, volume: float, count: int, ticks: int
) -> None:
    low, one, other, high = prices
    day = Day(one if rises else other, high, low, other if rises else one, float(round(volume)))
    opens, highs, lows, closes, volumes = cut(day, count, ticks=ticks, noise=noise(1, count))
    assert (opens[0], closes[-1]) == (day.open, day.close)
    assert (highs.max(), lows.min()) == (day.high, day.low)
    assert volumes.sum() == day.volume
    assert np.all(volumes >= 0)
    assert np.all(lows <= np.minimum(opens, closes))
    assert np.all(np.maximum(opens, closes) <= highs)


@settings(deadline=None)
@given(st.floats(0, 1e9))
def test_a_volume_that_is_not_whole_adds_up_too(volume: float) -> None:
    assert cut(Day(1, 2, 1, 2, volume), 390, ticks=100, noise=noise(2))[4].sum() == volume


def test_inner_prices_lie_on_the_tick() -> None:
    closes = cut(Day(123.456, 125.001, 122.999, 124.1234, 5e6), 390, ticks=100, noise=noise(3))[3]
    inner = closes[:-1][(closes[:-1] > 122.999) & (closes[:-1] < 125.001)]
    assert np.array_equal(inner, np.round(inner, 2))
    assert inner.size > 350


def test_trading_is_busiest_at_the_edges() -> None:
    volumes = cut(Day(10, 11, 9, 10.5, 1e6), 390, ticks=100, noise=noise(4))[4]
    assert volumes[:30].sum() + volumes[-30:].sum() > 2 * volumes[165:225].sum()
