from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.charts import chart
from resources.simulator.market.halts import halt
from resources.simulator.market.market import SeededMarket
from resources.simulator.market.periods import parse_bar, parse_period
from resources.simulator.market.quotes import Quotes
from resources.simulator.market.views import Views

MARKET = SeededMarket(7, 700, date(2026, 11, 24))
QUOTES, VIEWS = Quotes(MARKET), Views(MARKET)
LISTED = [each for each in MARKET.instruments() if not each.is_derivative]
LISTED += [each for each in MARKET.instruments() if each.expiry in {date(2026, 12, 18), date(2027, 3, 19)}]
APPLE = next(each for each in LISTED if each.symbol == "AAPL")
NOON = datetime(2026, 11, 24, 17, 0, 30, tzinfo=UTC)


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(LISTED), st.integers(0, 90 * 1440))
def test_a_quote_is_the_last_daily_bar_of_a_chart_cut_at_the_same_instant(instrument: Instrument, back: int) -> None:
    now = NOON - timedelta(minutes=back)
    quote = QUOTES.at(instrument, now)
    assert quote is not None
    span = parse_period("1d")
    bars = chart(VIEWS, instrument, span=span, size=parse_bar("1d", span), now=now, end=None).bars
    seen = (quote.open, quote.high, quote.low, quote.last, quote.volume)
    assert seen == tuple(float(side[-1]) for side in (bars.open, bars.high, bars.low, bars.close, bars.volume))
    assert quote.last == MARKET.price(instrument, now)
    assert quote.at <= now.timestamp()


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(LISTED), st.integers(0, 90 * 1440))
def test_the_last_price_lies_between_bid_and_ask_on_the_tick(instrument: Instrument, back: int) -> None:
    quote = QUOTES.at(instrument, NOON - timedelta(minutes=back))
    assert quote is not None
    assert 0 < quote.bid <= quote.last < quote.ask
    for side in (quote.bid, quote.ask):
        assert side * instrument.ticks == pytest.approx(round(side * instrument.ticks), abs=1e-6)


def test_the_change_is_since_the_close_of_the_day_before() -> None:
    quote = QUOTES.at(APPLE, NOON)
    assert quote is not None
    monday = MARKET.price(APPLE, datetime(2026, 11, 23, 22, tzinfo=UTC))
    assert (quote.prior, quote.change) == (monday, quote.last - monday)


def test_outside_the_session_the_close_stands() -> None:
    open_, closed = QUOTES.at(APPLE, NOON), QUOTES.at(APPLE, NOON + timedelta(hours=6))
    assert open_ is not None
    assert closed is not None
    assert open_.trading
    assert not closed.trading
    assert closed.at == datetime(2026, 11, 24, 21, tzinfo=UTC).timestamp()


def test_before_the_first_minute_has_ended_yesterday_stands() -> None:
    quote = QUOTES.at(APPLE, datetime(2026, 11, 24, 14, 30, 59, tzinfo=UTC))
    assert quote is not None
    assert quote.day == date(2026, 11, 23)


def test_a_halted_share_says_so_while_it_stands_still() -> None:
    days = (date(2026, 6, 1) + timedelta(days=step) for step in range(180))
    halts = ((each, day) for day in days for each in LISTED if halt(each, day, 390))
    share, day = next((each, day) for each, day in halts if MARKET.trading_days(each, day, day))
    still, opening = halt(share, day, 390), MARKET.minutes(share, day).start[0]
    said = {
        minute: QUOTES.at(share, opening + timedelta(minutes=minute, seconds=20))
        for minute in (still.start - 1, still.start, still.stop - 1, still.stop)
    }
    assert [quote.halted for quote in said.values() if quote] == [False, True, True, False]
    assert len({quote.last for quote in list(said.values())[1:3] if quote}) == 1


def test_what_has_never_traded_has_no_quote() -> None:
    assert QUOTES.at(APPLE, datetime(1999, 6, 1, tzinfo=UTC)) is None


def test_the_year_is_that_of_the_daily_bars_before() -> None:
    year = QUOTES.year(APPLE, date(2026, 11, 24))
    bars = MARKET.daily(APPLE, date(2025, 11, 24), date(2026, 11, 23))
    assert year is not None
    assert (year.high, year.low) == (bars.high.max(), bars.low.min())
    assert year.average_volume == bars.volume[-90:].mean()


def test_a_first_day_has_no_year_before_it() -> None:
    assert QUOTES.year(APPLE, date(2000, 1, 4)) is None
