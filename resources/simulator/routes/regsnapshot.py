"""GET /md/regsnapshot: one consolidated quote of an American share, at a cent each.

Belongs here: the endpoint and its bill. Does not: quotes (`quotes.py`).

Removed from gateways in July 2026: unless the flavour says otherwise the path is not there at all. Sizes and
exchange masks are numbers here, prices text.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.flavour import Flavour
from resources.simulator.market.market import Market
from resources.simulator.market.quotes import Quotes
from resources.simulator.routes.parameters import number
from resources.simulator.shapes import figures
from resources.simulator.shapes.sight import Sight

CENTS = 1  # per call
LETTERS = "QNZPKD"  # exchanges


@dataclass(slots=True)
class Regsnapshots:
    """What was charged to the login."""

    calls: int = 0

    @property
    def charged(self) -> float:
        """In dollars."""
        return self.calls * CENTS / 100


class Timed(Protocol):
    """What tells the present."""

    def now(self) -> datetime: ...


class Sold(Protocol):
    """What this route needs of a simulation."""

    flavour: Flavour
    regsnapshots: Regsnapshots

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
        simulation.regsnapshots.calls += 1
        return reply.ok(snapshot(Sight(instrument, quote, simulation.clock.now(), quotes, simulation.seed)))

    return [Route("/md/regsnapshot", regsnapshot, methods=["GET"])] if simulation.flavour.regsnapshot else []


def snapshot(sight: Sight) -> dict[str, object]:
    """The reply."""
    conid, quote, decimals = sight.instrument.conid, sight.quote, sight.instrument.decimals
    lasted, bidding, asking = (LETTERS[sight.drawn(about, len(LETTERS))] for about in ("last", "bid", "ask"))
    return {
        "conid": conid,
        "conidEx": str(conid),
        "sizeMinTick": 1.0,
        "BboExchange": "9c",
        "HasDelayed": False,
        "84": figures.price(quote.bid, decimals),
        "86": figures.price(quote.ask, decimals),
        "88": 100 * (1 + sight.drawn("bid", 30)),
        "85": 100 * (1 + sight.drawn("ask", 30)),
        "BestBidExch": int(2 ** LETTERS.index(bidding)),
        "BestAskExch": int(2 ** LETTERS.index(asking)),
        "31": figures.price(quote.last, decimals),
        "7059": round(quote.size),
        "LastExch": int(2 ** LETTERS.index(lasted)),
        "7057": asking,
        "7068": bidding,
        "7058": lasted,
    }
