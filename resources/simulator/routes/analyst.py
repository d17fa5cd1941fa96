"""Endpoints of the portfolio analyst: performance over a period, or over all of them.

Belongs here: unpacking requests. Does not: the series (`accounts/performance.py`), wire shapes (`shapes/analyst.py`).

Several accounts in one request are told as one, not as one row each.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts import marks
from resources.simulator.accounts.performance import PERIODS, path
from resources.simulator.accounts.world import Account, World
from resources.simulator.clock import Timed
from resources.simulator.flavour import Flavour
from resources.simulator.routes.body import json_object, texts
from resources.simulator.shapes import analyst as shapes
from resources.simulator.shapes.accounts import EVERYBODY

DEFAULT_PERIOD = "12M"
FREQUENCIES = ("D", "M", "Q")
SHOWN = ("1D", "7D", "MTD", "1M", "YTD", "1Y")


class Analysed(Protocol):
    """What these endpoints need to know."""

    flavour: Flavour
    world: World

    @property
    def clock(self) -> Timed: ...


def routes(simulation: Analysed) -> list[Route]:
    """Every endpoint of the portfolio analyst."""
    answers = _Answers(simulation)
    older = [Route("/pa/performance", answers.get_performance, methods=["GET"])]
    every = [Route("/pa/allperiods", answers.all_periods, methods=["POST"])]
    return [
        Route("/pa/performance", answers.post_performance, methods=["POST"]),
        *(older if simulation.flavour.performance_get else []),
        *(every if simulation.flavour.all_periods else []),
    ]


class _Answers:
    def __init__(self, simulation: Analysed) -> None:
        self._world = simulation.world
        self._clock = simulation.clock
        self._flavour = simulation.flavour

    async def post_performance(self, request: Request) -> Response:
        body = await json_object(request) or {}
        period, freq = _asked(body)
        return self._performance(texts(body.get("acctIds")), period, freq)

    async def get_performance(self, request: Request) -> Response:
        ids = [name for text in request.query_params.getlist("acctIds") for name in text.split(",")]
        period = request.query_params.get("period", DEFAULT_PERIOD)
        return self._performance(ids or [self._world.accounts[0].account_id], period, "D")

    async def all_periods(self, request: Request) -> Response:
        accounts = _known(self._world, texts((await json_object(request) or {}).get("acctIds")))
        if not accounts:
            return reply.error(400, "Bad Request: acctIds is required")
        now = self._clock.now()
        paths = {
            account.account_id: {period: path(self._world, [account], period, now) for period in SHOWN}
            for account in accounts
        }
        bases = {account.account_id: account.base for account in accounts}
        settled = datetime.combine(marks.last_evening(now), marks.SETTLEMENT)
        return self._coded(shapes.all_periods(paths, bases, settled))

    def _performance(self, ids: Sequence[str], period: str, freq: str) -> Response:
        accounts = _known(self._world, ids)
        if not accounts or period not in PERIODS:
            return reply.error(400, "Bad Request: acctIds and period are required")
        found = path(self._world, accounts, period, self._clock.now())
        name = ids[0] if len(ids) == 1 else EVERYBODY
        return self._coded(shapes.performance(found, ids, name, accounts[0].base, freq))

    def _coded(self, body: dict[str, object]) -> Response:
        return reply.ok({**body, "rc": 0} if self._flavour.return_code else body)


def _asked(body: dict[str, object]) -> tuple[str, str]:
    """Period and frequency. Old gateways have no period and call either of the two `freq`."""
    freq = str(body.get("freq", "D"))
    if freq in FREQUENCIES:
        return str(body.get("period", DEFAULT_PERIOD)), freq
    return str(body.get("period", freq)), "D"


def _known(world: World, ids: Sequence[str]) -> list[Account]:
    """The accounts of those ids, or all for the pseudo-account of everybody; none when one of them is unknown."""
    if list(ids) == [EVERYBODY] and len(world.everyone) > 1:
        return world.everyone
    accounts = [account for name in ids if (account := world.account(name))]
    return accounts if len(accounts) == len(ids) else []
