"""Endpoints of what accounts hold: positions, ledger, summary, allocation.

Belongs here: unpacking requests, paging, cold and warm. Does not: wire shapes (`shapes/`), valuing.

A contract's definition is loaded by the first look at a position in it, and shows from the second
look on, or at once with `waitForSecDef=true`.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.valuation import Held, Valuation
from resources.simulator.accounts.world import Account, World
from resources.simulator.flavour import Flavour
from resources.simulator.routes.body import json_object, texts
from resources.simulator.session import Session
from resources.simulator.shapes import balances, positions
from resources.simulator.shapes.summary import summary

Row = dict[str, object]


class Invested(Protocol):
    """What these endpoints need to know."""

    session: Session
    flavour: Flavour
    world: World

    def valuation(self, account: Account) -> Valuation: ...


def routes(simulation: Invested) -> list[Route]:
    """Every endpoint of what accounts hold."""
    held = _Held(simulation)
    get: list[tuple[str, Callable[[Request, Valuation], Response]]] = [
        ("/portfolio/{account}/positions/{page}", held.page),
        ("/portfolio/{account}/position/{conid}", held.one),
        ("/portfolio2/{account}/positions", held.modern),
        ("/portfolio2/{account}/position/{conid}", held.modern),
        ("/portfolio/{account}/ledger", lambda _, valuation: reply.ok(balances.ledger(valuation))),
        ("/portfolio/{account}/summary", lambda _, valuation: reply.ok(summary(valuation))),
        ("/portfolio/{account}/allocation", lambda _, valuation: reply.ok(balances.allocation([valuation], [1.0]))),
    ]
    return [
        *(Route(path, _of_account(simulation, answer), methods=["GET"]) for path, answer in get),
        Route("/portfolio/positions/{conid}", held.everywhere, methods=["GET"]),
        Route("/portfolio/allocation", _consolidated(simulation), methods=["POST"]),
        Route(
            "/portfolio/{account}/positions/invalidate",
            _of_account(simulation, lambda _, __: reply.ok({"message": "success"})),
            methods=["POST"],
        ),
    ]


def _of_account(
    simulation: Invested, answer: Callable[[Request, Valuation], Response]
) -> Callable[[Request], Awaitable[Response]]:
    async def handler(request: Request) -> Response:
        account = simulation.world.account(request.path_params["account"])
        if account is None:
            return reply.error(400, "Bad Request: invalid accountId")
        return answer(request, simulation.valuation(account))

    return handler


def _consolidated(simulation: Invested) -> Callable[[Request], Awaitable[Response]]:
    async def handler(request: Request) -> Response:
        ids = texts((await json_object(request) or {}).get("acctIds"))
        accounts = [account for name in ids if (account := simulation.world.account(name))]
        if not accounts or len(accounts) < len(ids):
            return reply.error(400, "Bad Request: invalid accountId")
        valuations = [simulation.valuation(account) for account in accounts]
        base, at = accounts[0].base, valuations[0].at
        rates = [simulation.world.rate(account.base, base, at) for account in accounts]
        return reply.ok(balances.allocation(valuations, rates))

    return handler


class _Held:
    """Positions, with the memory of which contracts are loaded."""

    def __init__(self, simulation: Invested) -> None:
        self._simulation = simulation

    def page(self, request: Request, valuation: Valuation) -> Response:
        text = request.path_params["page"]
        if not text.isdecimal():
            return reply.error(400, "Bad Request: invalid pageId")
        first = int(text) * positions.PAGE
        rows = _sorted(request, valuation, valuation.rows)[first : first + positions.PAGE]
        return reply.ok(self._rows(request, valuation, rows))

    def one(self, request: Request, valuation: Valuation) -> Response:
        return reply.ok(self._rows(request, valuation, _matching(request, valuation)))

    def modern(self, request: Request, valuation: Valuation) -> Response:
        rows = _matching(request, valuation) if "conid" in request.path_params else valuation.rows
        rows = _sorted(request, valuation, rows)
        return reply.ok([positions.modern(row, valuation.at) for row in rows])

    async def everywhere(self, request: Request) -> Response:
        """Every account's position in one contract, keyed by account."""
        valuations = [self._simulation.valuation(account) for account in self._simulation.world.accounts]
        found = {valuation.account.account_id: _matching(request, valuation) for valuation in valuations}
        known = set(self._simulation.session.known)
        return reply.ok(
            {
                valuation.account.account_id: self._rows(request, valuation, rows, known)
                for valuation in valuations
                if (rows := found[valuation.account.account_id])
            }
        )

    def _rows(
        self, request: Request, valuation: Valuation, rows: Sequence[Held], known: set[int] | None = None
    ) -> list[Row]:
        session = self._simulation.session
        patient = request.query_params.get("waitForSecDef", "").lower() == "true"
        everything = patient or not self._simulation.flavour.cold_positions
        known = session.known if known is None else known
        shown = [_row(valuation, row, everything or row.contract.conid in known) for row in rows]
        session.known.update(row.contract.conid for row in rows)
        return shown


def _row(valuation: Valuation, row: Held, is_warm: bool) -> Row:
    account_id = valuation.account.account_id
    if is_warm:
        return positions.warm(account_id, row, valuation.rates[row.contract.currency])
    return positions.cold(account_id, row)


def _matching(request: Request, valuation: Valuation) -> list[Held]:
    wanted = request.path_params["conid"]
    return [row for row in valuation.rows if str(row.contract.conid) == wanted]


def _sorted(request: Request, valuation: Valuation, rows: Sequence[Held]) -> Sequence[Held]:
    """By a column of the row, as asked; unknown columns change nothing."""
    column = request.query_params.get("sort", "")
    keyed = [(positions.cold(valuation.account.account_id, row).get(column), row) for row in rows] if column else []
    if any(not isinstance(key, str | int | float) for key, _ in keyed) or not keyed:
        return rows
    numeric = isinstance(keyed[0][0], int | float)
    keyed.sort(key=lambda pair: float(str(pair[0])) if numeric else str(pair[0]))
    ordered = [row for _, row in keyed]
    return ordered[::-1] if request.query_params.get("direction") == "d" else ordered
