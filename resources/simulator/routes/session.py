"""Endpoints of the login and the brokerage session.

Belongs here: unpacking requests and changing the session. Does not: wire shapes (`shapes/session.py`).

GET and POST are both answered where both are known to be. Reauthenticating is the work of the gateway itself, which
then asks for the accounts once, as after a login. An init whose wishes come as query parameters gives a session that
looks authenticated and never gets a bridge.
"""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.clock import Timed
from resources.simulator.flavour import Flavour
from resources.simulator.routes.body import json_object
from resources.simulator.session import Session
from resources.simulator.shapes import session as shapes

UNREACHABLE = "Unable to connect to the backend"
TOO_MANY = "Login refused: too many attempts, try again later"
LOGOUT_TAIL = b"\nClient logout succeeded"


class Logged(Protocol):
    """What these endpoints need to know."""

    session: Session
    flavour: Flavour
    seed: int

    @property
    def clock(self) -> Timed: ...


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
        self._flavour = simulation.flavour

    async def validate(self, _: Request) -> Response:
        return reply.ok(shapes.validation(self._session, self._clock.now()))

    async def status(self, _: Request) -> Response:
        answer = shapes.status(self._session, self._flavour)
        self._session.poll()
        return reply.ok(answer)

    async def tickle(self, _: Request) -> Response:
        answer = shapes.tickle(self._session, self._clock.now(), self._flavour, seed=self._seed)
        self._session.poll()
        return reply.ok(answer)

    async def initialise(self, request: Request) -> Response:
        body = await json_object(request) or {}
        wishes = {**{name: value.lower() == "true" for name, value in request.query_params.items()}, **body}
        if wishes.get("publish") is not True:
            return reply.error(500, "Unable to init session: publish must be true", status_code=False)
        reached = self._session.attempt()
        if self._session.hammered:
            return reply.error(500, TOO_MANY, status_code=False)
        compete = wishes.get("compete") is True
        if not reached or not (self._session.connected or compete):
            return reply.error(500, UNREACHABLE, status_code=False)
        if not self._session.initialise(compete=compete, bridge="publish" in body):
            return reply.ok(shapes.refusal())
        return reply.ok(shapes.initialised(self._session, self._flavour, seed=self._seed))

    async def reauthenticate(self, _: Request) -> Response:
        self._session.pass_to(self._clock.now())
        if not self._session.logged_in:
            return reply.ok({"error": "not logged in"})
        if self._session.attempt() and not self._session.hammered and self._session.initialise(compete=False):
            self._session.primed = self._session.bridged
        return reply.ok({"message": "triggered"})

    async def logout(self, _: Request) -> Response:
        self._session.log_out()
        return reply.ok({"status": True}, tail=LOGOUT_TAIL if self._flavour.logout_tail else b"")
