from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.calendar.hours import hours
from resources.calendar.periods import Unit, first_day, number, periods_of
from resources.calendar.trading_days import CalendarError, trading_calendar

CALENDARS = st.sampled_from(["XNYS", "XLON", "XTKS", "CMES", "24/5"])
UNITS: st.SearchStrategy[Unit] = st.sampled_from(["w", "m"])
DAYS = st.dates(date(2000, 1, 1), date(2027, 1, 1))


def _key(day: date, unit: Unit) -> object:
    return day.isocalendar()[:2] if unit == "w" else (day.year, day.month)


@given(day=st.dates(date(1950, 1, 1), date(2150, 1, 1)), unit=UNITS)
def test_a_period_begins_on_monday_or_on_the_first_and_the_next_has_the_next_number(day: date, unit: Unit) -> None:
    begins = first_day(number(day, unit), unit)
    assert begins <= day < first_day(number(day, unit) + 1, unit)
    assert begins.weekday() == 0 if unit == "w" else begins.day == 1
    assert _key(begins, unit) == _key(day, unit)


@given(name=CALENDARS, unit=UNITS, first=DAYS)
def test_a_period_is_known_by_its_first_trading_day_and_over_when_its_last_session_closes(
    name: str, unit: Unit, first: date
) -> None:
    calendar, found = trading_calendar(name), periods_of(name, unit)
    days = calendar.between(first - timedelta(days=70), first + timedelta(days=70)).tolist()
    sessions: dict[object, list[date]] = {}
    for day in days:
        sessions.setdefault(_key(day, unit), []).append(day)
    whole = list(sessions.values())[1:-1]
    told = found.between(whole[0][0], whole[-1][0])
    assert told.tolist() == [period[0] for period in whole]
    np.testing.assert_array_equal(found.of(np.array(whole[0], dtype="M8[D]")), told[0])
    for period in whole:
        close = hours(calendar, np.array(period[-1:], dtype="M8[D]"))[1][0].item().replace(tzinfo=UTC)
        assert found.latest_closed(close) == period[0]
        assert found.latest_closed(close - timedelta(seconds=1)) < period[0]
        assert found.latest_before(period[0]) == found.latest_before(period[-1]) < period[0]
    for earlier, later in pairwise(whole):
        assert found.latest_before(later[0]) == earlier[0]


@pytest.mark.parametrize(
    ("unit", "start", "day"),
    [
        ("w", "2026-11-23T00:00", "2026-11-23"),
        ("w", "2026-11-25T00:00", "2026-11-23"),
        ("w", "2026-09-08T00:00", "2026-09-08"),  # after Labor Day
        ("w", "2026-09-07T00:00", "2026-09-08"),  # a gateway that does not know of it
        ("w", "2026-11-22T23:00", "2026-11-23"),  # the evening before
        ("m", "2026-11-02T00:00", "2026-11-02"),
        ("m", "2026-11-17T00:00", "2026-11-02"),
        ("m", "1970-01-01T00:00", "NaT"),
    ],
)
def test_an_instant_lies_in_a_period(unit: Unit, start: str, day: str) -> None:
    assert str(periods_of("XNYS", unit).traded_on(np.array([start], dtype="M8[s]"))[0]) == day


def test_a_period_that_a_calendar_begins_or_ends_in_is_not_known() -> None:
    found = periods_of("XNYS", "m")
    assert str(found.between(date(1900, 1, 1), date(1990, 12, 31))[0]) == "1990-02-01"
    with pytest.raises(CalendarError, match="XNYS is known from 1990-02-01 on"):
        found.latest_closed(datetime(1990, 1, 31, 23, tzinfo=UTC))
