"""Endpoints of currencies: which pairs there are, and the rate between two.

Belongs here: unpacking requests. Does not: rates, which are those of the ledger at the same instant.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts import marks
from resources.simulator.market.market import NoPriceError
from resources.simulator.routes.listed import Listed
from resources.simulator.routes.parameters import text
from resources.simulator.shapes import definitions


def routes(simulation: Listed) -> list[Route]:
    """The currency endpoints of a simulation."""

    async def pairs(request: Request) -> Response:
        currency = text(request.query_params, "currency").upper()
        if not currency:
            return reply.error(400, "Bad Request: currency missing")
        return reply.ok({currency: definitions.pairs(simulation.market.instruments(), currency)})

    async def rate(request: Request) -> Response:
        source, target = (text(request.query_params, side).upper() for side in ("source", "target"))
        if not source or not target:
            return reply.error(400, "Bad Request: source and target are needed")
        try:
            found = simulation.world.rate(source, target, marks.mark(simulation.clock.now()).at)
        except NoPriceError:
            return reply.error(400, f"Bad Request: no exchange rate from {source} to {target}")
        return reply.ok({"rate": found})

    return [
        Route("/iserver/currency/pairs", pairs, methods=["GET"]),
        Route("/iserver/exchangerate", rate, methods=["GET"]),
    ]
