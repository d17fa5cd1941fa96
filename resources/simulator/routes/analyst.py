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
    world, clock = simulation.world, simulation.clock

    def coded(body: dict[str, object]) -> Response:
        return reply.ok({**body, "rc": 0} if simulation.flavour.return_code else body)

    def performance(ids: Sequence[str], period: str, freq: str = "D") -> Response:
        accounts = _known(world, ids)
        if not accounts or period not in PERIODS:
            return reply.error(400, "Bad Request: acctIds and period are required")
        found = path(world, accounts, period, clock.now())
        name = ids[0] if len(ids) == 1 else EVERYBODY
        return coded(shapes.performance(found, ids, name, accounts[0].base, freq))

    async def post_performance(request: Request) -> Response:
        body = await json_object(request) or {}
        period, freq = _asked(body)
        return performance(texts(body.get("acctIds")), period, freq)

    async def get_performance(request: Request) -> Response:
        ids = [name for text in request.query_params.getlist("acctIds") for name in text.split(",")]
        return performance(ids or [world.accounts[0].account_id], request.query_params.get("period", DEFAULT_PERIOD))

    async def all_periods(request: Request) -> Response:
        accounts = _known(world, texts((await json_object(request) or {}).get("acctIds")))
        if not accounts:
            return reply.error(400, "Bad Request: acctIds is required")
        now = clock.now()
        paths = {
            account.account_id: {period: path(world, [account], period, now) for period in SHOWN}
            for account in accounts
        }
        bases = {account.account_id: account.base for account in accounts}
        return coded(shapes.all_periods(paths, bases, datetime.combine(marks.last_evening(now), marks.SETTLEMENT)))

    refused = (
        [] if not simulation.flavour.performance_get else [Route("/pa/performance", get_performance, methods=["GET"])]
    )
    return [
        Route("/pa/performance", post_performance, methods=["POST"]),
        *refused,
        Route("/pa/allperiods", all_periods, methods=["POST"]),
    ]


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
