"""The simulated present: an instant that starts where it is told, ticks, and can be moved.

Belongs here: the clock and what an instant on the command line means. Does not: trading hours
of the instruments (the market's), or what happens at an instant (`world.py`, `session.py`).

The clock starts in the evening of a closed New York session when nobody says otherwise: only then
are positions, closing prices and the day's performance all there, as they are for a nightly run.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from resources.simulator.market.calendars import hours

NEW_YORK = ZoneInfo("America/New_York")
EVENING = time(18, 30)
AFTER_THE_CLOSE = timedelta(hours=2)


class Clock:
    """Ticks from `start` at `rate` simulated seconds per second of `real`."""

    def __init__(self, start: datetime, *, real: Callable[[], float], rate: float = 1.0) -> None:
        self._start = start.astimezone(UTC)
        self._real = real
        self._zero = real()
        self.rate = rate

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return self._start + timedelta(seconds=self.elapsed() * self.rate)

    def advance(self, step: timedelta) -> None:
        """Jump ahead."""
        if step < timedelta(0):
            raise ValueError(f"advance the clock by {step}: time only moves forward. Start a new simulator instead")
        self._start += step

    def elapsed(self) -> float:
        """Real seconds since the clock was made."""
        return self._real() - self._zero


def parse_instant(text: str) -> datetime:
    """An ISO date (its evening in New York) or date and time (New York unless it says otherwise)."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"read the clock {text!r}: not a date. Write 2026-11-23 or 2026-11-23T18:30") from None
    if "T" not in text and " " not in text:
        instant = datetime.combine(instant.date(), EVENING)
    return (instant if instant.tzinfo else instant.replace(tzinfo=NEW_YORK)).astimezone(UTC)


def latest_evening(real_now: datetime) -> datetime:
    """The evening of the latest closed New York session, never ahead of real time."""
    closes = hours("NYSE").closes
    last = int(closes[closes <= real_now.timestamp()][-1])
    return min(real_now, datetime.fromtimestamp(last, UTC) + AFTER_THE_CLOSE).astimezone(UTC)
