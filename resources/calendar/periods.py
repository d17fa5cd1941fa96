"""The weeks and months of an exchange, each known by its first trading day. Pure.

Belongs here: which trading days make a period, and when the last of its sessions closes. Does not: which bars of
periods are whole (`assets/kit/bars/periods.py`).

`Periods` is asked like a calendar of days, and answers with the days that periods are known by: so whoever reckons with
trading days reckons with weeks and months too. A week begins on Monday.
"""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from resources.calendar.hours import Seconds, hours
from resources.calendar.trading_days import CalendarError, Days, TradingCalendar, trading_calendar

Unit = Literal["w", "m"]
MONDAY = 3  # the first of January 1970 was a Thursday
NIGHT = np.timedelta64(3, "h")
ALWAYS = (date(1900, 1, 1), date(2200, 1, 1))


def numbers(days: Any, unit: Unit) -> npt.NDArray[np.int64]:
    """The number of the period that each day lies in: one more for the next."""
    found = np.asarray(days, dtype="datetime64[D]")
    if unit == "m":
        return found.astype("datetime64[M]").astype(np.int64)
    weeks: npt.NDArray[np.int64] = (found.astype(np.int64) + MONDAY) // 7
    return weeks


def number(day: date, unit: Unit) -> int:
    """The number of the period that a day lies in."""
    return int(numbers([day], unit)[0])


def first_day(number: int, unit: Unit) -> date:
    """The day that a period begins with, whether anybody trades on it or not."""
    begins = np.datetime64(number, "M") if unit == "m" else np.datetime64(number * 7 - MONDAY, "D")
    found: date = begins.astype("datetime64[D]").item()
    return found


class Periods:
    """The periods of one exchange; those in which its calendar begins and ends are not known whole, and left out."""

    def __init__(self, calendar: TradingCalendar, unit: Unit) -> None:
        self.name, self.unit = calendar.name, unit
        days = calendar.between(*ALWAYS)
        of = numbers(days, unit)
        edges = np.flatnonzero(of[1:] != of[:-1]) + 1
        self._days: Days = days[edges[:-1]]
        self._numbers = of[edges[:-1]]
        self._closes = hours(calendar, days[edges[1:] - 1])[1]

    def between(self, first: date, last: date) -> Days:
        """The periods of which the first trading day lies from `first` to `last`, both included."""
        start = np.searchsorted(self._days, np.datetime64(first))
        return self._days[start : np.searchsorted(self._days, np.datetime64(last), side="right")]

    def latest_closed(self, instant: datetime) -> date:
        """The latest period all of whose sessions have closed."""
        now = np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "s")
        return self._day(int(np.searchsorted(self._closes, now, side="right")) - 1)

    def latest_before(self, day: date) -> date:
        """The latest period before the one that a day lies in."""
        return self._day(int(np.searchsorted(self._numbers, number(day, self.unit))) - 1)

    def traded_on(self, instants: Seconds) -> Days:
        """The period that each instant lies in, NaT where none is known; the evening before a day belongs to it."""
        return self.of((instants + NIGHT).astype("datetime64[D]"))

    def of(self, days: Days) -> Days:
        """The period that each day lies in, NaT where none is known."""
        wanted = numbers(days, self.unit)
        places = np.minimum(np.searchsorted(self._numbers, wanted), len(self._numbers) - 1)
        found: Days = np.where(self._numbers[places] == wanted, self._days[places], np.datetime64("NaT"))
        return found

    def _day(self, place: int) -> date:
        if place < 0:
            raise CalendarError(f"{self.name} is known from {self._days[0]} on; a day before that was asked for.")
        found: date = self._days[place].item()
        return found


@lru_cache
def periods_of(calendar: str, unit: Unit) -> Periods:
    """The periods of a calendar by its name, reckoned once."""
    return Periods(trading_calendar(calendar), unit)
