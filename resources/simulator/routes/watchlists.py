"""Endpoints of watchlists: all of them, one, a new one, one less.

Belongs here: unpacking requests, refusals. Does not: the lists (`watchlists.py`), wire shapes (`shapes/watchlists.py`).
"""

from datetime import datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.market.market import Market
from resources.simulator.routes import parameters
from resources.simulator.routes.body import json_object
from resources.simulator.session import Session
from resources.simulator.shapes import watchlists as shapes
from resources.simulator.watchlists import WatchlistError, Watchlists


class Ticking(Protocol):
    """A clock."""

    def now(self) -> datetime: ...


class Watching(Protocol):
    """What these endpoints need to know."""

    session: Session

    @property
    def market(self) -> Market: ...

    @property
    def clock(self) -> Ticking: ...


def routes(simulation: Watching) -> list[Route]:
    """Every endpoint of watchlists."""
    answers = _Answers(simulation)
    return [
        Route("/iserver/watchlists", answers.overview, methods=["GET"]),
        Route("/iserver/watchlist", answers.one, methods=["GET"]),
        Route("/iserver/watchlist", answers.write, methods=["POST"]),
        Route("/iserver/watchlist", answers.drop, methods=["DELETE"]),
    ]


class _Answers:
    def __init__(self, simulation: Watching) -> None:
        self._simulation = simulation
        self._lists = Watchlists()
        self._session, self._calls = 0, 0

    async def overview(self, _: Request) -> Response:
        return reply.ok(shapes.overview(self._lists.listed(), self._called()))

    async def one(self, request: Request) -> Response:
        self._called()
        try:
            found = self._lists.read(parameters.text(request.query_params, "id"))
        except WatchlistError:
            return _unavailable()
        return reply.ok(shapes.detailed(found, self._simulation.market.instrument))

    async def write(self, request: Request) -> Response:
        self._called()
        body = await json_object(request)
        if not body:
            return reply.error(400, "Bad Request: id and name are required")
        name = parameters.text(body, "name")
        try:
            found = self._lists.write(parameters.text(body, "id"), name, _rows(body), self._simulation.clock.now())
        except WatchlistError:
            return _unavailable()
        return reply.ok(shapes.written(found))

    async def drop(self, request: Request) -> Response:
        """By the query, or by a body as some clients have it. Only a session that is new to lists misses one."""
        number = parameters.text({**(await json_object(request) or {}), **request.query_params}, "id")
        calls = self._called()
        if not self._lists.drop(number) and calls == 1:
            return _unavailable()
        return reply.ok(shapes.dropped(number, calls))

    def _called(self) -> int:
        if self._session != self._simulation.session.number:
            self._session, self._calls = self._simulation.session.number, 0
        self._calls += 1
        return self._calls


def _rows(body: dict[str, object]) -> list[int | None]:
    """`C` is a contract, as a number or as text; a row without one is blank."""
    rows = body.get("rows")
    given = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [parameters.number(row, "C") for row in given]


def _unavailable() -> Response:
    return reply.error(503, "Service Unavailable")
