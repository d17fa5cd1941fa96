"""GET /md/regsnapshot: one consolidated quote of an American share, at a cent each.

Belongs here: the endpoint. Does not: quotes (`market/quotes.py`), their wire shape (`shapes/regsnapshot.py`), the
bill (`charges.py`).

Removed from gateways in July 2026: unless the flavour says otherwise the path is not there at all.
"""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.charges import Charges
from resources.simulator.clock import Timed
from resources.simulator.flavour import Flavour
from resources.simulator.market.market import Market
from resources.simulator.market.quotes import Quotes
from resources.simulator.routes.parameters import number
from resources.simulator.shapes import regsnapshot as shapes
from resources.simulator.shapes.sight import Sight


class Sold(Protocol):
    """What this route needs of a simulation."""

    flavour: Flavour
    charges: Charges
    seed: int

    @property
    def market(self) -> Market: ...
    @property
    def clock(self) -> Timed: ...


def routes(simulation: Sold) -> list[Route]:
    """The endpoint, where it still exists."""
    quotes = Quotes(simulation.market)

    async def regsnapshot(request: Request) -> Response:
        conid = number(request.query_params, "conid")
        if conid is None:
            return reply.error(400, "Bad Request: Conid(s) missing")
        instrument = simulation.market.instrument(conid)
        quote = quotes.at(instrument, simulation.clock.now()) if instrument else None
        if instrument is None or quote is None or not (instrument.asset_class == "STK" and instrument.is_us):
            return reply.error(400, "Bad Request: no regulatory snapshot for this contract")
        simulation.charges.regsnapshots += 1
        return reply.ok(shapes.row(Sight(instrument, quote, simulation.clock.now(), quotes, simulation.seed)))

    return [Route("/md/regsnapshot", regsnapshot, methods=["GET"])] if simulation.flavour.regsnapshot else []
