"""When the next request may leave: the documented limits and the arithmetic of waiting. Pure.

The gateway enforces a sliding window, so what counts is the moment a request is really sent. Even
slots and token buckets break it (woken threads bunch, buckets burst); a minimum gap between actual
sends does not. The gateway's own tickle counts too, once in 30 s: so no second may hold more than nine
of ours, and 8.5/s leaves 58 ms for sends that arrive closer together than they left. The same room
without a tickle was 9.5/s, which broke nothing in 2,400 requests where 10/s broke half.
"""

from dataclasses import dataclass, field

PENALTY_SECONDS = 900.0
"""How long a broken limit locks the login out (10 or 15 minutes by different pages: the longer)."""

DOCUMENTED_PER_SECOND = 10.0
OUR_PER_SECOND = 8.5


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


GLOBAL = Limit(requests=1, seconds=1 / OUR_PER_SECOND / 1.02)


@dataclass(slots=True)
class Pace:
    """Remembers the last send under each limit; says how long to wait, and for which."""

    last_sent: dict[str, float] = field(default_factory=dict)

    def wait(self, name: str, limit: Limit | None, *, now: float) -> tuple[float, str]:
        """Seconds until `name` may be sent at monotonic time `now`, and the limit that decides."""
        waits = [(self._left("all requests", GLOBAL, now), f"all requests, {DOCUMENTED_PER_SECOND:g} per s")]
        if limit is not None:
            waits.append((self._left(name, limit, now), f"{name}, {limit}"))
        return max(waits)

    def sent(self, name: str, *, now: float) -> None:
        """Stamp an actual send."""
        self.last_sent["all requests"] = self.last_sent[name] = now

    def _left(self, name: str, limit: Limit, now: float) -> float:
        last = self.last_sent.get(name)
        return 0.0 if last is None else max(0.0, last + limit.gap - now)
