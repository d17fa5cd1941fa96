"""The hours of single trading days as IBKR keeps them, and to which of them an instant counts.

Belongs here: when bars of a day begin and end, on an exchange's own clock. Does not: which days are trading days
(`trading_days.py`). Sessions of futures and of currencies open the evening before their day: Chicago's at 17:00 for 23
hours (the tables have it close when the next one opens), those of currencies at 17:00 in New York (the tables have them
begin at midnight UTC). American shares trade from 4:00 to 20:00 too, after a half day for four hours.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from resources.calendar.new_york import NEW_YORK
from resources.calendar.trading_days import LATE_TRADING, CalendarError, Days, TradingCalendar

Seconds = npt.NDArray[np.datetime64]
"""Instants (UTC) to the second, sorted."""

CURRENCIES, CHICAGO = "24/5", "CMES"
EVENING = pd.Timedelta(hours=7)  # from 17:00, when the day of currencies begins, to midnight
LONGEST = np.timedelta64(23, "h")
A_MONTH = timedelta(days=30)  # in which every exchange is open
AMERICAN = "XNYS"
DAWN, DUSK = pd.Timedelta(hours=4), pd.Timedelta(hours=20)


def zone_of(calendar: TradingCalendar) -> ZoneInfo:
    """The zone of an exchange's wall clock."""
    return NEW_YORK if calendar.name == CURRENCIES else calendar.zone


def hours(calendar: TradingCalendar, days: Days, *, extended: bool = False) -> tuple[Seconds, Seconds]:
    """When the sessions of trading days open and close."""
    if calendar.name == CURRENCIES:
        begin = _instants(pd.DatetimeIndex(days) - EVENING, NEW_YORK)
        return begin, _instants(pd.DatetimeIndex(days) + pd.Timedelta(days=1) - EVENING, NEW_YORK)
    opens, closes = calendar.sessions(days)
    closes = np.minimum(closes, opens + LONGEST)
    if not (extended and calendar.name == AMERICAN):
        return opens, closes
    dusk = _instants(pd.DatetimeIndex(days) + DUSK, NEW_YORK)
    return _instants(pd.DatetimeIndex(days) + DAWN, NEW_YORK), np.minimum(closes + LATE_TRADING, dusk)


def days_of(instants: Seconds, calendar: TradingCalendar) -> Days:
    """The trading day that each instant counts for; NaT where the calendar does not reach."""
    if calendar.name != CURRENCIES:
        return calendar.traded_on(instants)
    local = pd.DatetimeIndex(instants, tz="UTC").tz_convert(NEW_YORK).tz_localize(None) + EVENING
    days: Days = local.to_numpy().astype("datetime64[D]")
    return days


def session_days(instants: Seconds, calendar: TradingCalendar) -> Days:
    """The trading day in whose session each instant lies; NaT between sessions."""
    days = days_of(instants, calendar)
    known = ~np.isnat(days)
    opens, closes = hours(calendar, days[known])
    is_within = (opens <= instants[known]) & (instants[known] < closes)
    days[known] = np.where(is_within, days[known], np.datetime64("NaT"))
    return days


def latest_ended(calendar: TradingCalendar, instant: datetime) -> tuple[date, datetime]:
    """The latest trading day whose session had ended at an instant, and when it did.

    On a half day Chicago's products end at different hours, so there a day ends when it usually does.
    """
    second = np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "s")
    days = calendar.between(instant.date() - A_MONTH, instant.date() + timedelta(days=1))
    opens, closes = hours(calendar, days)
    ends = opens + LONGEST if calendar.name == CHICAGO else closes
    place = int(np.searchsorted(ends, second, side="right")) - 1
    if place < 0:
        raise CalendarError(f"No session of {calendar.name} is known to have ended in the month before {instant}.")
    day: date = days[place].item()
    end: datetime = ends[place].item()
    return day, end.replace(tzinfo=UTC)


def offsets(instants: Seconds, calendar: TradingCalendar) -> npt.NDArray[np.timedelta64]:
    """How far an exchange's wall clock is ahead of UTC at each instant."""
    utc = pd.DatetimeIndex(instants, tz="UTC")
    local = utc.tz_convert(zone_of(calendar)).tz_localize(None)
    ahead: npt.NDArray[np.timedelta64] = (local - utc.tz_localize(None)).to_numpy().astype("timedelta64[s]")
    return ahead


def _instants(local: pd.DatetimeIndex, zone: ZoneInfo) -> Seconds:
    found: Seconds = local.tz_localize(zone).tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[s]")
    return found
