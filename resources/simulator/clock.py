"""The simulated present: an instant that starts where it is told, ticks, and can be moved.

Belongs here: the clock and what an instant on the command line means. Does not: trading hours
of the instruments (the market's), or what happens at an instant (`accounts/world.py`, `session.py`).

The clock starts in the evening of a closed New York session when nobody says otherwise: only then
are positions, closing prices and the day's performance all there, as they are for a nightly run.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from resources.simulator.calendars import hours

NEW_YORK = ZoneInfo("America/New_York")
EVENING = time(18, 30)
AFTER_THE_CLOSE = timedelta(hours=2)
END = datetime(2040, 1, 1, tzinfo=UTC)  # the exchanges' calendars reach no further
FASTEST = 86_400.0  # a day per second


class Timed(Protocol):
    """What tells the present."""

    def now(self) -> datetime: ...


class Clock:
    """Ticks from `start` at `rate` simulated seconds per second of `real`; at 0 it stands still."""

    def __init__(self, start: datetime, *, real: Callable[[], float], rate: float = 1.0) -> None:
        self._start = start.astimezone(UTC)
        self._real = real
        self._made = self._since = real()
        self._rate = rate

    @property
    def rate(self) -> float:
        """Simulated seconds per real one."""
        return self._rate

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return self._start + timedelta(seconds=(self._real() - self._since) * self._rate)

    def advance(self, step: timedelta) -> None:
        """Jump ahead."""
        if step < timedelta(0):
            raise ValueError(f"advance the clock by {step}: time only moves forward. Start a new simulator instead")
        if step > END - self.now():
            raise ValueError(f"advance the clock by {step}: the simulated world ends on {END:%Y-%m-%d}. Move it less")
        self._start += step

    def move_to(self, instant: datetime) -> None:
        """Jump ahead to an instant."""
        now = self.now()
        if instant < now:
            raise ValueError(
                f"move the clock to {instant.isoformat()}: it is {now.isoformat(timespec='seconds')} already, "
                "and time only moves forward. Start a new simulator instead"
            )
        self.advance(instant - now)

    def tick_at(self, rate: float) -> None:
        """Go faster or slower from here on, without a jump."""
        if not 0 <= rate <= FASTEST:
            raise ValueError(f"let the clock tick at rate {rate}: choose 0 (it stands still) to {FASTEST:.0f}")
        self._start, self._since, self._rate = self.now(), self._real(), rate

    def elapsed(self) -> float:
        """Real seconds since the clock was made."""
        return self._real() - self._made


def parse_instant(text: str) -> datetime:
    """An ISO date (its evening in New York) or date and time (New York unless it says otherwise)."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"read the clock {text!r}: not a date. Write 2026-11-23 or 2026-11-23T18:30") from None
    if "T" not in text and " " not in text:
        instant = datetime.combine(instant.date(), EVENING)
    try:
        return (instant if instant.tzinfo else instant.replace(tzinfo=NEW_YORK)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"read the clock {text!r}: no calendar reaches that far. Write another year") from None


def latest_evening(real_now: datetime) -> datetime:
    """The evening of the latest closed New York session, never ahead of real time."""
    closes = hours("NYSE").closes
    last = int(closes[closes <= real_now.timestamp()][-1])
    return min(real_now, datetime.fromtimestamp(last, UTC) + AFTER_THE_CLOSE).astimezone(UTC)
