"""Endpoints from an underlying to its derivatives: strikes, then info.

Belongs here: unpacking requests, and what has to come first. Does not: chains (`market/chains.py`),
searching (`search.py`), wire shapes (`shapes/search.py`).

Without a search of the underlying in this brokerage session strikes are empty lists and info finds no
derivatives. Info also answers for a plain contract, as an object, and for the bonds of an issuer.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.contracts import directory
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market import chains
from resources.simulator.routes.listed import Listed, named
from resources.simulator.routes.parameters import KIND, items, number, text
from resources.simulator.shapes import search as shapes
from resources.simulator.shapes.definitions import OPTION_EXCHANGES

Query = Mapping[str, object]
NOTHING = "No Contracts retrieved"
DERIVED = {"OPT", "FUT", "FOP", "WAR"}
OPTIONS_TRADE_ON = {"", "SMART", *items(OPTION_EXCHANGES)}


def routes(simulation: Listed) -> list[Route]:
    """The endpoints of chains."""

    async def strikes(request: Request) -> Response:
        query = request.query_params
        conid, kind, month = number(query, "conid"), text(query, *KIND), text(query, "month")
        if conid is None or not kind or not month:
            return reply.error(400, "Bad Request: conid, sectype and month are needed")
        known = conid in simulation.session.searched and kind == "OPT" and text(query, "exchange") in OPTIONS_TRADE_ON
        now = simulation.clock.now()
        found = chains.month_strikes(simulation.market, conid, month.upper(), now) if known else []
        return reply.ok(shapes.strikes(found))

    async def info(request: Request) -> Response:
        query = request.query_params
        if number(query, "conid") is None and not text(query, "issuerId"):
            return reply.error(400, "Bad Request: conid missing")
        missing = _missing(query, named(simulation.market, number(query, "conid")))
        return reply.error(400, f"Bad Request: {missing}") if missing else _info(simulation, query)

    return [
        Route("/iserver/secdef/strikes", strikes, methods=["GET"]),
        Route("/iserver/secdef/info", info, methods=["GET"]),
    ]


def _missing(query: Query, underlying: Instrument | None) -> str:
    """What a question for derivatives of an underlying lacks."""
    kind = text(query, *KIND)
    if kind not in DERIVED or (underlying and underlying.asset_class == kind):
        return ""
    if not text(query, "month"):
        return "month missing"
    if kind == "FUT" or text(query, "strike"):
        return "" if text(query, "right").upper() in {"", "C", "P"} or kind == "FUT" else "right must be C or P"
    return "strike missing"


def _info(simulation: Listed, query: Query) -> Response:
    instrument, kind = named(simulation.market, number(query, "conid")), text(query, *KIND)
    exchange = text(query, "exchange")
    if instrument and kind in {"", instrument.asset_class} and instrument.expiry is None:
        return reply.ok(shapes.plain_info(instrument, exchange))
    found = [instrument] if instrument and kind in {"", instrument.asset_class} else _asked(simulation, query, kind)
    if not found:
        return reply.error(500, NOTHING, status_code=False)
    return reply.ok([shapes.info(contract, exchange) for contract in found])


def _asked(simulation: Listed, query: Query, kind: str) -> list[Instrument]:
    """Derivatives of an underlying that was searched, or bonds of an issuer."""
    if kind in {"", "BOND"}:
        bonds = directory.issued(simulation.market.instruments(), text(query, "issuerId"))
        return [bond.instrument for bond in bonds if text(query, "month").upper() in {"", chains.month(bond.maturity)}]
    conid = number(query, "conid") or 0
    if conid not in simulation.session.searched:
        return []
    month, now, root = text(query, "month").upper(), simulation.clock.now(), chains.root_of(conid)
    if kind == "FUT" and root and text(query, "exchange") in {"", root.exchange, "SMART"}:
        return [each for each in chains.listed_futures(root, now) if chains.named_month(each) == month]
    if kind == "OPT" and text(query, "exchange") in OPTIONS_TRADE_ON:
        options = chains.listed_options(simulation.market, conid, month, _strike(query), now)
        return [each for each in options if text(query, "right").upper() in {"", each.right}]
    return []


def _strike(query: Query) -> float:
    try:
        return float(text(query, "strike"))
    except ValueError:
        return 0.0
