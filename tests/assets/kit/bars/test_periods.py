"""What a reply tells of weeks and months: held here against a gateway that tells them in every way that was seen."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.bars.periods import LONGEST, UNITS, Told, most_bars, query_of, starts_of, told
from assets.kit.bars.windows import SIZES, STAMP, Window, windows
from resources.calendar.periods import Periods, periods_of
from resources.calendar.trading_days import trading_calendar

NYSE = trading_calendar("XNYS")
FRIDAY_EVENING = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
NOWS = st.datetimes(datetime(2026, 6, 1), datetime(2026, 11, 30)).map(lambda now: now.replace(tzinfo=UTC))  # noqa: DTZ001


@dataclass
class Gateway:
    """Tells of days from `begins` on, but those that are `lacking`; each choice is one that was seen or may be."""

    now: datetime
    begins: date
    lacking: frozenset[date]
    cut: int  # how many days of the period in which a window begins a reply leaves out
    covers: bool  # whether the period in which a window ends is shown
    is_cut_at_the_end: bool  # and if so, only up to there

    def days(self) -> list[date]:
        days = NYSE.between(self.begins, self.now.date()).tolist()
        return [day for day in days if NYSE.opens(day) < self.now and day not in self.lacking]

    def starts(self, query: dict[str, str], unit: str) -> "np.ndarray[Any, Any]":
        """The days with which the bars of a reply begin, of each the period's days that it is made of."""
        return np.array([days[0] for days in self.made_of(query, unit)], dtype="M8[s]")

    def made_of(self, query: dict[str, str], unit: str) -> list[list[date]]:
        end = datetime.strptime(query["startTime"], STAMP).date() if "startTime" in query else self.now.date()  # noqa: DTZ007
        days = self.days()
        if "startTime" in query and not self.covers:
            days = [day for day in days if _key(day, unit) < _key(end, unit)]
        elif "startTime" in query:
            shown = end if self.is_cut_at_the_end else end + timedelta(days=31)
            days = [day for day in days if day <= shown and _key(day, unit) <= _key(end, unit)]
        count = int(query["period"][:-1])
        since = end - timedelta(days=7 * count - 1 if unit == "w" else int(30.4 * count))
        bars: dict[Any, list[date]] = {}
        for day in days:
            if _key(day, unit) >= _key(since, unit):
                bars.setdefault(_key(day, unit), []).append(day)
        earliest = _key(since, unit)
        if earliest in bars:
            bars[earliest] = bars[earliest][min(self.cut, len(bars[earliest]) - 1) :]
        return list(bars.values())


def _key(day: date, unit: str) -> tuple[int, int]:
    return day.isocalendar()[:2] if unit == "w" else (day.year, day.month)


@st.composite
def _gateways(draw: st.DrawFn) -> Gateway:
    now = draw(NOWS)
    begins = draw(st.dates(date(2025, 6, 1), now.date() - timedelta(days=40)))
    lacking = draw(st.frozensets(st.dates(begins, now.date()), max_size=20))
    return Gateway(now, begins, lacking, draw(st.integers(0, 4)), draw(st.booleans()), draw(st.booleans()))


def _wanted(periods: Periods, gateway: Gateway, back: int, count: int) -> "np.ndarray[Any, Any]":
    due = periods.between(date(2024, 1, 1), periods.latest_closed(gateway.now))
    return due[len(due) - back - count : len(due) - back]


@given(gateway=_gateways(), name=st.sampled_from(list(UNITS)), back=st.integers(0, 5), count=st.integers(1, 20))
def test_what_a_window_was_to_get_is_told_whole_and_nothing_else_counts(
    gateway: Gateway, name: str, back: int, count: int
) -> None:
    unit, size = UNITS[name], SIZES[name]
    periods = periods_of("XNYS", unit)
    wanted = _wanted(periods, gateway, back, count)
    [window] = windows(wanted, wanted)
    query = query_of(window, size, now=gateway.now)
    made_of = gateway.made_of(query, unit)
    says = told(gateway.starts(query, unit), query, gateway.now, periods)
    traded = [day for day in gateway.days() if NYSE.close(day) <= gateway.now]
    for days, is_whole, period in zip(made_of, says.is_whole, says.periods, strict=True):
        of_period = [day for day in traded if _key(day, unit) == _key(days[0], unit)]
        if is_whole:
            assert days == of_period
            assert _key(period.item(), unit) == _key(days[0], unit)
            assert periods.latest_closed(gateway.now) >= period.item()
    there = {_key(day, unit) for day in gateway.days()} & {_key(day, unit) for day in wanted.tolist()}
    assert {_key(day, unit) for day in says.got.tolist()} >= there, "all that was to be got is"
    spoken = {day for day in wanted.tolist() if says.first <= day <= says.last}
    assert {_key(day, unit) for day in spoken - set(says.got.tolist())} & there == set()
    if made_of:
        assert says.first <= window.first, "it tells of all that it was asked for"
        assert says.last >= window.last
    if says.has_begun:
        assert not [day for day in gateway.days() if day < made_of[0][0]]


