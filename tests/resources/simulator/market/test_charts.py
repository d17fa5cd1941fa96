from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.market.bars import join, month, seconds, week, whole
from resources.simulator.market.charts import Chart, chart
from resources.simulator.market.market import Bars, SeededMarket
from resources.simulator.market.periods import parse_bar, parse_period
from resources.simulator.market.views import Views

MARKET = SeededMarket(7, 0, date(2026, 11, 24))
VIEWS = Views(MARKET)
ALIVE = [each for each in MARKET.instruments() if each.expiry is None or each.expiry >= date(2026, 12, 1)]
CONTRACTS = {each.symbol: each for each in reversed(ALIVE) if each.asset_class not in {"OPT", "BOND"}}
NOW = datetime(2026, 11, 24, 16, 0, 30, tzinfo=UTC)  # a Tuesday, 11:00 in New York
CLOSED = datetime(2026, 11, 24, 22, tzinfo=UTC)


def draw(period: str, bar: str, *, now: datetime = NOW, end: datetime | None = None, symbol: str = "MSFT") -> Chart:
    span = parse_period(period)
    return chart(VIEWS, CONTRACTS[symbol], span=span, size=parse_bar(bar, span), now=now, end=end)


def starts(found: Chart) -> list[str]:
    return [f"{start:%m-%d %H:%M}" for start in found.bars.start]


def test_without_an_end_the_last_day_is_today_and_still_moves() -> None:
    found = draw("5d", "1d")
    assert starts(found) == ["11-19 14:30", "11-20 14:30", "11-23 14:30", "11-24 14:30"]
    assert found.bars.close[-1] == MARKET.price(CONTRACTS["MSFT"], NOW)
    assert found.bars.volume[-1] < draw("5d", "1d", now=CLOSED).bars.volume[-1]


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (NOW, "11-23 14:30"),
        (CLOSED, "11-23 14:30"),
        (datetime(2026, 11, 24, tzinfo=UTC), "11-20 14:30"),  # still Monday in New York
        (datetime(2026, 11, 23, 14, 30, tzinfo=UTC), "11-20 14:30"),
        (datetime(2030, 1, 1, tzinfo=UTC), "11-24 14:30"),
    ],
)
def test_with_an_end_days_stop_before_its_local_date(end: datetime, last: str) -> None:
    found = draw("5d", "1d", end=end)
    assert starts(found)[-1] == last
    assert len(found.bars.start) == 4


def test_pages_backwards_neither_overlap_nor_leave_a_hole() -> None:
    pages: list[Chart] = [draw("30d", "1d")]
    for _ in range(5):
        pages.append(draw("30d", "1d", end=pages[-1].bars.start[0]))
    found = [start for page in reversed(pages) for start in page.bars.start]
    whole_year = draw("1000d", "1d")
    assert found == list(whole_year.bars.start)[-6 * 29 :]


def test_a_chart_of_days_says_it_starts_one_trading_day_before_its_first_bar() -> None:
    assert datetime.fromtimestamp(draw("5d", "1d").starts, UTC) == datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
    assert datetime.fromtimestamp(draw("1d", "1d").starts, UTC) == datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    assert datetime.fromtimestamp(draw("1d", "1h").starts, UTC) == datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(("bar", "last"), [("1min", "11-24 14:58"), ("5min", "11-24 14:50"), ("15min", "11-24 14:30")])
def test_the_last_intraday_bar_before_the_end_is_missing(bar: str, last: str) -> None:
    assert starts(draw("1d", bar, end=datetime(2026, 11, 24, 15, tzinfo=UTC)))[-1] == last


@pytest.mark.parametrize(
    ("period", "bar", "count"),
    [
        ("1d", "1min", 90),
        ("1d", "1h", 2),
        ("5d", "4h", 9),
        ("1h", "1min", 60),
        ("8h", "5min", 96),
        ("1d", "1d", 1),
        ("10d", "1d", 9),
        ("30d", "1d", 29),
        ("1w", "1d", 5),
        ("1y", "1d", 251),
        ("1W", "1d", 84),
        ("1W", "1h", 84),
        ("1W", "1w", 84),
        ("1y", "7min", 10),
        ("15y", "1d", 1000),
        ("30d", "1min", 1000),
    ],
)
def test_windows_hold_as_many_bars_as_the_gateway_shows(period: str, bar: str, count: int) -> None:
    assert len(draw(period, bar).bars.start) == count


def test_before_the_opening_the_newest_bar_is_yesterdays() -> None:
    early = datetime(2026, 11, 24, 14, 30, 59, tzinfo=UTC)
    assert starts(draw("1d", "1d", now=early)) == ["11-23 14:30"]
    assert starts(draw("1d", "1d", now=early + timedelta(seconds=1))) == ["11-24 14:30"]
    assert starts(draw("1d", "1min", now=early))[-1] == "11-23 20:59"


