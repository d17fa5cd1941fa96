"""Endpoints of the login and the brokerage session.

Belongs here: unpacking requests and changing the session. Does not: wire shapes (`shapes/session.py`).
GET and POST are both answered where both are known to be.
"""

from datetime import datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.flavour import Flavour
from resources.simulator.routes.body import json_object
from resources.simulator.session import Session
from resources.simulator.shapes import session as shapes


class Ticking(Protocol):
    """A clock."""

    def now(self) -> datetime: ...


class Logged(Protocol):
    """What these endpoints need to know."""

    session: Session
    flavour: Flavour
    seed: int

    @property
    def clock(self) -> Ticking: ...


def routes(simulation: Logged) -> list[Route]:
    """Every endpoint of the session."""
    answers = _Answers(simulation)
    both = ["GET", "POST"]
    return [
        Route("/sso/validate", answers.validate, methods=["GET"]),
        Route("/iserver/auth/status", answers.status, methods=both),
        Route("/iserver/auth/ssodh/init", answers.initialise, methods=["POST"]),
        Route("/iserver/reauthenticate", answers.reauthenticate, methods=both),
        Route("/tickle", answers.tickle, methods=both),
        Route("/logout", answers.logout, methods=both),
    ]


class _Answers:
    def __init__(self, simulation: Logged) -> None:
        self._session = simulation.session
        self._clock = simulation.clock
        self._seed = simulation.seed
        self._established = simulation.flavour.established

    async def validate(self, _: Request) -> Response:
        return reply.ok(shapes.validation(self._session, self._clock.now()))

    async def status(self, _: Request) -> Response:
        answer = shapes.status(self._session, established=self._established)
        self._session.poll()
        return reply.ok(answer)

    async def tickle(self, _: Request) -> Response:
        answer = shapes.tickle(self._session, self._clock.now(), seed=self._seed, established=self._established)
        self._session.poll()
        return reply.ok(answer)

    async def initialise(self, request: Request) -> Response:
        wishes = await json_object(request)
        if wishes is None or wishes.get("publish") is not True:
            return reply.error(500, "Unable to init session: publish must be true", status_code=False)
        if not self._session.initialise(compete=wishes.get("compete") is True):
            return reply.ok(shapes.refusal())
        return reply.ok(shapes.status(self._session, established=self._established))

    async def reauthenticate(self, _: Request) -> Response:
        if not self._session.logged_in:
            return reply.ok({"error": "not logged in"})
        self._session.initialise(compete=False)
        return reply.ok({"message": "triggered"})

    async def logout(self, _: Request) -> Response:
        self._session.log_out()
        return reply.ok({"status": True})
