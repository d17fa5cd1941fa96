from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.calendars import hours
from resources.simulator.contracts import expiries
from resources.simulator.contracts.expiries import crude_expiry, expiry, listed, third_friday, week

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("year", "month", "expiry"),
    [
        (2026, 12, date(2026, 12, 18)),
        (2027, 3, date(2027, 3, 19)),
        (2026, 6, date(2026, 6, 18)),  # the Friday is Juneteenth
        (2020, 6, date(2020, 6, 19)),  # which was no holiday then
        (2027, 6, date(2027, 6, 17)),  # Juneteenth is kept on the Friday
        (2008, 3, date(2008, 3, 20)),  # Good Friday
    ],
)
def test_options_end_on_the_third_friday(year: int, month: int, expiry: date) -> None:
    assert third_friday(year, month) == expiry


@settings(deadline=None)
@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_crude_ends_on_a_weekday_before_the_25th_of_the_month_before(day: date) -> None:
    expiry = crude_expiry(day.year, day.month)
    assert expiry.weekday() < 5
    assert 18 <= expiry.day <= 22
    assert expiry < date(day.year, day.month, 1)


@pytest.mark.parametrize(
    ("delivery", "expiry"),
    [
        (date(2026, 12, 1), date(2026, 11, 20)),
        (date(2027, 1, 1), date(2026, 12, 21)),  # Christmas is the 25th
        (date(2026, 6, 1), date(2026, 5, 19)),  # Memorial Day is
        (date(2060, 1, 1), date(2059, 12, 22)),  # beyond the calendar
    ],
)
def test_crude_ends_three_business_days_before_the_25th(delivery: date, expiry: date) -> None:
    assert crude_expiry(delivery.year, delivery.month) == expiry


@pytest.mark.parametrize(
    ("friday", "end"),
    [
        (date(2026, 12, 25), date(2026, 12, 24)),
        (date(2027, 1, 1), date(2026, 12, 31)),
        (date(2026, 4, 3), date(2026, 4, 2)),  # Good Friday
        (date(2026, 12, 4), date(2026, 12, 4)),
        (date(2060, 12, 31), date(2060, 12, 31)),  # beyond the calendar
    ],
)
def test_a_holiday_moves_the_end_to_the_session_before(friday: date, end: date) -> None:
    assert expiry(week(friday)) == end


@settings(deadline=None)
@given(st.dates(date(2000, 1, 1), date(2039, 11, 1)))
def test_every_listed_expiry_is_a_session_still_to_come(today: date) -> None:
    sessions, found = set(hours("NYSE").days), listed(today)
    assert sessions.issuperset(found)
    assert all(today <= day <= today + expiries.QUARTERLY for day in found)
    assert list(found) == sorted(set(found))
    assert all(expiry(week(day)) == day for day in found)
    in_eight_weeks = sum(day <= today + timedelta(weeks=8) for day in found)
    assert in_eight_weeks >= 7  # and not 8: on 11 September 2001 that week had ended on Monday


def test_quarters_are_listed_longest_and_other_weeks_shortest() -> None:
    assert expiries.ahead(date(2026, 12, 18)) > expiries.ahead(date(2027, 1, 15)) > expiries.ahead(date(2027, 1, 8))
    assert {(day.year, day.month) for day in listed(TODAY)} >= {(2027, month) for month in (1, 2, 3, 4, 5, 6, 9, 12)}


@settings(deadline=None)
@given(st.dates(date(2000, 1, 1), date(2040, 6, 1)))
def test_the_end_of_a_quarter_is_one_day_by_both_rules(day: date) -> None:
    if day.month in expiries.QUARTERS:
        third = third_friday(day.year, day.month)
        assert expiry(week(third)) == third
        assert third in hours("NYSE").days
