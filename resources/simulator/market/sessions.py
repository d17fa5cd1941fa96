"""The hours of single days: when an instrument trades well, and when it trades at all.

Belongs here: sessions around a day, and which days differ from the usual week. Does not: the calendars
themselves (`calendars.py`), wire shapes (`shapes/schedules.py`).

American shares trade before and after the regular session; everything else only in it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from resources.simulator.calendars import hours, venue

DAWN, DUSK = time(4), time(20)
AFTER_A_SHORT_DAY = timedelta(hours=4)  # from its close


@dataclass(frozen=True, slots=True)
class Day:
    """One trading day on the exchange's clock: the regular session inside all hours."""

    day: date
    opens: datetime
    closes: datetime
    begins: datetime
    ends: datetime


def day_at(exchange: str, day: date, *, extended: bool) -> Day:
    """The hours of a day on which the exchange is open."""
    zone, here = ZoneInfo(venue(exchange).zone), hours(exchange)
    opens, closes = (datetime.fromtimestamp(second, zone) for second in here.session(day))
    if not extended:
        return Day(day, opens, closes, opens, closes)
    short = here.session(day) != here.usual(day)
    ends = closes + AFTER_A_SHORT_DAY if short else datetime.combine(day, DUSK, zone)
    return Day(day, opens, closes, datetime.combine(day, DAWN, zone), ends)


def around(exchange: str, today: date, *, before: int, after: int) -> list[date]:
    """The trading days nearest to a day, itself among those after."""
    days = hours(exchange).days
    place = hours(exchange).between(date.min, today - timedelta(days=1)).stop
    return list(days[max(0, place - before) : place + after])


def exceptions(exchange: str, first: date, last: date) -> list[tuple[date, bool]]:
    """Weekdays that are not like the others, and whether the exchange opens at all."""
    here = hours(exchange)
    open_days = set(here.days[here.between(first, last)])
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    return [
        (day, day in open_days)
        for day in days
        if day.weekday() < 5 and (day not in open_days or here.session(day) != here.usual(day))
    ]
