"""Regulatory snapshots: the best bid and offer of all American exchanges, of the American shares on the watchlist.

IBKR bills USD 0.01 for each, also for what the login is subscribed to and also on paper: so they are off unless
`take_in` names them, and only what stands on the watchlist is asked for, held or not. Gateways of July 2026 and later
answer 404: the endpoint is retired, which is said, and nothing is landed then. A contract that there is no such
snapshot of is refused, at no cost, and passed over. Prices are text here, sizes and the sets of exchanges numbers.
"""

from collections.abc import Iterator

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.parse import figure
from assets.kit.schema import Row, column
from assets.kit.shape import Block, echoed, keyed, rows
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import Gone, NoData, Refused, Unavailable

SNAPSHOT = Endpoint("/md/regsnapshot")
DOLLARS = "USD"
SIZE = "shares or round lots, IBKR does not say which"


class RegulatorySnapshot(Row):
    """The best bid and offer of one share."""

    known = frozenset({"conidEx"})

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    last_price: float | None = column("31", "Last price.", unit=DOLLARS, parse=figure)
    last_size: float | None = column("7059", "Size of the last trade.", unit=SIZE, parse=figure)
    bid_price: float | None = column("84", "Highest bid.", unit=DOLLARS, parse=figure)
    bid_size: float | None = column("88", "Size of the highest bid.", unit=SIZE, parse=figure)
    ask_price: float | None = column("86", "Lowest offer.", unit=DOLLARS, parse=figure)
    ask_size: float | None = column("85", "Size of the lowest offer.", unit=SIZE, parse=figure)
    last_exchanges: str | None = column("7058", "Letters of the exchanges of the last trade.")
    bid_exchanges: str | None = column("7068", "Letters of the exchanges of the highest bid.")
    ask_exchanges: str | None = column("7057", "Letters of the exchanges of the lowest offer.")
    last_exchange_bits: int | None = column("LastExch", "The same as a set of bits.", ge=0)
    bid_exchange_bits: int | None = column("BestBidExch", "The same as a set of bits.", ge=0)
    ask_exchange_bits: int | None = column("BestAskExch", "The same as a set of bits.", ge=0)
    exchange_map: str | None = column("BboExchange", "Which map explains the letters and bits.")
    size_increment: float | None = column("sizeMinTick", "Smallest step of a size.", unit=SIZE)
    is_delayed: bool | None = column("HasDelayed", "Whether delayed data are in it.")


@landing(SNAPSHOT, time="perishable", needs=["symbols"], is_optional=True)
def raw_regulatory_snapshots(fetch: Fetch) -> Iterator[Page]:
    """One snapshot of each contract on the watchlist, at a cent each."""
    for conid in _watched(fetch):
        try:
            yield fetch.gateway.ask(SNAPSHOT, query={"conid": conid})
        except Gone as error:
            fetch.say(f"regulatory snapshots are retired, this gateway has none: take_in need not name them. {error}")
            return
        except (Refused, Unavailable, NoData) as error:
            fetch.say(f"contract {conid} has no regulatory snapshot. {error}")


@table(RegulatorySnapshot, raw=raw_regulatory_snapshots, key=["conid"], shrinks="freely")
def regulatory_snapshots(page: Page) -> Block:
    """The best bid and offer of all American exchanges, of watched shares."""
    block = rows([keyed(page.json)])
    echoed("contract", (one.get("conid") for one in block.records), [page.params["conid"]])
    return block


@check(regulatory_snapshots, is_blocking=False)
def no_regulatory_bid_is_above_its_ask() -> str:
    """The highest bid is at most the lowest offer.

    Does not block: for moments the markets of several exchanges are crossed.
    """
    return "select trading_day, conid, bid_price, ask_price from regulatory_snapshots where bid_price > ask_price"


def _watched(fetch: Fetch) -> list[int]:
    listings = fetch.tables.file("symbols", "trading_day", fetch.day.isoformat())
    if listings is None:
        return sorted(fetch.scope.watched_conids)
    return sorted(fetch.scope.conids_meant(fetch.tables.read([listings])))