def test_weeks_and_months_begin_at_midnight_of_their_first_trading_day() -> None:
    assert starts(draw("2w", "1w"))[-2:] == ["11-16 00:00", "11-23 00:00"]
    assert starts(draw("2m", "1m"))[-2:] == ["10-01 00:00", "11-02 00:00"]


WEEKS = st.integers(1, 60).map("{}w".format)
MONTHS = st.integers(1, 14).map("{}m".format)
ENDS = st.none() | st.timedeltas(timedelta(days=1), timedelta(days=2500)).map(lambda back: CLOSED - back)


def _sums(bars: Bars, key: Callable[[date], object], since: date) -> list[tuple[float, ...]]:
    """Days from one on, added up by hand."""
    found: dict[object, list[int]] = {}
    for row, start in enumerate(bars.start):
        if start.date() >= since:
            found.setdefault(key(start.date()), []).append(row)
    sides = bars.open, bars.high, bars.low, bars.close, bars.volume
    added = [tuple(side[rows] for side in sides) for rows in found.values()]
    return [(o[0], high.max(), low.min(), c[-1], v.sum()) for o, high, low, c, v in added]


@given(st.tuples(st.just("1w"), WEEKS) | st.tuples(st.just("1m"), MONTHS), ENDS, st.sampled_from(["MSFT", "AZN"]))
def test_weeks_and_months_are_their_days_and_only_the_first_may_lack_some(
    asked: tuple[str, str], end: datetime | None, symbol: str
) -> None:
    bar, period = asked
    found = draw(period, bar, now=CLOSED, end=end, symbol=symbol)
    days = draw("1000w", "1d", now=CLOSED, end=CLOSED if end is None else end + timedelta(days=40), symbol=symbol).bars
    days = join([days, draw("1d", "1d", now=CLOSED, symbol=symbol).bars]) if end is None else days
    first, last = found.bars.start[0].date(), found.bars.start[-1].date()
    key = week if bar == "1w" else month
    sums = _sums(days, key, first)[: len(found.bars.start)]
    told = found.bars
    sides = zip(told.open, told.high, told.low, told.close, told.volume, strict=True)
    assert sums == [tuple(map(float, one)) for one in sides]
    count = int(period[:-1])
    assert count - 1 <= len(told.start) <= count + 1
    shown = NOW if end is None else end
    assert last <= shown.date() <= last + timedelta(days=7 if bar == "1w" else 31) * 2


def test_no_week_or_month_is_told_whose_first_session_is_after_the_end() -> None:
    """New Year's Day of 2025 is a Wednesday; Martin Luther King's day a Monday."""
    for bar, end in (("1m", datetime(2025, 1, 1, 22, tzinfo=UTC)), ("1w", datetime(2025, 1, 20, 22, tzinfo=UTC))):
        lasts = {draw("3m", bar, now=CLOSED, end=end, symbol=name).bars.start[-1] for name in ("MSFT", "AAPL", "IBM")}
        assert max(lasts).date() < end.date()


def test_the_first_and_the_last_of_weeks_and_months_are_told_this_way_or_that() -> None:
    """At a date unrelated to the request: wherever in a week a window begins, that week's bar begins on one day."""
    tuesday = datetime(2026, 11, 24, 12, tzinfo=UTC)
    ends = [tuesday - timedelta(days=7 * back) for back in range(1, 60)]
    charts = [draw("5w", "1w", end=end) for end in ends]
    assert {len(one.bars.start) for one in charts} == {5, 6}
    assert {one.bars.start[0].weekday() for one in charts} == {0, 1, 2, 3, 4}
    assert {(end.date() - one.bars.start[-1].date()).days for end, one in zip(ends, charts, strict=True)} >= {1, 8}
    firsts = {draw("5w", "1w", end=ends[0] + timedelta(days=late)).bars.start[0] for late in range(3)}
    assert len(firsts) == 1


def test_a_future_begins_its_day_the_evening_before() -> None:
    assert starts(draw("3d", "1d", symbol="ES")) == ["11-22 23:00", "11-23 23:00"]
    evening = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert starts(draw("3d", "1d", symbol="ES", now=evening)) == ["11-23 23:00", "11-24 23:00"]


def test_a_currency_pair_trades_from_one_evening_in_new_york_to_the_next() -> None:
    assert starts(draw("3d", "1d", symbol="EUR.USD")) == ["11-22 22:15", "11-23 22:15"]
    monday = datetime(2026, 11, 2, 22, tzinfo=UTC)
    assert starts(draw("3d", "1d", symbol="EUR.USD", now=monday)) == ["10-29 21:15", "11-01 22:15"]
    assert starts(draw("1d", "8h", symbol="EUR.USD", now=monday)) == [
        "11-01 22:15",
        "11-02 05:00",
        "11-02 13:00",
        "11-02 21:00",
    ]


