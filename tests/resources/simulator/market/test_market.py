from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.bars import whole
from resources.simulator.market.market import Bars, Instants, NoPriceError, SeededMarket

TODAY = date(2026, 11, 24)
MARKET = SeededMarket(7, 600, TODAY)
EVERYTHING = list(MARKET.instruments())
SIDES = ("open", "high", "low", "close", "volume")
ANY = st.sampled_from(EVERYTHING)
DAYS = st.dates(date(2000, 1, 3), date(2028, 12, 31))


def named(symbol: str) -> Instrument:
    return next(each for each in EVERYTHING if each.symbol == symbol)


def of(asset_class: str) -> list[Instrument]:
    return [each for each in EVERYTHING if each.asset_class == asset_class]


AAPL, EURO = named("AAPL"), named("EUR.USD")
OPTION = next(each for each in of("OPT") if each.expiry == date(2026, 12, 18))


def same(one: Bars, other: Bars) -> bool:
    return list(one.start) == list(other.start) and all(
        np.array_equal(getattr(one, side), getattr(other, side)) for side in SIDES
    )


@settings(deadline=None)
@given(ANY, DAYS, st.integers(0, 500))
def test_daily_bars_are_ordered_positive_and_on_the_tick(instrument: Instrument, first: date, length: int) -> None:
    bars = MARKET.daily(instrument, first, first + timedelta(days=length))
    assert np.all(bars.low <= np.minimum(bars.open, bars.close))
    assert np.all(np.maximum(bars.open, bars.close) <= bars.high)
    assert np.all(bars.low > 0)
    for side in SIDES[:4]:
        ticks = getattr(bars, side) * instrument.ticks
        assert np.allclose(ticks, np.rint(ticks), rtol=0, atol=1e-5)
    assert np.array_equal(bars.volume, np.rint(bars.volume))
    assert np.all(bars.volume > 0) or instrument.asset_class == "CASH"


@settings(deadline=None)
@given(ANY, DAYS, st.integers(0, 700), st.integers(0, 700))
def test_a_day_does_not_depend_on_the_window_or_the_present(
    instrument: Instrument, day: date, back: int, ahead: int
) -> None:
    window = MARKET.daily(instrument, day - timedelta(days=back), day + timedelta(days=ahead))
    alone = SeededMarket(7, 0, TODAY + timedelta(days=90)).daily(instrument, day, day)
    for row, start in enumerate(window.start):
        if list(alone.start) == [start]:
            assert [getattr(window, side)[row] for side in SIDES] == [getattr(alone, side)[0] for side in SIDES]


@settings(deadline=None)
@given(ANY, DAYS)
def test_minute_bars_add_up_to_the_day(instrument: Instrument, day: date) -> None:
    minutes, daily = MARKET.minutes(instrument, day), MARKET.daily(instrument, day, day)
    assert same(whole(minutes), daily)


def test_half_days_have_fewer_minutes() -> None:
    counts = [len(MARKET.minutes(AAPL, day).start) for day in (date(2026, 11, 25), date(2026, 11, 27))]
    assert counts == [390, 210]


def test_a_day_without_trading_has_no_bars() -> None:
    assert len(MARKET.minutes(AAPL, date(2026, 11, 26)).start) == 0
    assert MARKET.trading_days(AAPL, date(2026, 11, 26), date(2026, 11, 26)) == []


def test_trading_days_and_daily_bars_agree() -> None:
    for instrument in EVERYTHING[::7]:
        days = MARKET.trading_days(instrument, date(2025, 1, 1), TODAY)
        assert len(days) == len(MARKET.daily(instrument, date(2025, 1, 1), TODAY).start)


def test_seeds_differ_and_equal_seeds_are_equal() -> None:
    def bars(seed: int) -> Bars:
        return SeededMarket(seed, 0, TODAY).daily(AAPL, date(2026, 1, 1), TODAY)

    assert same(bars(7), MARKET.daily(AAPL, date(2026, 1, 1), TODAY))
    assert not same(bars(8), bars(7))