def _says(starts: list[str], period: str = "10w", end: str | None = None, at: datetime = FRIDAY_EVENING) -> Told:
    query = {"period": period} | ({"startTime": end} if end else {})
    return told(np.array(starts, dtype="M8[s]"), query, at, periods_of("XNYS", "w"))


def test_a_week_is_whole_once_its_last_session_has_closed() -> None:
    weeks = ["2026-11-09", "2026-11-16"]
    assert _says(weeks).is_whole.tolist() == [True, True]
    noon = FRIDAY_EVENING.replace(hour=17)
    assert _says(weeks, at=noon).is_whole.tolist() == [True, False]
    thanksgiving = [*weeks, "2026-11-23"]
    for hour, whole in ((17, False), (18, True)):  # closes at 13:00 on Friday
        assert bool(_says(thanksgiving, at=datetime(2026, 11, 27, hour, tzinfo=UTC)).is_whole[-1]) is whole


def test_the_week_in_which_a_window_ends_may_be_cut_there() -> None:
    later = datetime(2026, 12, 1, tzinfo=UTC)
    says = _says(["2026-11-09", "2026-11-16"], end="20261117-12:00:00", at=later)
    assert says.is_whole.tolist() == [True, False]
    assert says.last == date(2026, 11, 9)
    on_saturday = _says(["2026-11-09", "2026-11-16"], end="20261121-12:00:00", at=later)
    assert on_saturday.last == date(2026, 11, 9), "it might have been left out"


def test_an_earliest_bar_that_begins_late_is_not_whole_unless_the_window_reached_further() -> None:
    weeks = ["2026-10-28", "2026-11-02", "2026-11-09"]
    cut = _says(weeks, "4w")
    assert (cut.is_whole.tolist(), cut.first, cut.has_begun) == ([False, True, True], date(2026, 11, 2), False)
    begun = _says(weeks, "40w")
    assert (begun.is_whole.tolist(), begun.has_begun) == ([True, True, True], True)
    assert begun.first < date(2026, 3, 9)
    assert _says(weeks, "12m").is_whole.tolist() == [False, True, True], "of months it is not known how many weeks"


@pytest.mark.parametrize(("first", "has_begun"), [("2026-11-03", False), ("2026-11-10", True), ("2026-11-09", False)])
def test_a_window_surely_reaches_the_last_but_two_of_its_weeks(first: str, has_begun: bool) -> None:
    assert _says([first, "2026-11-16"], "4w").has_begun is has_begun


def test_a_later_bar_that_begins_late_is_whole_since_nothing_was_traded_before() -> None:
    assert _says(["2026-11-02", "2026-11-11"]).is_whole.tolist() == [True, True]


def test_an_empty_reply_tells_of_its_window() -> None:
    says = _says([], "6w", "20261110-12:00:00")
    assert (says.first, says.last, len(says.got)) == (date(2026, 10, 19), date(2026, 11, 2), 0)


@pytest.mark.parametrize(
    ("name", "first", "last", "period", "end"),
    [
        ("1w", "2026-11-16", "2026-11-16", "4w", None),  # it is Friday evening
        ("1w", "2026-10-19", "2026-11-09", "7w", "20261117-12:00:00"),
        ("1m", "2026-10-01", "2026-10-01", "4m", "20261102-12:00:00"),
        ("1m", "2011-12-01", "2026-10-01", "182m", "20261102-12:00:00"),
        ("1w", "2011-01-03", "2026-11-16", "792w", None),  # more than a window may have
    ],
)
def test_a_window_reaches_beyond_both_of_its_ends(
    name: str, first: str, last: str, period: str, end: str | None
) -> None:
    window = Window(date.fromisoformat(first), date.fromisoformat(last), 0, 0)
    query = query_of(window, SIZES[name], now=FRIDAY_EVENING)
    assert query == {"period": period, "bar": name} | ({"startTime": end} if end else {})


def test_one_request_gets_fifteen_years() -> None:
    for name, unit in UNITS.items():
        assert LONGEST[unit] - 5 < most_bars(SIZES[name]) < LONGEST[unit]


def test_a_bar_without_a_time_has_none() -> None:
    assert [str(one) for one in starts_of([{"t": 1_763_942_400_000}, {}, "x"])] == ["2025-11-24T00:00:00", "NaT", "NaT"]
