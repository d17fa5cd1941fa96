"""Endpoints that list accounts, and prime the rest.

Belongs here: `/iserver/accounts`, choosing an account, the portfolio side's lists, owners. Does not: money
(`portfolio.py`).

`/portfolio/accounts` is the top of a structure and the subaccounts are what lies below; a login that is no adviser's
has the same accounts in both. Searching accounts and choosing one from the search ("dynamic") is for advisers.
"""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.world import Account
from resources.simulator.flavour import Flavour
from resources.simulator.routes.body import json_object
from resources.simulator.routes.parameters import number
from resources.simulator.session import Session
from resources.simulator.shapes import accounts as shapes

LISTED = 100  # accounts in one reply of subaccounts
PAGE = 20  # accounts per page of subaccounts2


class Keeper(Protocol):
    """Whoever keeps the accounts."""

    accounts: list[Account]

    @property
    def master(self) -> Account | None: ...

    def account(self, account_id: str) -> Account | None: ...


class Housed(Protocol):
    """What these endpoints need to know."""

    session: Session
    flavour: Flavour

    @property
    def world(self) -> Keeper: ...

    @property
    def account_ids(self) -> list[str]: ...


def routes(simulation: Housed) -> list[Route]:
    """Every endpoint that lists accounts."""
    answers = _Answers(simulation)
    return [
        Route("/iserver/accounts", answers.tradable, methods=["GET"]),
        Route("/iserver/account", answers.select, methods=["POST"]),
        Route("/iserver/dynaccount", answers.select_dynamically, methods=["POST"]),
        Route("/iserver/account/search/{pattern}", answers.search, methods=["GET"]),
        Route("/portfolio/accounts", answers.top, methods=["GET"]),
        Route("/portfolio/subaccounts", answers.listed, methods=["GET"]),
        Route("/portfolio/subaccounts2", answers.paged, methods=["GET"]),
        Route("/portfolio/{account}/meta", answers.meta, methods=["GET"]),
        Route("/acesws/{account}/signatures-and-owners", answers.owners, methods=["GET"]),
    ]


class _Answers:
    def __init__(self, simulation: Housed) -> None:
        self._session = simulation.session
        self._house = simulation.world
        self._flavour = simulation.flavour
        self._ids = simulation.account_ids

    async def tradable(self, _: Request) -> Response:
        self._session.primed = True
        master = self._house.master
        name = master.account_id if master else ""
        return reply.ok(shapes.tradable(self._ids, self._session.selected, self._session.login_at, name))

    async def select(self, request: Request) -> Response:
        wanted = (await json_object(request) or {}).get("acctId")
        if wanted not in self._ids and not (wanted == shapes.EVERYBODY and len(self._ids) > 1):
            return reply.error(500, "Invalid account ID", status_code=False)
        if wanted == (self._session.selected or self._ids[0]):
            return self._already()
        self._session.selected = str(wanted)
        return reply.ok({"set": True, "acctId": wanted})

    async def select_dynamically(self, request: Request) -> Response:
        return await self.select(request) if self._house.master else _unavailable()

    async def search(self, request: Request) -> Response:
        pattern = request.path_params["pattern"]
        if self._house.master is None:
            return _unavailable()
        return reply.ok(shapes.matching(pattern, [name for name in self._ids if pattern.upper() in name]))

    def _already(self) -> Response:
        status, words = self._flavour.account_set_status, "Account already set"
        return reply.ok({"success": words}) if status == 200 else reply.error(status, words, status_code=False)

    async def top(self, request: Request) -> Response:
        """Of an adviser the own account alone: the clients are below it."""
        master = self._house.master
        if master is None:
            return await self.listed(request)
        self._session.portfolio_primed = True
        return reply.ok([shapes.described(master)])

    async def listed(self, _: Request) -> Response:
        self._session.portfolio_primed = True
        return reply.ok([shapes.described(account) for account in self._house.accounts[:LISTED]])

    async def paged(self, request: Request) -> Response:
        self._session.portfolio_primed = True
        page = number(request.query_params, "page") or 0
        accounts = self._house.accounts
        rows = [shapes.described(account) for account in accounts[page * PAGE : (page + 1) * PAGE]]
        if self._flavour.bare_subaccounts2:
            return reply.ok(rows)
        about = {"total": len(accounts), "pageSize": PAGE, "pageNum": page}
        return reply.ok({"metadata": about, "subaccounts": rows})

    async def meta(self, request: Request) -> Response:
        account = self._house.account(request.path_params["account"])
        return reply.ok(shapes.described(account)) if account else reply.error(400, "Bad Request: invalid accountId")

    async def owners(self, request: Request) -> Response:
        account = self._house.account(request.path_params["account"])
        return reply.ok(shapes.owned(account)) if account else reply.empty(401)


def _unavailable() -> Response:
    words = "Details currently unavailable. Please try again later and contact client services if the issue persists."
    return reply.error(503, words)
