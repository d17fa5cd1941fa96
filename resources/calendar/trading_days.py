"""Trading days: which days an exchange is open, and to which of them an instant belongs.

Pure functions of a calendar kept by the exchange_calendars library. A trading day begins at its open
and lasts until the next one opens: what the gateway says at 2 o'clock at night is still about
yesterday's close, and what it says on Sunday is about Friday's.
"""

import warnings
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.datetime64]
"""Days as numpy has them, sorted."""

FIRST_DAY = "1990-01-01"

LATE_TRADING = np.timedelta64(4, "h")
"""How long after a close trades count for the day that closed: in New York until 20:00."""

CALENDAR_OF_LISTING = {
    **dict.fromkeys(("NYSE", "NASDAQ", "ARCA", "AMEX", "BATS", "IEX", "SMART", "PINK", "CBOE"), "XNYS"),
    **dict.fromkeys(("CME", "GLOBEX", "CBOT", "ECBOT", "NYMEX", "COMEX"), "CMES"),
    **dict.fromkeys(("IBIS", "IBIS2", "XETRA"), "XETR"),
    **{"FWB": "XFRA", "LSE": "XLON", "LSEETF": "XLON", "SBF": "XPAR", "AEB": "XAMS", "EBS": "XSWX", "BVME": "XMIL"},
    **{"BM": "XMAD", "SFB": "XSTO", "TSE": "XTSE", "TSEJ": "XTKS", "SEHK": "XHKG", "ASX": "XASX", "MEXI": "XMEX"},
    "IDEALPRO": "24/5",
}
"""IBKR's code of a listing exchange to the name of its calendar; a venue not listed here is not judged."""


class CalendarError(Exception):
    """The configured exchange calendar cannot answer."""


class TradingCalendar:
    """The trading days of one exchange; `name` as exchange_calendars has it, e.g. XNYS."""

    def __init__(self, name: str = "XNYS") -> None:
        self.name = name
        kept = _load(name)
        self.zone = ZoneInfo(str(kept.tz))
        self._days: Days = kept.sessions.to_numpy().astype("datetime64[D]")
        self._opens = kept.opens.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        self._closes = kept.closes.dt.tz_localize(None).to_numpy().astype("datetime64[s]")

    def __contains__(self, day: date) -> bool:
        place = np.searchsorted(self._days, np.datetime64(day))
        return bool(place < len(self._days) and self._days[place] == np.datetime64(day))

    def between(self, first: date, last: date) -> Days:
        """Trading days from `first` to `last`, both included."""
        start = np.searchsorted(self._days, np.datetime64(first))
        return self._days[start : np.searchsorted(self._days, np.datetime64(last), side="right")]

    def day_of(self, instant: datetime) -> date:
        """The trading day an instant belongs to: the latest whose open has come."""
        return self._day(np.searchsorted(self._opens, _second(instant), side="right") - 1)

    def latest_closed(self, instant: datetime) -> date:
        """The latest trading day whose close has come."""
        return self._day(np.searchsorted(self._closes, _second(instant), side="right") - 1)

    def traded_on(self, instants: Days) -> Days:
        """The trading day that each execution counts for, NaT where it is not known.

        That is the day of the session it lies in. What is traded late counts for the day that closed, what is traded
        earlier than an open (in the morning, over night, at the weekend) for the day that opens.
        """
        ends = np.minimum(self._closes[:-1] + LATE_TRADING, self._opens[1:])
        places = np.searchsorted(ends, instants, side="right")
        known = (instants >= self._opens[0]) & (places < len(ends))
        return np.where(known, self._days[np.minimum(places, len(ends))], np.datetime64("NaT"))

    def sessions(self, days: Days) -> tuple[Days, Days]:
        """When the regular sessions of trading days open and close."""
        places = np.searchsorted(self._days, days)
        return self._opens[places], self._closes[places]

    def opens(self, day: date) -> datetime:
        """The instant (UTC) at which the day's regular session opens."""
        return _utc(self._opens[self._place(day)])

    def close(self, day: date) -> datetime:
        """The instant (UTC) at which the day's regular session closes; early on half days."""
        return _utc(self._closes[self._place(day)])

    def previous(self, day: date) -> date:
        """The trading day before a trading day."""
        return self._day(self._place(day) - 1)

    def next(self, day: date) -> date:
        """The trading day after a trading day."""
        return self._day(self._place(day) + 1)

    def _place(self, day: date) -> int:
        if day not in self:
            raise CalendarError(f"{day} is not a trading day of {self.name}. Choose one that is.")
        return int(np.searchsorted(self._days, np.datetime64(day)))

    def _day(self, place: Any) -> date:
        if not 0 <= place < len(self._days):
            raise CalendarError(
                f"{self.name} is known from {self._days[0]} to {self._days[-1]}; a day outside was asked for."
            )
        found: date = self._days[place].item()
        return found


def calendar_of(listing_exchange: str | None) -> TradingCalendar | None:
    """The calendar of a listing exchange by IBKR's code; None for a venue that is not known here."""
    name = CALENDAR_OF_LISTING.get((listing_exchange or "").split(".")[0])
    return trading_calendar(name) if name else None


@lru_cache
def trading_calendar(name: str) -> TradingCalendar:
    """One calendar per name and process: building one costs a tenth of a second."""
    return TradingCalendar(name)


def _load(name: str) -> Any:
    import exchange_calendars
    from exchange_calendars.errors import InvalidCalendarName

    try:
        with warnings.catch_warnings():  # it builds on a habit of pandas 2 that pandas 3 warns about
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                return exchange_calendars.get_calendar(name, start=FIRST_DAY)
            except ValueError:  # some are known from a later day on only, Tokyo's from 1997
                return exchange_calendars.get_calendar(name, start=exchange_calendars.get_calendar(name).bound_min())
    except InvalidCalendarName as error:
        raise CalendarError(
            f"Exchange calendar {name!r}: no such calendar. Use a name such as XNYS, XLON or XETR."
        ) from error


def _second(instant: datetime) -> Any:
    if instant.utcoffset() is None:
        raise CalendarError(f"{instant.isoformat()} names no zone, so it is no instant. Give it one, e.g. UTC.")
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "s")


def _utc(second: Any) -> datetime:
    found: datetime = second.item()
    return found.replace(tzinfo=UTC)
