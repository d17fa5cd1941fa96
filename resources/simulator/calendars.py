"""When the exchanges of the simulated world are open.

Belongs here: sessions per exchange code, as arrays that are cheap to search. Does not: which days a
single contract trades (its life ends at expiry: `market/market.py`), prices. The simulator keeps this view
of its own so that a mistake in the client's calendar shows instead of cancelling out.

The real calendars come from `exchange_calendars`; importing it takes half a second, so it waits
for the first question. Days outside the tables (before 1990, or a file's own Saturday) get the
exchange's usual hours. No session lasts beyond the usual hours: the tables have Chicago closing at 17:00, which is when
its next day opens, an hour after the close. Of currencies the tables know the days only: they are traded from 17:15 in
New York on the evening before to 17:00, with a pause of a quarter of an hour in between, and not at the weekend.
"""

import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

FIRST, LAST = "1990-01-01", "2040-12-31"
CURRENCIES = "24/5"


@dataclass(frozen=True, slots=True)
class Venue:
    """A calendar's name, its wall clock, and the usual hours on it."""

    calendar: str
    zone: str
    opens: time
    closes: time

    @property
    def minutes(self) -> int:
        """Length of a usual session; one that closes at an earlier hour than it opens began the evening before."""
        length = (self.closes.hour - self.opens.hour) * 60 + self.closes.minute - self.opens.minute
        return length if length > 0 else length + 24 * 60

    def usual(self, day: date) -> tuple[int, int]:
        """Opening and closing of a day that is like the others, as seconds since 1970."""
        closing = datetime.combine(day, self.closes, tzinfo=ZoneInfo(self.zone))
        opening = closing.astimezone(UTC) - timedelta(minutes=self.minutes)
        return int(opening.timestamp()), int(closing.timestamp())


NEW_YORK = Venue("XNYS", "America/New_York", time(9, 30), time(16))  # listed options and bonds keep its days too
VENUES = {
    "LSE": Venue("XLON", "Europe/London", time(8), time(16, 30)),
    "IBIS": Venue("XETR", "Europe/Berlin", time(9), time(17, 30)),
    "SBF": Venue("XPAR", "Europe/Paris", time(9), time(17, 30)),
    "EBS": Venue("XSWX", "Europe/Zurich", time(9), time(17, 30)),
    "AEB": Venue("XAMS", "Europe/Amsterdam", time(9), time(17, 30)),
    "CME": Venue("CMES", "America/Chicago", time(17), time(16)),
    "NYMEX": Venue("CMES", "America/Chicago", time(17), time(16)),
    "IDEALPRO": Venue(CURRENCIES, "America/New_York", time(17, 15), time(17)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """The sessions of one exchange: parallel and sorted; instants are seconds since 1970."""

    venue: Venue
    days: Sequence[date]
    ordinals: npt.NDArray[np.int64]
    opens: npt.NDArray[np.int64]
    closes: npt.NDArray[np.int64]

    def between(self, first: date, last: date) -> slice:
        """Where the days from `first` to `last` lie, both included."""
        return slice(bisect_left(self.days, first), bisect_right(self.days, last))

    def session(self, day: date) -> tuple[int, int]:
        """Opening and closing of a day; the usual hours when the calendar does not have it."""
        row = bisect_left(self.days, day)
        if row < len(self.days) and self.days[row] == day:
            return int(self.opens[row]), int(self.closes[row])
        return self.usual(day)

    def local_day(self, at: datetime) -> date:
        """The date on the exchange's wall clock."""
        return at.astimezone(ZoneInfo(self.venue.zone)).date()

    def offset(self, day: date) -> int:
        """Seconds that the exchange's wall clock is ahead of UTC when a day opens."""
        opening = datetime.fromtimestamp(self.session(day)[0], ZoneInfo(self.venue.zone))
        return int((opening.utcoffset() or timedelta()).total_seconds())

    def usual(self, day: date) -> tuple[int, int]:
        """Opening and closing of a day that is like the others."""
        return self.venue.usual(day)


def midnight(day: date) -> int:
    """Midnight UTC of a day, as seconds since 1970."""
    return int(datetime.combine(day, time(), tzinfo=UTC).timestamp())


def venue(exchange: str) -> Venue:
    """What is known of an exchange without opening its calendar."""
    return VENUES.get(exchange, NEW_YORK)


def hours(exchange: str) -> Hours:
    """The sessions of an exchange, by IBKR's code."""
    return _hours(venue(exchange))


@cache
def _hours(at: Venue) -> Hours:
    import exchange_calendars

    with warnings.catch_warnings():  # it builds on a habit of pandas 2 that pandas 3 warns about
        warnings.simplefilter("ignore", DeprecationWarning)
        schedule = exchange_calendars.get_calendar(at.calendar, start=FIRST, end=LAST).schedule
    opens, closes = (
        schedule[side].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[s]").astype(np.int64)
        for side in ("open", "close")
    )
    days = [stamp.date() for stamp in schedule.index]
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    if at.calendar == CURRENCIES:
        closes = np.array([at.usual(day)[1] for day in days], dtype=np.int64)
        opens = closes - at.minutes * 60
    return Hours(at, days, ordinals, opens, np.minimum(closes, opens + at.minutes * 60))
