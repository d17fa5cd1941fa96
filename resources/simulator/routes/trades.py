"""GET /iserver/account/trades: what was executed in the last days.

Belongs here: the query and the cold first call. Does not: which trades there are (`orders/trades.py`), wire shapes.
"""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.valuation import Valuation
from resources.simulator.accounts.world import Account, World
from resources.simulator.orders.desk import Desk
from resources.simulator.orders.trades import day_begins, trades
from resources.simulator.routes.orders import chosen
from resources.simulator.routes.parameters import whole
from resources.simulator.session import Session
from resources.simulator.shapes.trades import execution

MOST_DAYS = 7


class Traded(Protocol):
    """What this endpoint needs to know."""

    session: Session
    world: World
    desk: Desk

    def valuation(self, account: Account) -> Valuation: ...


def routes(simulation: Traded) -> list[Route]:
    """The endpoint."""
    asked_in = 0  # the brokerage session that has had its cold first call

    async def executed(request: Request) -> Response:
        nonlocal asked_in
        accounts = chosen(simulation.world, simulation.session, request.query_params.get("accountId"))
        days = whole(request.query_params.get("days", "1"))
        if not accounts or days is None:
            return reply.error(400, "Bad Request: invalid accountId or days")
        if asked_in != simulation.session.number:
            asked_in = simulation.session.number
            return reply.ok([])
        blotter = simulation.desk.blotter
        since = day_begins(blotter.now(), min(max(days, 1), MOST_DAYS) - 1)
        found = [trade for account in accounts for trade in trades(simulation.world, account, since, blotter.now())]
        held = {
            (account.account_id, row.contract.conid): row.quantity
            for account in accounts
            for row in simulation.valuation(account).rows
        }
        rows = []
        for trade in sorted(found, key=lambda trade: trade.entry.at, reverse=True):
            order = blotter.order(trade.number)
            position = held.get((trade.account_id, trade.contract.conid), 0.0)
            rows.append(execution(trade, position, order.ticket.reference if order else ""))
        return reply.ok(rows)

    return [Route("/iserver/account/trades", executed, methods=["GET"])]
