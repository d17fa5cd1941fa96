"""Endpoints that say what contracts are and list them by symbol or exchange.

Belongs here: /trsrv and /iserver/contract/{conid}/info. Does not: wire shapes (`shapes/definitions.py`),
searching (`search.py`), trading hours (`schedules.py`).

Unknown ids are left out without a word, unknown symbols have an empty list.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.contracts.derivatives import ROOTS
from resources.simulator.market import chains
from resources.simulator.routes.body import json_object
from resources.simulator.routes.listed import Listed, named, not_found
from resources.simulator.routes.parameters import items, number, text
from resources.simulator.shapes import definitions as shapes

MOST = 200


def routes(simulation: Listed) -> list[Route]:
    """The definition endpoints of a simulation."""
    market = simulation.market

    async def secdef(request: Request) -> Response:
        wanted = items(text(request.query_params, "conids"))
        if request.method == "POST":
            wanted = _posted(await json_object(request))
        if not wanted or len(wanted) > MOST or not all(_is_conid(conid) for conid in wanted):
            return reply.error(400, f"Bad Request: conids must be 1 to {MOST} numbers")
        found = (market.instrument(int(conid)) for conid in wanted)
        return reply.ok({"secdef": [shapes.secdef_row(instrument) for instrument in found if instrument]})

    async def stocks(request: Request) -> Response:
        symbols = items(text(request.query_params, "symbols"))
        return reply.ok(shapes.companies(market.instruments(), symbols)) if symbols else _missing("symbols")

    async def futures(request: Request) -> Response:
        symbols, exchange = items(text(request.query_params, "symbols")), text(request.query_params, "exchange")
        return reply.ok(_futures(simulation, symbols, exchange)) if symbols else _missing("symbols")

    async def conids(request: Request) -> Response:
        exchange = text(request.query_params, "exchange")
        return reply.ok(shapes.conids(market.instruments(), exchange)) if exchange else _missing("exchange")

    async def info(request: Request) -> Response:
        instrument = named(market, number(request.path_params, "conid"))
        return reply.ok(shapes.contract_info(instrument)) if instrument else not_found()

    return [
        Route("/trsrv/secdef", secdef, methods=["GET", "POST"]),
        Route("/trsrv/stocks", stocks, methods=["GET"]),
        Route("/trsrv/futures", futures, methods=["GET"]),
        Route("/trsrv/all-conids", conids, methods=["GET"]),
        Route("/iserver/contract/{conid}/info", info, methods=["GET"]),
    ]


def _futures(simulation: Listed, symbols: list[str], exchange: str) -> dict[str, object]:
    now = simulation.clock.now()
    roots = {root.symbol: root for root in ROOTS if exchange in {"", root.exchange}}
    return {
        symbol: shapes.futures(chains.listed_futures(roots[symbol], now)) if symbol in roots else []
        for symbol in symbols
    }


def _posted(body: dict[str, object] | None) -> list[str]:
    conids = body.get("conids") if body else None
    return [str(conid) for conid in conids] if isinstance(conids, list) else []


def _is_conid(given: str) -> bool:
    return number({"conid": given}, "conid") is not None


def _missing(name: str) -> Response:
    return reply.error(400, f"Bad Request: {name} missing")
