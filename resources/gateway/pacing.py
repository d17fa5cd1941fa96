"""When the next request may leave: the documented limits and the arithmetic of waiting. Pure.

The gateway enforces a sliding window, so what counts is the moment a request is really sent. Even
slots and token buckets break it (woken threads bunch, buckets burst); a minimum gap between actual
sends does not. The gateway's own tickle counts too, once in 30 s and at no known moment: so of the ten
requests that a second may hold, nine are ours to use. 8.7/s is 97 % of those, and leaves 34 ms for
sends that arrive closer together than they left.

More would need that moment. Whoever asks faster than nine a second somewhere has ten requests within a second, and
breaks the limit when the tickle comes between them. Nothing that the API tells says when it comes: the login does
(`AUTH_TIME`), but the gateway begins to tickle after an init of its own that may take five tries, 3 s apart.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PENALTY_SECONDS = 900.0
"""How long a broken limit locks the login out (10 or 15 minutes by different pages: the longer)."""

DOCUMENTED_PER_SECOND = 10.0
OURS_PER_SECOND = 9.0
USED_PER_SECOND = 8.7
EVERYTHING = "all requests"
KEPT_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` in any `seconds`, kept as a gap between sends."""

    requests: int
    seconds: float

    @property
    def gap(self) -> float:
        """Seconds between two sends, a hair more than asked since clocks differ."""
        return self.seconds / self.requests * 1.02

    def __str__(self) -> str:
        return f"{self.requests} per {self.seconds:g} s"


GLOBAL_GAP = 1 / USED_PER_SECOND


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a request must wait, for which limit; whether nobody else may send meanwhile, and for a broken limit."""

    seconds: float
    reason: str
    is_for_all: bool = False
    is_penalty: bool = False


@dataclass(slots=True)
class Pace:
    """The last send under each limit, and the last 429, in seconds of one clock.

    Nothing is known of what was sent before `known_since`: each limit counts as used at that moment.
    """

    sent: dict[str, float] = field(default_factory=dict)
    punished_at: float = -math.inf
    known_since: float = -math.inf

    def wait(self, name: str, limit: Limit | None, *, now: float) -> Wait:
        """How long `name` must wait at `now`; of several limits the one that decides."""
        gap = self._left(EVERYTHING, GLOBAL_GAP, now)
        waits = [Wait(gap, f"{EVERYTHING}, {DOCUMENTED_PER_SECOND:g} per s", is_for_all=True)]
        if limit is not None:
            waits.append(Wait(self._left(name, limit.gap, now), f"{name}, {limit}"))
        penalty = self.punished_at + PENALTY_SECONDS - now
        if penalty > 0:
            waits.append(Wait(penalty, "the penalty for a broken limit", is_for_all=True, is_penalty=True))
        return max(waits, key=lambda wait: (wait.is_penalty, wait.seconds))

    def mark(self, name: str, *, now: float) -> None:
        """Stamp an actual send."""
        self.sent[EVERYTHING] = self.sent[name] = now

    def marked(self, name: str, *, now: float) -> "Pace":
        """The same after an actual send."""
        return Pace({**self.sent, EVERYTHING: now, name: now}, self.punished_at, self.known_since)

    def punish(self, *, now: float) -> None:
        """A limit was broken: the penalty begins, again if it was running."""
        self.punished_at = now

    def moved(self, seconds: float, *, now: float) -> "Pace":
        """The same by a clock that is `seconds` ahead (0 within one boot); nothing lies in the future."""
        sent = {name: min(at + seconds, now) for name, at in self.sent.items()}
        return Pace(sent, min(self.punished_at + seconds, now), min(self.known_since + seconds, now))

    def to_json(self, *, now: float) -> dict[str, Any]:
        """What is worth remembering at `now`."""
        return {
            "sent": {name: at for name, at in self.sent.items() if now - at < KEPT_SECONDS},
            "punished_at": _finite(self.punished_at),
            "known_since": _finite(self.known_since),
        }

    def _left(self, name: str, gap: float, now: float) -> float:
        return max(0.0, max(self.sent.get(name, -math.inf), self.known_since) + gap - now)


def read_pace(record: Mapping[str, Any]) -> Pace:
    """What `to_json` gave; raises `ValueError` or `TypeError` for anything else."""
    sent = {str(name): float(at) for name, at in dict(record["sent"]).items()}
    return Pace(sent, _instant(record["punished_at"]), _instant(record["known_since"]))


def _finite(at: float) -> float | None:
    return at if math.isfinite(at) else None


def _instant(value: Any) -> float:
    return -math.inf if value is None else float(value)
