"""Wire shapes of trading hours: the older weekly schedule, and the newer one by dates.

Belongs here: pure functions from a venue's days to JSON values. Does not: the days (`market/sessions.py`).

In the older one the first week of the year 2000 stands for any week (1 January was a Saturday), and real dates
are the exceptions. Wall-clock times there, seconds since 1970 in the newer one.
"""

import zlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from resources.simulator.calendars import venue
from resources.simulator.market.sessions import Day

Row = dict[str, object]
WEEK = [date(2000, 1, 1) + timedelta(days=count) for count in range(7)]
NEVER = "0000"


def weekly(name: str, calendar: str, kind: str, usual: Day, exceptions: Iterable[tuple[date, Day | None]]) -> Row:
    """One venue, on the calendar of another; an exception without hours is a day off."""
    names = zlib.crc32(f"{name} {kind}".encode())
    days = [(day, None if day.weekday() > 4 else usual) for day in WEEK]
    return {
        "id": f"p{names % 900_000 + 100_000}",
        "tradeVenueId": f"v{names % 90_000 + 10_000}",
        "exchange": name,
        "description": name,
        "timezone": venue(calendar).zone,
        "schedules": [_dated(day, hours) for day, hours in (*days, *exceptions)],
    }


def by_date(exchange: str, days: Iterable[Day]) -> Row:
    """The hours of some trading days."""
    return {
        "exchange_time_zone": venue(exchange).zone,
        "schedules": {f"{day.day:%Y%m%d}": _hours(day) for day in days},
    }


def _dated(day: date, hours: Day | None) -> Row:
    head: Row = {"clearingCycleEndTime": _clock(hours.ends) if hours else NEVER, "tradingScheduleDate": f"{day:%Y%m%d}"}
    if hours is None:
        closed = {"openingTime": NEVER, "closingTime": NEVER, "cancelDayOrders": "N"}
        return {**head, "sessions": [], "tradingtimes": [closed]}
    regular = {"openingTime": _clock(hours.opens), "closingTime": _clock(hours.closes), "prop": "LIQUID"}
    whole = {"openingTime": _clock(hours.begins), "closingTime": _clock(hours.ends), "cancelDayOrders": "Y"}
    return {**head, "sessions": [regular], "tradingtimes": [whole]}


def _hours(day: Day) -> Row:
    return {
        "liquid_hours": [{"opening": _seconds(day.opens), "closing": _seconds(day.closes)}],
        "extended_hours": [
            {"opening": _seconds(day.begins), "closing": _seconds(day.ends), "cancel_daily_orders": True}
        ],
    }


def _clock(at: datetime) -> str:
    return f"{at:%H%M}"


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
