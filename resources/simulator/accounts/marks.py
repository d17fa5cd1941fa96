"""When accounts are valued: at every minute while markets move, else at the marks of the last close.

Belongs here: which prices hold at an instant. Does not: the prices themselves.

From 18:00 New York on a weekday until 03:00 on the next one the day's closes hold: futures have
been settled, the day's performance is in, and nothing moves until Europe opens.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from resources.simulator.clock import NEW_YORK

SETTLEMENT = time(18)
REOPENING = time(3)


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant of valuation; `closed` is the day whose closes hold, None while markets move.

    `until` is later than `at` when something was traded after the evening: held at once, at the evening's prices.
    """

    at: datetime
    closed: date | None
    until: datetime | None = None

    @property
    def seconds(self) -> int:
        """Seconds since 1970 of the last entry that counts."""
        return int((self.until or self.at).timestamp())

    @property
    def day(self) -> date:
        """The day in New York."""
        return self.at.astimezone(NEW_YORK).date()


def evening(day: date) -> Mark:
    """The close of a weekday."""
    return Mark(instant(day, SETTLEMENT), day)


def mark(at: datetime) -> Mark:
    """What accounts are valued at when it is `at`."""
    there = at.astimezone(NEW_YORK)
    day = there.date()
    if day.isoweekday() <= 5 and there.time() >= SETTLEMENT:
        return evening(day)
    if day.isoweekday() > 5 or there.time() < REOPENING:
        return evening(weekday_before(day))
    return Mark(at.astimezone(UTC).replace(second=0, microsecond=0), None)


def last_evening(at: datetime) -> date:
    """The latest weekday whose performance is known."""
    there = at.astimezone(NEW_YORK)
    settled = there.date().isoweekday() <= 5 and there.time() >= SETTLEMENT
    return there.date() if settled else weekday_before(there.date())


def weekday_before(day: date) -> date:
    """The nearest weekday before a day."""
    return day - timedelta(days={1: 3, 7: 2}.get(day.isoweekday(), 1))


def weekday_from(day: date) -> date:
    """The day itself, or the Monday after it."""
    return day + timedelta(days=8 - day.isoweekday()) if day.isoweekday() > 5 else day


def instant(day: date, when: time) -> datetime:
    """A wall-clock time in New York, in UTC."""
    return datetime.combine(day, when, tzinfo=NEW_YORK).astimezone(UTC)