def test_shares_move_with_the_market_a_little() -> None:
    def returns(symbol: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.diff(np.log(MARKET.daily(named(symbol), date(2016, 1, 1), TODAY).close))

    correlation = np.corrcoef([returns("AAPL"), returns("SPY"), returns("GLD")])
    assert 0.4 < correlation[0, 1] < 0.9
    assert abs(correlation[1, 2]) < 0.15


def test_options_end_at_their_expiry_worth_what_exercise_brings() -> None:
    expired = [each for each in of("OPT") if each.expiry and each.expiry < TODAY]
    for option in expired[::10]:
        assert option.expiry is not None
        underlying = MARKET.instrument(option.underlying)
        assert underlying is not None
        spot = MARKET.daily(underlying, option.expiry, option.expiry).close[-1]
        gain = (spot - option.strike) * (1 if option.right == "C" else -1)
        assert MARKET.daily(option, option.expiry, TODAY).close.tolist() == [pytest.approx(max(gain, 0.01))]


def test_an_option_that_left_the_list_is_still_known() -> None:
    later = SeededMarket(7, 0, date(2031, 1, 2))
    assert OPTION.conid not in {each.conid for each in later.instruments()}
    assert later.instrument(OPTION.conid) == OPTION


@settings(deadline=None)
@given(ANY, st.floats(0, 450))
def test_the_price_is_the_close_of_the_last_finished_minute(instrument: Instrument, days: float) -> None:
    at = datetime(2025, 9, 1, tzinfo=UTC) + timedelta(days=days)
    first = MARKET.trading_days(instrument, at.date() - timedelta(days=20), at.date() - timedelta(days=2))
    if not first:
        return
    finished = [
        (start, close)
        for day in MARKET.trading_days(instrument, first[-1], at.date() + timedelta(days=1))
        for bars in [MARKET.minutes(instrument, day)]
        for start, close in zip(bars.start, bars.close, strict=True)
        if start + timedelta(minutes=1) <= at
    ]
    assert MARKET.price(instrument, at) == finished[-1][1]


def test_a_price_before_the_first_trade_is_refused_in_words() -> None:
    with pytest.raises(NoPriceError, match="AAPL .* has not traded yet"):
        MARKET.price(OPTION, datetime(2020, 1, 1, tzinfo=UTC))


@settings(deadline=None)
@given(st.sampled_from(["EUR", "GBP", "CHF", "JPY", "USD"]), st.sampled_from(["EUR", "CHF", "CAD", "USD"]))
def test_rates_go_both_ways_and_through_the_dollar(currency: str, base: str) -> None:
    at = datetime(2026, 11, 24, 15, 7, tzinfo=UTC)
    rate = MARKET.fx(currency, base, at)
    assert rate * MARKET.fx(base, currency, at) == pytest.approx(1)
    assert rate == pytest.approx(MARKET.fx(currency, "USD", at) * MARKET.fx("USD", base, at))


def test_a_rate_is_the_price_of_its_pair() -> None:
    at = datetime(2026, 11, 24, 15, 7, tzinfo=UTC)
    assert MARKET.fx("EUR", "USD", at) == MARKET.price(EURO, at)
    assert MARKET.fx("XXX", "XXX", at) == 1.0


def test_an_unknown_currency_is_refused_in_words() -> None:
    with pytest.raises(NoPriceError, match="convert XXX: no pair with USD"):
        MARKET.fx("XXX", "USD", datetime(2026, 11, 24, tzinfo=UTC))


def test_instants_are_a_sequence_of_aware_datetimes() -> None:
    instants = Instants(np.array([0, 60]))
    assert list(instants) == [datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 1, tzinfo=UTC)]
    assert instants[1:][0] == instants[-1] == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)


def test_rates_stay_near_the_real_ones_for_decades() -> None:
    for pair in of("CASH"):
        closes = MARKET.daily(pair, date(2000, 1, 1), date(2030, 1, 1)).close
        assert closes.max() / closes.min() < 2
