"""Who may pass: the documented limits kept strictly, and the penalty box for whoever breaks one.

Belongs here: the verdict over one request at one instant, the box, and the record of broken limits. Does not:
replies (`paced.py`), or any clock: instants come from outside and never go back.

A broken limit locks the whole login out, not just the endpoint. How long depends on the page: 15 minutes here by
default, 10 in the successor documents. "Repeat offenders" can be blocked for good, nobody says after how many times:
where they wait longer, the n-th offence costs n times the penalty. Calls inside the box neither help nor, by default,
hurt; no source settles that. When the box opens, all windows are empty. The gateway's own tickle counts like any
request, and can be the one too many.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from resources.simulator.limits.table import GLOBAL, HISTORY, HISTORY_AT_ONCE, Limit, asked, limits
from resources.simulator.limits.window import Window

AT_ONCE = f"{HISTORY}: {HISTORY_AT_ONCE} at once"
OWN_TICKLE = "the gateway's own tickle"


@dataclass(frozen=True, slots=True)
class Offence:
    """A limit that was broken: which, when, by which request, and until when everybody waits."""

    limit: str
    at: datetime
    request: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """What the sources disagree on."""

    penalty: timedelta = timedelta(minutes=15)  # or 10
    history_a_minute: bool = False  # 50 history requests a minute, since September 2026 and second-hand
    boxes_tickle: bool = True  # whether a tickle inside the box is refused too
    calls_prolong: bool = False  # whether a call inside the box starts its penalty anew
    grows: bool = False  # whether the n-th offence costs n times the penalty
    worded: bool = False  # a 429 with an error object instead of nothing


@dataclass(slots=True)
class Limiter:
    """The limits of one login."""

    rules: Rules = Rules()
    offences: list[Offence] = field(default_factory=list)
    refused: int = 0  # requests that were answered 429, the offending ones included
    boxed_until: datetime | None = None
    running: int = 0  # history requests that have not been answered yet
    _windows: dict[str, Window] = field(default_factory=dict)

    def admit(self, method: str, path: str, now: datetime) -> bool:
        """Count a request; false when it must not pass. An admitted one must be `release`d when answered."""
        if self.is_boxed(now):
            return self._inside(path, now)
        broken = self._broken(method, path, now)
        if broken is not None:
            self.refused += 1
            self._punish(broken, f"{method} {path}", now)
            return False
        for limit in self._limits(method, path):
            self._window(limit).count(now)
        self.running += _is_history(method, path)
        return True

    def release(self, method: str, path: str) -> None:
        """An admitted request was answered."""
        self.running = max(0, self.running - _is_history(method, path))

    def tick(self, at: datetime) -> None:
        """The gateway's own tickle, which counts towards everything and is nobody's request."""
        if self.is_boxed(at):
            return
        window = self._window(GLOBAL)
        if window.is_full(at):
            self._punish(str(GLOBAL), OWN_TICKLE, at)
        else:
            window.count(at)

    def is_boxed(self, now: datetime) -> bool:
        """Whether the penalty is running."""
        return self.boxed_until is not None and now < self.boxed_until

    def forgive(self) -> None:
        """Open the box and empty the windows; the record stays."""
        self.boxed_until = None
        self._windows.clear()

    def _inside(self, path: str, now: datetime) -> bool:
        if path == "/tickle" and not self.rules.boxes_tickle:
            return True
        self.refused += 1
        if self.rules.calls_prolong:
            self.boxed_until = now + self._sentence(len(self.offences))
        return False

    def _broken(self, method: str, path: str, now: datetime) -> str | None:
        if _is_history(method, path) and self.running >= HISTORY_AT_ONCE:
            return AT_ONCE
        full = (limit for limit in self._limits(method, path) if self._window(limit).is_full(now))
        return next((str(limit) for limit in full), None)

    def _punish(self, broken: str, request: str, now: datetime) -> None:
        until = now + self._sentence(len(self.offences) + 1)
        self.offences.append(Offence(broken, now, request, until))
        self.boxed_until = until
        self._windows.clear()

    def _sentence(self, offence: int) -> timedelta:
        return self.rules.penalty * (offence if self.rules.grows else 1)

    def _limits(self, method: str, path: str) -> list[Limit]:
        return limits(method, path, history_a_minute=self.rules.history_a_minute)

    def _window(self, limit: Limit) -> Window:
        return self._windows.setdefault(limit.name, Window(limit))


def _is_history(method: str, path: str) -> bool:
    return asked(method, path) == HISTORY