def test_hours_of_a_future_follow_its_exchanges_clock_and_end_early_on_a_half_day() -> None:
    found = starts(draw("2d", "1h", symbol="ES", now=datetime(2026, 11, 28, tzinfo=UTC)))
    assert (found[0], found[-1]) == ("11-25 23:00", "11-27 17:00")
    assert len(found) == 19 + 19, "Thanksgiving and the day after it"
    monday = starts(draw("1d", "1h", symbol="ES", now=datetime(2026, 11, 2, 22, tzinfo=UTC)))
    assert (monday[0], monday[-1], len(monday)) == ("11-01 23:00", "11-02 21:00", 23), "the clocks changed on Sunday"


def test_a_window_before_all_prices_is_empty() -> None:
    assert len(draw("5d", "1d", end=datetime(1999, 1, 1, tzinfo=UTC)).bars.start) == 0
    assert len(draw("5d", "1h", end=datetime(1999, 1, 1, tzinfo=UTC)).bars.start) == 0


@settings(deadline=None)
@given(
    st.sampled_from(["30min", "8h", "3d", "2w", "2m", "1y", "1W"]),
    st.sampled_from(["1min", "5min", "1h", "8h", "1d", "1w", "1m", "odd"]),
    st.floats(0, 1060),
    st.none() | st.timedeltas(timedelta(days=-200), timedelta(days=5)),
    st.sampled_from(["MSFT", "AZN", "ES", "USD.CHF"]),
)
def test_no_chart_shows_the_future_or_a_broken_bar(
    period: str, bar: str, days: float, back: timedelta | None, symbol: str
) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=days)
    bars = draw(period, bar, now=now, end=None if back is None else now + back, symbol=symbol).bars
    begin = seconds(bars.start)
    assert len(begin) <= 1000
    assert np.all(np.diff(begin) > 0)
    is_named_by_a_day = bar in {"1w", "1m"} and symbol in {"ES", "USD.CHF"}  # which begins the evening before
    assert np.all(begin <= now.timestamp() + (3 * 3600 if is_named_by_a_day else 0))
    assert np.all(bars.low <= np.minimum(bars.open, bars.close))
    assert np.all(np.maximum(bars.open, bars.close) <= bars.high)
    if back is None and symbol != "ES" and len(begin):
        assert bars.close[-1] == MARKET.price(CONTRACTS[symbol], now)


@settings(deadline=None)
@given(st.sampled_from(["1min", "3min", "15min", "1h", "3h", "8h"]), st.sampled_from(["MSFT", "SAP", "USD.JPY"]))
def test_a_finished_day_is_the_same_in_every_bar_size(bar: str, symbol: str) -> None:
    saturday = datetime(2026, 11, 21, 12, tzinfo=UTC)
    total = whole(draw("1d", bar, now=saturday, symbol=symbol).bars)
    day = draw("1d", "1d", now=saturday, symbol=symbol).bars
    if bar == "1min" and symbol == "USD.JPY":
        return  # 1,440 minutes do not fit
    for side in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(total, side), getattr(day, side))


@pytest.mark.parametrize(
    ("period", "bar", "first", "last"),
    [
        ("1h", "1min", "11-23 15:00", "11-23 15:58"),
        ("30min", "5min", "11-23 15:30", "11-23 15:50"),
        ("2h", "1h", "11-20 20:30", "11-23 14:30"),
    ],
)
def test_hours_are_counted_back_from_an_end_within_a_session(period: str, bar: str, first: str, last: str) -> None:
    found = starts(draw(period, bar, end=datetime(2026, 11, 23, 16, tzinfo=UTC)))
    assert (found[0], found[-1]) == (first, last)


@pytest.mark.parametrize("period", ["30min", "8h", "1d", "5d", "2w", "1m", "1y", "880h"])
@pytest.mark.parametrize("end", [datetime(2026, 10, 14, 17, tzinfo=UTC), datetime(2025, 1, 16, 17, tzinfo=UTC)])
def test_minutes_and_hours_reach_back_from_any_end(period: str, end: datetime) -> None:
    bar = "1min" if period == "30min" else "1h"
    found = draw(period, bar, end=end)
    last = found.bars.start[-1] - end
    assert timedelta(hours=-2, minutes=-1) <= last < timedelta()


def test_a_window_in_the_past_is_as_long_as_one_that_reaches_the_present() -> None:
    long_ago = datetime(2026, 3, 27, 20, 1, tzinfo=UTC)  # the evening of a Friday
    days = {start.date() for start in draw("2w", "1h", end=long_ago).bars.start}
    assert (min(days), max(days), len(days)) == (date(2026, 3, 16), date(2026, 3, 27), 10)


def test_hours_are_trading_hours_beyond_a_day_too() -> None:
    """A downloader asks for 880 of them, as that is just below the ceiling: 7 bars in 6.5 hours."""
    found = draw("880h", "1h", now=CLOSED)
    assert len(found.bars.start) == pytest.approx(880 / 6.5 * 7, abs=3)
    assert len(draw("16h", "1min", now=CLOSED).bars.start) == 16 * 60
    assert len(draw("99999h", "1h", now=CLOSED).bars.start) == 1000
