"""When listed options and futures end, and how long before that they are listed.

Belongs here: rules of the calendar, as pure functions of a day. Does not: ids and terms
(`derivatives.py`, `options.py`), strikes (`strikes.py`).

Options end on Fridays, or the session before when a Friday is a holiday. The third Friday of a quarter's last
month is listed for more than a year, that of another month for half of one, any other for two months.
The rule for quarters knows the two holidays that third Fridays of their last months can be, and needs no calendar.
"""

from bisect import bisect_right
from datetime import date, timedelta
from functools import lru_cache

from resources.simulator.calendars import hours

FIRST_FRIDAY = date(1990, 1, 5)
WEEKS = 5200  # a hundred years of them, nearly
QUARTERS = (3, 6, 9, 12)
QUARTERLY, MONTHLY, WEEKLY = timedelta(days=390), timedelta(days=190), timedelta(days=56)
BEFOREHAND = timedelta(days=10)  # a contract has traded for some days before anybody is told of it
JUNETEENTH = {(6, 18), (6, 19)}  # third Fridays now and then, and holidays since 2022: a Saturday is kept on Friday
GOOD_FRIDAY = date(2008, 3, 21)  # the only one that was a third Friday


def third_friday(year: int, month: int) -> date:
    """The usual last trading day of a month's options."""
    first = date(year, month, 1)
    friday = first + timedelta(days=(4 - first.weekday()) % 7 + 14)
    closed = friday == GOOD_FRIDAY or (year >= 2022 and (month, friday.day) in JUNETEENTH)
    return friday - timedelta(days=1) if closed else friday


def crude_expiry(year: int, month: int) -> date:
    """Three business days before the 25th of the month before delivery, or before the last one ahead of it."""
    day = (date(year, month, 1) - timedelta(days=1)).replace(day=25)
    days = hours("NYSE").days
    if days[3] < day <= days[-1]:
        return days[bisect_right(days, day) - 4]
    while day.weekday() > 4:
        day -= timedelta(days=1)
    for _ in range(3):
        day -= timedelta(days=3 if day.weekday() == 0 else 1)
    return day


def week(day: date) -> int:
    """The number of the Friday on or after a day."""
    return -((FIRST_FRIDAY - day).days // 7)


@lru_cache(maxsize=1024)
def expiry(number: int) -> date:
    """On which day the options of a numbered week end."""
    friday = FIRST_FRIDAY + timedelta(weeks=number)
    third = third_friday(friday.year, friday.month)
    return third if friday.month in QUARTERS and week(third) == number else _session_before(friday)


def ahead(day: date) -> timedelta:
    """How long before its end an expiry is listed."""
    if week(third_friday(day.year, day.month)) != week(day):
        return WEEKLY
    return QUARTERLY if day.month in QUARTERS else MONTHLY


def begins(day: date) -> date:
    """The first day on which options of an expiry can trade."""
    return day - ahead(day) - BEFOREHAND


@lru_cache(maxsize=64)
def listed(today: date) -> tuple[date, ...]:
    """Every expiry of options that is listed on a day, nearest first."""
    last = week(today + QUARTERLY)
    days = (expiry(number) for number in range(week(today), last + 1))
    return tuple(day for day in days if today <= day <= today + ahead(day))


def _session_before(friday: date) -> date:
    """The last session of New York in the week of a Friday; beyond the calendar, the Friday."""
    days = hours("NYSE").days
    found = days[bisect_right(days, friday) - 1]
    return found if friday - found < timedelta(days=5) else friday
