"""Endpoints of an account's state as the trading side tells it: a summary, its parts, the day's profit and loss.

Belongs here: unpacking requests, the pre-flight. Does not: the portfolio's own summary (`portfolio.py`), wire shapes
(`shapes/trading_summary.py`).

The first profit and loss of a brokerage session is empty: asking for it opens a subscription, as with orders.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.performance import gained
from resources.simulator.accounts.valuation import Valuation
from resources.simulator.routes.house import House, Invested
from resources.simulator.routes.orders import chosen
from resources.simulator.shapes import trading_summary as shapes

SUMMARY = "/iserver/account/{account}/summary"
PARTS: dict[str, Callable[[Valuation], object]] = {
    "": shapes.overview,
    "/available_funds": shapes.available_funds,
    "/balances": shapes.balances,
    "/margins": shapes.margins,
    "/market_value": shapes.market_values,
}


def routes(simulation: Invested) -> list[Route]:
    """Every endpoint of that."""
    house, profits = House(simulation), _Profits(simulation)
    return [
        Route("/iserver/account/pnl/partitioned", profits.told, methods=["GET"]),
        *(Route(f"{SUMMARY}{part}", house.of_account(_told(shape)), methods=["GET"]) for part, shape in PARTS.items()),
    ]


def _told(shape: Callable[[Valuation], object]) -> Callable[[Request, Valuation], Response]:
    return lambda _, valuation: reply.ok(shape(valuation))


class _Profits:
    def __init__(self, simulation: Invested) -> None:
        self._simulation = simulation
        self._subscribed_in = 0  # brokerage session

    async def told(self, _: Request) -> Response:
        simulation, session = self._simulation, self._simulation.session
        is_first, self._subscribed_in = self._subscribed_in != session.number, session.number
        if is_first and simulation.flavour.cold_profit:
            return reply.ok(shapes.profit({}))
        valuations = [simulation.valuation(account) for account in chosen(simulation.world, session, None)]
        return reply.ok(
            shapes.profit({each.account.account_id: (each, gained(simulation.world, each)) for each in valuations})
        )
