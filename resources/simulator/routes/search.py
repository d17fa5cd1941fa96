"""Endpoints that search: underlyings by symbol or name, and the bonds of an issuer.

Belongs here: unpacking requests, and what a search leaves in the session. Does not: finding
(`contracts/directory.py`), the way on to a derivative (`chains.py`), wire shapes (`shapes/search.py`).

A search by symbol loads its underlyings into the brokerage session; one by name loads nothing.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.contracts import cfds, directory
from resources.simulator.contracts.derivatives import delivery
from resources.simulator.contracts.directory import Question
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market import chains
from resources.simulator.routes.body import json_object
from resources.simulator.routes.listed import Listed
from resources.simulator.routes.parameters import KIND, text, truth
from resources.simulator.shapes import search as shapes

Query = Mapping[str, object]
NO_SYMBOL = "No symbol found"


def routes(simulation: Listed) -> list[Route]:
    """The search endpoints of a simulation."""

    async def search(request: Request) -> Response:
        posted = request.method == "POST"
        query: Query | None = await json_object(request) if posted else request.query_params
        if query is None or not text(query, "symbol"):
            return reply.error(400, "Bad Request: symbol missing")
        return _search(simulation, query)

    async def bond_filters(request: Request) -> Response:
        issuer_id = text(request.query_params, "issuerId")
        if not issuer_id:
            return reply.error(400, "Bad Request: issuerId missing")
        return reply.ok(shapes.bond_filters(directory.issued(simulation.market.instruments(), issuer_id)))

    return [
        Route("/iserver/secdef/search", search, methods=["GET", "POST"]),
        Route("/iserver/secdef/bond-filters", bond_filters, methods=["GET"]),
    ]


def _search(simulation: Listed, query: Query) -> Response:
    kind = "FND" if truth(query, "fund") else text(query, *KIND)  # there are no mutual funds here to be found
    question = Question(
        text(query, "symbol").upper(), kind.upper(), by_name=truth(query, "name"), by_prefix=truth(query, "pattern")
    )
    everything = simulation.market.instruments()
    singles = directory.singles(everything, question)
    if not question.by_name:
        simulation.session.searched.update(instrument.conid for instrument in singles)
    dated = simulation.flavour.dated_search
    rows = [shapes.found(each, _derived(simulation, each), dated=dated) for each in singles]
    rows += shapes.issuers(directory.bonds(everything, question))
    if not rows and simulation.flavour.unmatched_search_error:
        return reply.error(200, NO_SYMBOL, status_code=False)
    return reply.ok(rows)


def _derived(simulation: Listed, instrument: Instrument) -> shapes.Derived:
    now, root = simulation.clock.now(), chains.root_of(instrument.conid)
    futures = chains.listed_futures(root, now) if root else []
    difference = cfds.of(instrument.conid)
    return shapes.Derived(
        chains.option_expiries(instrument.conid, now),
        [first for future in futures if (first := delivery(future))],
        difference.conid if difference else 0,
    )
