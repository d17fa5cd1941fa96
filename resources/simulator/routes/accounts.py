"""Endpoints that list accounts, and prime the rest.

Belongs here: `/iserver/accounts` and the portfolio side's lists. Does not: money (`portfolio.py`).
"""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.world import Account
from resources.simulator.flavour import Flavour
from resources.simulator.routes.body import json_object
from resources.simulator.session import Session
from resources.simulator.shapes import accounts as shapes

LISTED = 100  # accounts in one reply of subaccounts
PAGE = 20  # accounts per page of subaccounts2


class House(Protocol):
    """Whoever keeps the accounts."""

    accounts: list[Account]

    def account(self, account_id: str) -> Account | None: ...


class Housed(Protocol):
    """What these endpoints need to know."""

    session: Session
    flavour: Flavour

    @property
    def world(self) -> House: ...

    @property
    def account_ids(self) -> list[str]: ...


def routes(simulation: Housed) -> list[Route]:
    """Every endpoint that lists accounts."""
    answers = _Answers(simulation)
    return [
        Route("/iserver/accounts", answers.tradable, methods=["GET"]),
        Route("/iserver/account", answers.select, methods=["POST"]),
        Route("/portfolio/accounts", answers.listed, methods=["GET"]),
        Route("/portfolio/subaccounts", answers.listed, methods=["GET"]),
        Route("/portfolio/subaccounts2", answers.paged, methods=["GET"]),
        Route("/portfolio/{account}/meta", answers.meta, methods=["GET"]),
    ]


class _Answers:
    def __init__(self, simulation: Housed) -> None:
        self._session = simulation.session
        self._house = simulation.world
        self._bare = simulation.flavour.bare_subaccounts2
        self._ids = simulation.account_ids

    async def tradable(self, _: Request) -> Response:
        self._session.primed = True
        return reply.ok(shapes.tradable(self._ids, self._session.selected, self._session.login_at))

    async def select(self, request: Request) -> Response:
        wanted = (await json_object(request) or {}).get("acctId")
        if wanted not in [*self._ids, shapes.EVERYBODY]:
            return reply.error(500, "Invalid account ID", status_code=False)
        if wanted == (self._session.selected or self._ids[0]):
            return reply.ok({"success": "Account already set"})
        self._session.selected = str(wanted)
        return reply.ok({"set": True, "acctId": wanted})

    async def listed(self, _: Request) -> Response:
        self._session.portfolio_primed = True
        return reply.ok([shapes.described(account) for account in self._house.accounts[:LISTED]])

    async def paged(self, request: Request) -> Response:
        self._session.portfolio_primed = True
        text = request.query_params.get("page", "0")
        page = int(text) if text.isdecimal() else 0
        accounts = self._house.accounts
        rows = [shapes.described(account) for account in accounts[page * PAGE : (page + 1) * PAGE]]
        if self._bare:
            return reply.ok(rows)
        about = {"total": len(accounts), "pageSize": PAGE, "pageNum": page}
        return reply.ok({"metadata": about, "subaccounts": rows})

    async def meta(self, request: Request) -> Response:
        account = self._house.account(request.path_params["account"])
        return reply.ok(shapes.described(account)) if account else reply.error(400, "Bad Request: invalid accountId")
