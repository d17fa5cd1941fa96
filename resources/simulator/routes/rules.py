"""Endpoints that say how a contract can be traded: rules of orders, and the broker's algorithms.

Belongs here: info-and-rules, rules, algos. Does not: wire shapes (`shapes/rules.py`, `shapes/algos.py`),
placing orders.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.calendars import hours
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import NoPriceError
from resources.simulator.routes.body import json_object
from resources.simulator.routes.listed import Listed, named, not_found
from resources.simulator.routes.parameters import items, number, text, truth
from resources.simulator.shapes import algos as algo_shapes
from resources.simulator.shapes import rules as shapes
from resources.simulator.shapes.definitions import contract_info


def routes(simulation: Listed) -> list[Route]:
    """The rules endpoints of a simulation."""
    market = simulation.market

    async def info_and_rules(request: Request) -> Response:
        instrument = named(market, number(request.path_params, "conid"))
        if instrument is None:
            return not_found()
        return reply.ok({**contract_info(instrument), "rules": _rules(simulation, instrument)})

    async def rules(request: Request) -> Response:
        body = await json_object(request)
        conid = number(body, "conid") if body else None
        if conid is None:
            return reply.error(400, "Bad Request: conid missing")
        instrument = named(market, conid)
        return reply.ok(_rules(simulation, instrument)) if instrument else reply.ok({"error": "Contract not found"})

    async def algos(request: Request) -> Response:
        query, instrument = request.query_params, named(market, number(request.path_params, "conid"))
        wanted = items(text(query, "algos").replace(",", ";"), ";")
        if instrument is None:
            return not_found()
        if len(wanted) > algo_shapes.MOST:
            return reply.error(400, f"Bad Request: more than {algo_shapes.MOST} algos")
        described, parameters = truth(query, "addDescription"), truth(query, "addParams")
        return reply.ok(algo_shapes.algos(instrument, wanted or None, described=described, parameters=parameters))

    return [
        Route("/iserver/contract/{conid}/info-and-rules", info_and_rules, methods=["GET"]),
        Route("/iserver/contract/rules", rules, methods=["POST"]),
        Route("/iserver/contract/{conid}/algos", algos, methods=["GET"]),
    ]


def _rules(simulation: Listed, instrument: Instrument) -> dict[str, object]:
    now = simulation.clock.now()
    error = shapes.forbidden(instrument, hours(instrument.exchange).local_day(now))
    try:
        price = simulation.market.price(instrument, now)
    except NoPriceError:
        price, error = 0.0, error or "No market data"
    return shapes.rules(instrument, shapes.Terms(price, simulation.account_ids, error))
