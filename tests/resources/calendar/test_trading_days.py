from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.calendar.trading_days import CalendarError, calendar_of, trading_calendar

NYSE = trading_calendar("XNYS")
NEW_YORK = ZoneInfo("America/New_York")
INSTANTS = st.datetimes(datetime(2000, 1, 10), datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@given(instant=INSTANTS)
def test_a_trading_day_lasts_from_its_open_until_the_next_one(instant: datetime) -> None:
    day = NYSE.day_of(instant)
    assert NYSE.opens(day) <= instant < NYSE.opens(NYSE.next(day))


@given(instant=INSTANTS)
def test_the_latest_closed_day_has_closed_and_the_next_has_not(instant: datetime) -> None:
    day = NYSE.latest_closed(instant)
    assert NYSE.close(day) <= instant < NYSE.close(NYSE.next(day))


@given(instant=INSTANTS, later=st.timedeltas(timedelta(0), timedelta(days=400)))
def test_time_never_goes_back_to_an_earlier_trading_day(instant: datetime, later: timedelta) -> None:
    assert NYSE.day_of(instant) <= NYSE.day_of(instant + later)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-23T18:30", "2026-11-23"),
        ("2026-11-24T02:00", "2026-11-23"),  # at night it is still about the evening before
        ("2026-11-24T09:29", "2026-11-23"),
        ("2026-11-24T09:30", "2026-11-24"),
        ("2026-11-26T12:00", "2026-11-25"),  # Thanksgiving
        ("2026-11-29T12:00", "2026-11-27"),  # a Sunday
        ("2026-03-09T09:30", "2026-03-09"),  # the Monday after clocks went forward
        ("2026-11-02T09:29", "2026-10-30"),  # the Monday after they went back
    ],
)
def test_an_instant_belongs_to_the_latest_day_that_has_opened(instant: str, day: str) -> None:
    assert NYSE.day_of(_new_york(instant)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("calendar", "instant", "day"),
    [
        ("XNYS", "2026-11-23T09:30", "2026-11-23"),
        ("XNYS", "2026-11-23T16:00", "2026-11-23"),
        ("XNYS", "2026-11-23T19:59", "2026-11-23"),  # late
        ("XNYS", "2026-11-23T20:00", "2026-11-24"),  # over night
        ("XNYS", "2026-11-24T04:30", "2026-11-24"),  # before the open
        ("XNYS", "2026-11-25T21:00", "2026-11-27"),  # before Thanksgiving
        ("XNYS", "2026-11-27T16:59", "2026-11-27"),  # late on a half day
        ("XNYS", "2026-11-27T17:00", "2026-11-30"),
        ("XETR", "2026-11-24T03:30", "2026-11-24"),  # half past nine in Frankfurt
        ("CMES", "2026-11-23T18:30", "2026-11-24"),  # futures begin the next day in the evening
        ("24/5", "2026-11-23T21:00", "2026-11-24"),  # as a day of UTC
    ],
)
def test_an_execution_counts_for_the_day_of_its_session(calendar: str, instant: str, day: str) -> None:
    at = np.array([_new_york(instant).astimezone(UTC).replace(tzinfo=None)], dtype="datetime64[s]")
    assert [str(found) for found in trading_calendar(calendar).traded_on(at)] == [day]


def test_an_execution_of_years_that_no_calendar_knows_has_no_day() -> None:
    at = np.array(["1970-01-01", "2200-01-01", "NaT"], dtype="datetime64[s]")
    assert np.isnat(NYSE.traded_on(at)).all()


def test_half_days_close_early() -> None:
    assert NYSE.close(date(2026, 11, 27)) == _new_york("2026-11-27T13:00")
    assert NYSE.latest_closed(_new_york("2026-11-27T13:30")) == date(2026, 11, 27)


def test_days_between_are_trading_days_only() -> None:
    days = NYSE.between(date(2026, 11, 25), date(2026, 11, 30))
    assert [str(day) for day in days] == ["2026-11-25", "2026-11-27", "2026-11-30"]
    assert date(2026, 11, 26) not in NYSE


@pytest.mark.parametrize(
    ("listing", "name"),
    [("NASDAQ", "XNYS"), ("NASDAQ.SCM", "XNYS"), ("LSE", "XLON"), ("IBIS", "XETR"), ("IDEALPRO", "24/5")],
)
def test_a_listing_exchange_has_its_calendar(listing: str, name: str) -> None:
    found = calendar_of(listing)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("listing", [None, "", "MARS"])
def test_an_unknown_venue_is_not_judged(listing: str | None) -> None:
    assert calendar_of(listing) is None


def test_a_wrong_name_and_a_day_out_of_reach_are_said_in_plain_words() -> None:
    with pytest.raises(CalendarError, match="'XMOON': no such calendar. Use a name such as XNYS"):
        trading_calendar("XMOON")
    with pytest.raises(CalendarError, match="is not a trading day of XNYS"):
        NYSE.close(date(2026, 11, 26))
    with pytest.raises(CalendarError, match="a day outside was asked for"):
        NYSE.day_of(datetime(1970, 1, 1, tzinfo=UTC))
