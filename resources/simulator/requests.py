"""What a gateway was asked: every request with its timing, its outcome, and what touched it.

Belongs here: the record of requests and the step that keeps it. Does not: what is answered.

Bodies and headers are never kept, and the record is a ring: a night of polling does not fill the memory.
A step that turned a request away, delayed it or changed its reply says so with `touch`.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import count
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resources.simulator.clock import Clock
from resources.simulator.prefix import endpoint

KEPT = 10_000  # requests
LONGEST = 500  # characters of a path or a query
TOUCHED = "simulator.touched"


@dataclass(slots=True)
class Asked:
    """One request. `began` and `took` are real seconds, `at` is simulated; no status when it was cut off."""

    number: int
    at: datetime
    began: float
    method: str
    path: str
    query: str
    status: int | None = None
    bytes: int = 0
    took: float | None = None
    touched: list[str] = field(default_factory=list)


class Requests:
    """The latest requests, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._asked: deque[Asked] = deque(maxlen=kept)
        self._numbers = count(1)
        self.total = 0

    def begin(self, scope: Scope, *, at: datetime, elapsed: float) -> Asked:
        """Note a request that has just come."""
        path = endpoint(scope["path"]) or scope["path"]
        query = scope["query_string"].decode(errors="replace")
        asked = Asked(next(self._numbers), at, elapsed, scope["method"], path[:LONGEST], query[:LONGEST])
        self._asked.append(asked)
        self.total += 1
        return asked

    def listed(self, *, since: int = 0, path: str = "*") -> list[Asked]:
        """Those numbered above `since` whose path is like the pattern."""
        return [asked for asked in tuple(self._asked) if asked.number > since and fnmatchcase(asked.path, path)]

    def clear(self) -> None:
        """Forget them; numbers go on, so that `since` stays good."""
        self._asked.clear()

    def __iter__(self) -> Iterator[Asked]:
        return iter(tuple(self._asked))


def touch(scope: Scope, what: str) -> None:
    """Say what happened to a request on its way: the name of a fault, or of a limit."""
    scope.setdefault(TOUCHED, []).append(what)


class Noted:
    """The step that keeps the record."""

    def __init__(self, behind: ASGIApp, requests: Requests, clock: Clock) -> None:
        self._behind, self._requests, self._clock = behind, requests, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note what becomes of it."""
        began = self._clock.elapsed()
        asked = self._requests.begin(scope, at=self._clock.now(), elapsed=began)
        noted: dict[str, Any] = {**scope, TOUCHED: asked.touched}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                asked.status = message["status"]
            asked.bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self._behind(noted, receive, sent)
        finally:
            asked.took = self._clock.elapsed() - began
