"""The step of every exchange at which pacing is enforced.

Belongs here: asking the limiter, and the reply of a refused request. Does not: verdicts (`limiter.py`).

It stands before the login and the session are looked at: upstream counts whoever knocks. What the gateway process
answers by itself costs nothing. A request is running until its last byte was sent, so a slow answer occupies one of
the places for history.
"""

from collections.abc import Callable
from datetime import datetime

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from resources.simulator import reply
from resources.simulator.limits.limiter import Limiter

LOCAL = ("/iserver/reauthenticate",)
REASON = "Too many requests. Please respect the pacing limitations"


class Paced:
    """Endpoints behind the pacing limits. `ticks` tells the gateway's own tickles between two instants."""

    def __init__(
        self,
        endpoints: ASGIApp,
        limiter: Limiter,
        now: Callable[[], datetime],
        *,
        ticks: Callable[[datetime, datetime], list[datetime]],
    ) -> None:
        self._endpoints = endpoints
        self._limiter = limiter
        self._now = now
        self._ticks = ticks
        self._seen = now()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it with a 429."""
        method, path = scope["method"], scope["path"]
        if path in LOCAL:
            await self._endpoints(scope, receive, send)
            return
        now = self._catch_up()
        if not self._limiter.admit(method, path, now):
            await self._refusal()(scope, receive, send)
            return
        try:
            await self._endpoints(scope, receive, send)
        finally:
            self._limiter.release(method, path)

    def _catch_up(self) -> datetime:
        before, self._seen = self._seen, self._now()
        for at in self._ticks(before, self._seen):
            self._limiter.tick(at)
        return self._seen

    def _refusal(self) -> Response:
        return reply.error(429, REASON, status_code=False) if self._limiter.rules.worded else reply.empty(429)
