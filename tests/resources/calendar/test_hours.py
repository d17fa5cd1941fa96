from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.calendar.hours import days_of, hours, latest_ended, offsets, session_days
from resources.calendar.trading_days import CalendarError, trading_calendar

DAYS = st.dates(date(2015, 1, 1), date(2026, 10, 1))
NAMES = st.sampled_from(["XNYS", "XLON", "XETR", "XTKS", "CMES", "24/5"])


def _session(name: str, day: str, *, extended: bool = False) -> list[str]:
    calendar = trading_calendar(name)
    opens, closes = hours(calendar, np.array([day], dtype="datetime64[D]"), extended=extended)
    return [str(opens[0])[:16], str(closes[0])[:16]]


@pytest.mark.parametrize(
    ("name", "day", "session"),
    [
        ("XNYS", "2026-11-27", ["2026-11-27T14:30", "2026-11-27T18:00"]),  # a half day
        ("CMES", "2026-11-24", ["2026-11-23T23:00", "2026-11-24T22:00"]),  # an hour before the next one opens
        ("24/5", "2026-11-23", ["2026-11-22T22:00", "2026-11-23T22:00"]),  # from Sunday evening in New York
        ("24/5", "2026-07-07", ["2026-07-06T21:00", "2026-07-07T21:00"]),
        ("24/5", "2026-03-09", ["2026-03-08T21:00", "2026-03-09T21:00"]),  # the clocks changed that Sunday
    ],
)
def test_sessions_are_those_that_ibkr_keeps(name: str, day: str, session: list[str]) -> None:
    assert _session(name, day) == session


def test_all_hours_are_told_of_american_shares_only() -> None:
    assert _session("XNYS", "2026-07-07", extended=True) == ["2026-07-07T08:00", "2026-07-08T00:00"]
    assert _session("XLON", "2026-07-07", extended=True) == _session("XLON", "2026-07-07")


@given(name=NAMES, first=DAYS, share=st.floats(0, 0.999), extended=st.booleans())
def test_every_instant_of_a_session_counts_for_its_day(name: str, first: date, share: float, extended: bool) -> None:
    calendar = trading_calendar(name)
    days = calendar.between(first, date.fromordinal(first.toordinal() + 10))
    opens, closes = hours(calendar, days, extended=extended)
    within = opens + ((closes - opens).astype(int) * share).astype(int) * np.timedelta64(1, "s")
    np.testing.assert_array_equal(days_of(within, calendar), days)


@given(name=NAMES, first=DAYS)
def test_sessions_follow_each_other(name: str, first: date) -> None:
    calendar = trading_calendar(name)
    opens, closes = hours(calendar, calendar.between(first, date.fromordinal(first.toordinal() + 30)))
    assert np.all(opens < closes)
    assert np.all(closes[:-1] <= opens[1:])


@pytest.mark.parametrize(
    ("name", "instant", "day"),
    [
        ("24/5", "2026-11-24T21:59", "2026-11-23"),
        ("24/5", "2026-11-24T22:00", "2026-11-24"),  # 17:00 in New York
        ("24/5", "2026-11-22T12:00", "2026-11-20"),  # Sunday
        ("CMES", "2026-11-24T21:59", "2026-11-23"),
        ("CMES", "2026-11-24T22:00", "2026-11-24"),  # an hour before the next one opens
        ("CMES", "2025-11-28T21:59", "2025-11-27"),  # of a half day the usual hour
        ("XNYS", "2025-11-28T18:00", "2025-11-28"),
    ],
)
def test_a_day_has_ended_when_the_session_has_that_ibkr_keeps(name: str, instant: str, day: str) -> None:
    found, end = latest_ended(trading_calendar(name), datetime.fromisoformat(instant).replace(tzinfo=UTC))
    assert found == date.fromisoformat(day)
    assert end <= datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_before_the_first_day_of_a_calendar_none_has_ended() -> None:
    with pytest.raises(CalendarError, match="No session of XNYS is known to have ended in the month before 1980"):
        latest_ended(trading_calendar("XNYS"), datetime(1980, 1, 1, tzinfo=UTC))


@given(name=NAMES, first=DAYS, share=st.floats(0, 0.999))
def test_within_a_session_its_day_is_known_and_the_day_before_is_the_latest_that_ended(
    name: str, first: date, share: float
) -> None:
    calendar = trading_calendar(name)
    days = calendar.between(first, date.fromordinal(first.toordinal() + 10))
    opens, closes = hours(calendar, days)
    within = opens + ((closes - opens).astype(int) * share).astype(int) * np.timedelta64(1, "s")
    np.testing.assert_array_equal(session_days(within, calendar), days)
    for instant, before in zip(within[1:].tolist(), days[:-1].tolist(), strict=True):
        day, end = latest_ended(calendar, instant.replace(tzinfo=UTC))
        assert day == before
        assert end <= instant.replace(tzinfo=UTC)


def test_between_sessions_there_is_no_day() -> None:
    instants = np.array(["2026-11-24T13:00", "2026-11-24T14:30", "2026-11-24T21:00", "2026-11-26T16:00"], "M8[s]")
    assert session_days(instants, trading_calendar("XNYS")).astype(str).tolist() == ["NaT", "2026-11-24", "NaT", "NaT"]


def test_the_wall_clock_is_the_exchanges_in_summer_and_in_winter() -> None:
    instants = np.array(["2026-07-07T15:00", "2026-11-24T15:00"], dtype="datetime64[s]")
    told = {name: (offsets(instants, trading_calendar(name)).astype(int) // 3600).tolist() for name in ("XNYS", "XTKS")}
    assert told == {"XNYS": [-4, -5], "XTKS": [9, 9]}
    assert (offsets(instants, trading_calendar("24/5")).astype(int) // 3600).tolist() == [-4, -5]
