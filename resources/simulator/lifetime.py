"""How long a login and a brokerage session last, and when the whole service is down. Pure.

Belongs here: the region's midnight, the longest login, the idle time, maintenance windows, the gateway's own tickle.
Does not: what becomes of a session then (`session.py`), or what is answered (`closed.py`).

A login ends at the midnight of its region, however late it was made, and after 24 hours at the latest: the two differ
on the day on which clocks go back. The successor documents have 01:00 instead; `cut` says which. The brokerage
session ends after five to six minutes without a request; 5:30 here. That weekends have a long maintenance on Saturday
evening is documented, its hours are not: four are assumed, as IBKR's status page gives other weekend resets.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
TICK = timedelta(seconds=30)  # between two tickles of the gateway itself
SATURDAY = 5


class Region(Enum):
    """Where the login is served from."""

    NEW_YORK = "America/New_York"
    ZUG = "Europe/Zurich"
    HONG_KONG = "Asia/Hong_Kong"


class Maintenance(Enum):
    """Why nothing works."""

    RESET = "nightly reset"
    WEEKEND = "weekend maintenance"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The rules of one region."""

    region: Region = Region.NEW_YORK
    idle: timedelta = timedelta(minutes=5, seconds=30)
    longest: timedelta = DAY
    cut: time = time(0)
    reset: timedelta = timedelta(minutes=5)  # from the cut on
    weekend: time = time(20)  # of Saturday
    weekend_lasts: timedelta = timedelta(hours=4)

    def login_ends(self, login_at: datetime) -> datetime:
        """The next cut after a login, or its longest life."""
        return min(self._next(self.cut, login_at), login_at + self.longest)

    def maintenance(self, now: datetime) -> Maintenance | None:
        """What keeps the service down at this instant."""
        if now - self._latest(self.cut, now) < self.reset:
            return Maintenance.RESET
        if now - self._latest_weekend(now) < self.weekend_lasts:
            return Maintenance.WEEKEND
        return None

    def was_maintained(self, since: datetime, now: datetime) -> bool:
        """Whether the service was down at any time in between: no brokerage session outlives that."""
        if self.maintenance(now) or self.maintenance(since):
            return True
        return self._latest(self.cut, now) > since or self._latest_weekend(now) > since

    def _latest(self, at: time, now: datetime) -> datetime:
        local = now.astimezone(ZoneInfo(self.region.value))
        today = self._on(local, at)
        return today if today <= now else self._on(local - DAY, at)

    def _next(self, at: time, now: datetime) -> datetime:
        local = now.astimezone(ZoneInfo(self.region.value))
        today = self._on(local, at)
        return today if today > now else self._on(local + DAY, at)

    def _latest_weekend(self, now: datetime) -> datetime:
        local = now.astimezone(ZoneInfo(self.region.value))
        saturday = local - DAY * ((local.weekday() - SATURDAY) % 7)
        start = self._on(saturday, self.weekend)
        return start if start <= now else self._on(saturday - 7 * DAY, self.weekend)

    def _on(self, local: datetime, at: time) -> datetime:
        """A wall-clock time of a day, as an instant: aware times of one zone compare by the wall otherwise."""
        day = datetime.combine(local.date(), at, ZoneInfo(self.region.value))
        return day.astimezone(ZoneInfo("UTC"))


def own_ticks(login_at: datetime, since: datetime, now: datetime) -> list[datetime]:
    """When the gateway tickled by itself after `since`, up to `now`: the first and the last time.

    Those in between had no other request near them.
    """
    first = login_at + TICK * max(1, (since - login_at) // TICK + 1)
    last = login_at + TICK * ((now - login_at) // TICK)
    return sorted({at for at in (first, last) if since < at <= now and at > login_at})
