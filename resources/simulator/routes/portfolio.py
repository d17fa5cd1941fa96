"""Endpoints of what accounts are worth: ledger, summary, allocation; with the positions behind them.

Belongs here: unpacking requests. Does not: positions themselves (`positions.py`), wire shapes (`shapes/`), valuing.

The allocation of several accounts is documented as a POST; ibind asks for it with a GET and the ids in its query, so
both are answered.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.valuation import Valuation
from resources.simulator.position_pages import Pages
from resources.simulator.routes import positions
from resources.simulator.routes.body import json_object, texts
from resources.simulator.routes.house import House, Invested
from resources.simulator.shapes import balances
from resources.simulator.shapes.summary import summary


def routes(simulation: Invested) -> list[Route]:
    """Every endpoint of what accounts hold."""
    house = House(simulation)
    pages = Pages(simulation.session, simulation.flavour, lambda: simulation.clock.now())
    flavour = simulation.flavour
    get: list[tuple[str, Callable[[Request, Valuation], Response]]] = [
        ("/portfolio/{account}/ledger", lambda _, valuation: reply.ok(balances.ledger(valuation))),
        ("/portfolio/{account}/summary", lambda _, valuation: reply.ok(summary(valuation, flavour))),
        ("/portfolio/{account}/allocation", _allocation),
    ]
    return [
        *positions.routes(house, pages),
        *(Route(path, house.of_account(answer), methods=["GET"]) for path, answer in get),
        Route("/portfolio/allocation", _consolidated(house, pages), methods=["GET", "POST"]),
    ]


def _allocation(request: Request, valuation: Valuation) -> Response:
    """There are no models in this world, so one of them holds nothing."""
    model = request.query_params.get("model")
    return reply.ok(balances.NO_ALLOCATION if model else balances.allocation([valuation], [1.0]))


def _consolidated(house: House, pages: Pages) -> Callable[[Request], Awaitable[Response]]:
    simulation = house.simulation

    async def handler(request: Request) -> Response:
        asked = [name for text in request.query_params.getlist("acctIds") for name in text.split(",")]
        ids = asked or texts((await json_object(request) or {}).get("acctIds"))
        valuations = [valuation for name in ids if (valuation := house.valuation(name))]
        if not valuations or len(valuations) < len(ids):
            return reply.error(400, "Bad Request: invalid accountId")
        if simulation.flavour.allocation_needs_positions and not all(map(pages.are_read, ids)):
            return reply.error(500, "Positions are not initialized", status_code=False)
        base, at = valuations[0].account.base, valuations[0].at
        rates = [simulation.world.rate(valuation.account.base, base, at) for valuation in valuations]
        return reply.ok(balances.allocation(valuations, rates))

    return handler
