from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.calendar.hours import days_of, hours, offsets
from resources.calendar.trading_days import trading_calendar

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


def test_the_wall_clock_is_the_exchanges_in_summer_and_in_winter() -> None:
    instants = np.array(["2026-07-07T15:00", "2026-11-24T15:00"], dtype="datetime64[s]")
    told = {name: (offsets(instants, trading_calendar(name)).astype(int) // 3600).tolist() for name in ("XNYS", "XTKS")}
    assert told == {"XNYS": [-4, -5], "XTKS": [9, 9]}
    assert (offsets(instants, trading_calendar("24/5")).astype(int) // 3600).tolist() == [-4, -5]
