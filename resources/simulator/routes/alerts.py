"""Endpoints of alerts, as a paper login has them: it can look, but make none.

Belongs here: answers and refusals, as recorded with such a login. Does not: wire shapes (`shapes/alerts.py`).
"""

from itertools import count

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.valuation import Valuation
from resources.simulator.routes.body import json_object
from resources.simulator.routes.house import House, Invested
from resources.simulator.routes.orders import chosen
from resources.simulator.shapes.alerts import assistant

FIRST_NUMBER = 487_500_001


def routes(simulation: Invested) -> list[Route]:
    """Every endpoint of alerts."""
    house, numbers = House(simulation), count(FIRST_NUMBER)

    async def mobile(_: Request) -> Response:
        [account, *_rest] = chosen(simulation.world, simulation.session, None)
        return reply.ok(assistant(simulation.valuation(account), next(numbers)))

    def none(_: Request, __: Valuation) -> Response:
        return reply.ok([])

    return [
        Route("/iserver/account/mta", mobile, methods=["GET"]),
        Route("/iserver/account/alert/{alert}", _unknown, methods=["GET"]),
        Route("/iserver/account/{account}/alerts", house.of_account(none), methods=["GET"]),
        Route("/iserver/account/{account}/alert", _refused, methods=["POST"]),
        Route("/iserver/account/{account}/alert/activate", _missed, methods=["POST"]),
        Route("/iserver/account/{account}/alert/{alert}", _missed, methods=["DELETE"]),
    ]


async def _unknown(request: Request) -> Response:
    return reply.ok({"error": f"MTA alert tool ID is wrong ={request.path_params['alert']}"})


async def _refused(request: Request) -> Response:
    if not await json_object(request):
        return reply.error(400, "Bad Request: alert is missing")
    return reply.error(403, "Not allowed in paper trading")


async def _missed(_: Request) -> Response:
    return reply.error(503, "Service Unavailable")
