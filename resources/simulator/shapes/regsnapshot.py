"""Wire shape of a regulatory snapshot.

Belongs here: a pure function from what is seen of a share to a JSON value. Does not: other snapshots (`quotes.py`).

Sizes and exchange masks are numbers here, prices text.
"""

from resources.simulator.shapes import figures
from resources.simulator.shapes.sight import Sight

LETTERS = "QNZPKD"  # exchanges


def row(sight: Sight) -> dict[str, object]:
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
