"""Endpoints of the market scanner, and of the older one behind the history service.

Belongs here: unpacking requests, limits, refusals. Does not: running scans (`scanner/`), wire shapes
(`shapes/scanner.py`).

The older scanner needs the history service's own login and is gone from newer gateways; both look like a path that
does not exist. ibind asks for it below `/run` and with the newer one's word for the place.
"""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.clock import Timed
from resources.simulator.flavour import Flavour
from resources.simulator.market.market import Market
from resources.simulator.routes.body import json_object
from resources.simulator.routes.parameters import number
from resources.simulator.scanner.scan import Question, ScanError, run
from resources.simulator.scanner.sheet import Sheets
from resources.simulator.session import Session
from resources.simulator.shapes import scanner as shapes

MOST, OLD_MOST = 50, 250


class Scanned(Protocol):
    """What these endpoints need to know."""

    session: Session
    flavour: Flavour
    seed: int

    @property
    def market(self) -> Market: ...

    @property
    def clock(self) -> Timed: ...


def routes(simulation: Scanned) -> list[Route]:
    """Every endpoint of both scanners."""
    answers = _Answers(simulation)
    return [
        Route("/iserver/scanner/params", answers.parameters, methods=["GET"]),
        Route("/iserver/scanner/run", answers.run, methods=["POST"]),
        Route("/hmds/scanner/params", answers.old_parameters, methods=["GET"]),
        Route("/hmds/scanner", answers.old_run, methods=["POST"]),
        Route("/hmds/scanner/run", answers.old_run, methods=["POST"]),
    ]


class _Answers:
    def __init__(self, simulation: Scanned) -> None:
        self._simulation = simulation
        self._sheets = Sheets(simulation.market, simulation.seed)

    async def parameters(self, _: Request) -> Response:
        return reply.ok(shapes.parameters())

    async def run(self, request: Request) -> Response:
        body = await json_object(request) or {}
        question = Question(_text(body, "instrument"), _text(body, "location"), _text(body, "type"), _filters(body))
        try:
            scan, hits = run(self._sheets, question, self._simulation.clock.now())
        except ScanError as error:
            return reply.error(self._simulation.flavour.bad_scan_status, str(error), status_code=False)
        return reply.ok(shapes.contracts(scan, hits[:MOST]))

    async def old_parameters(self, _: Request) -> Response:
        return reply.ok(shapes.old_parameters()) if self._is_old() else _gone()

    async def old_run(self, request: Request) -> Response:
        if not self._is_old():
            return _gone()
        body = await json_object(request) or {}
        place = _text(body, "locations") or _text(body, "location")
        question = Question(_text(body, "instrument"), place, _text(body, "scanCode"), _filters(body))
        now = self._simulation.clock.now()
        try:
            _, hits = run(self._sheets, question, now)
        except ScanError as error:
            return reply.error(self._simulation.flavour.bad_scan_status, str(error), status_code=False)
        return reply.ok(shapes.old_contracts(hits[: _most(body)], len(hits), now))

    def _is_old(self) -> bool:
        return self._simulation.flavour.hmds_scanner and self._simulation.session.hmds


def _gone() -> Response:
    return reply.error(404, "Resource not found")


def _text(body: dict[str, object], name: str) -> str:
    return str(body.get(name, ""))


def _most(body: dict[str, object]) -> int:
    wanted = number(body, "maxItems")
    return OLD_MOST if wanted is None else min(wanted, OLD_MOST)


def _filters(body: dict[str, object]) -> list[tuple[str, object]]:
    """As [{code, value}], or as the older scanner has them: [{code: value}]."""
    given = body.get("filter") or body.get("filters") or []
    listed = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    found: list[tuple[str, object]] = []
    for each in listed:
        found += [(str(each["code"]), each.get("value"))] if "code" in each else list(each.items())
    return found
