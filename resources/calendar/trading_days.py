"""Trading days: which days an exchange is open, and to which of them an instant belongs.

Pure functions of a calendar kept by the exchange_calendars library. A trading day begins at its open
and lasts until the next one opens: what the gateway says at 2 o'clock at night is still about
yesterday's close, and what it says on Sunday is about Friday's.
"""

from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Any

FIRST_DAY = "1990-01-01"

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
        _ = self._sessions

    def __contains__(self, day: date) -> bool:
        return day in self._sessions

    def between(self, first: date, last: date) -> list[date]:
        """Trading days from `first` to `last`, both included."""
        return [stamp.date() for stamp in self._calendar.sessions_in_range(*self._clipped(first, last))]

    def day_of(self, instant: datetime) -> date:
        """The trading day an instant belongs to: the latest whose open has come."""
        found: date = self._calendar.minute_to_session(_minute(instant), direction="previous").date()
        return found

    def latest_closed(self, instant: datetime) -> date:
        """The latest trading day whose close has come."""
        day = self.day_of(instant)
        return day if instant >= self.close(day) else self.previous(day)

    def opens(self, day: date) -> datetime:
        """The instant (UTC) at which the day's regular session opens."""
        return _utc(self._calendar.session_open(day.isoformat()))

    def close(self, day: date) -> datetime:
        """The instant (UTC) at which the day's regular session closes; early on half days."""
        return _utc(self._calendar.session_close(day.isoformat()))

    def previous(self, day: date) -> date:
        """The trading day before a trading day."""
        found: date = self._calendar.previous_session(day.isoformat()).date()
        return found

    def next(self, day: date) -> date:
        """The trading day after a trading day."""
        found: date = self._calendar.next_session(day.isoformat()).date()
        return found

    @cached_property
    def _calendar(self) -> Any:
        return _load(self.name)

    @cached_property
    def _sessions(self) -> frozenset[date]:
        return frozenset(stamp.date() for stamp in self._calendar.sessions)

    def _clipped(self, first: date, last: date) -> tuple[str, str]:
        known = self._calendar.first_session.date(), self._calendar.last_session.date()
        return max(first, known[0]).isoformat(), min(last, known[1]).isoformat()


def calendar_of(listing_exchange: str | None) -> TradingCalendar | None:
    """The calendar of a listing exchange by IBKR's code; None for a venue that is not known here."""
    name = CALENDAR_OF_LISTING.get((listing_exchange or "").split(".")[0])
    return trading_calendar(name) if name else None


@lru_cache
def trading_calendar(name: str) -> TradingCalendar:
    """One calendar per name and process: building one costs a tenth of a second."""
    return TradingCalendar(name)


@lru_cache
def _load(name: str) -> Any:
    import exchange_calendars
    from exchange_calendars.errors import InvalidCalendarName

    try:
        return exchange_calendars.get_calendar(name, start=FIRST_DAY)
    except InvalidCalendarName as error:
        raise CalendarError(
            f"Exchange calendar {name!r}: no such calendar. Use a name such as XNYS, XLON or XETR."
        ) from error


def _minute(instant: datetime) -> Any:
    import pandas as pd

    return pd.Timestamp(instant).tz_convert("UTC").floor("min")


def _utc(stamp: Any) -> datetime:
    found: datetime = stamp.to_pydatetime()
    return found.astimezone(UTC)
