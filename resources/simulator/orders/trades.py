"""What was traded in an account: fills of orders and the owner's own trades alike, out of one book.

Belongs here: executions of a stretch of time, their ids, and the order behind each. Does not: wire shapes.

The owner trades without anybody placing orders, so the order behind such a trade is made up from it, and is the same
whenever it is asked for.
"""

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from resources.simulator.accounts.book import TRADED, Entry
from resources.simulator.accounts.marks import instant
from resources.simulator.accounts.world import Account, World
from resources.simulator.clock import NEW_YORK
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.orders.order import Fill, Kind, Order, Status, Ticket

OWN = 1_000_000_000  # ids of the owner's orders begin here


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution."""

    account_id: str
    entry: Entry
    contract: Instrument
    number: int  # of the order
    execution_id: str


def trades(world: World, account: Account, since: int, until: int) -> Iterator[Trade]:
    """Everything executed from an instant to another, oldest first."""
    ledger = world.ledger(account, datetime.fromtimestamp(until, UTC).astimezone(NEW_YORK).date())
    entries = ledger.book.entries
    first = bisect_left(entries, since, key=lambda entry: entry.at)
    last = bisect_right(entries, until, key=lambda entry: entry.at)
    known = {contract.conid: contract for contract in ledger.instruments}
    for entry in entries[first:last]:
        contract = known.get(entry.conid) or world.market.instrument(entry.conid)
        if entry.kind in TRADED and contract is not None:
            yield _trade(world.seed, account, entry, contract)


def own_order(trade: Trade) -> Order:
    """The order that the owner must have given for a trade."""
    entry = trade.entry
    side, size = (1, entry.quantity) if entry.quantity > 0 else (-1, -entry.quantity)
    ticket = Ticket(trade.account_id, trade.contract, side, size, Kind.MARKET, "DAY")
    fill = Fill(entry.at, size, entry.price, entry.commission)
    return Order(trade.number, ticket, entry.at, entry.at, entry.at, ended=Status.FILLED, fills=[fill])


def day_begins(now: int, days_before: int = 0) -> int:
    """Midnight in New York, today or some days earlier, in seconds since 1970."""
    today = datetime.fromtimestamp(now, NEW_YORK).date()
    return _midnight(today - timedelta(days=days_before))


def _midnight(day: date) -> int:
    return int(instant(day, time.min).timestamp())


def _trade(seed: int, account: Account, entry: Entry, contract: Instrument) -> Trade:
    code = f"{seed}:{account.account_id}:{entry.at}:{entry.conid}:{entry.quantity}:{entry.order}".encode()
    execution = f"{zlib.crc32(account.account_id.encode()):08x}.{zlib.crc32(code):08x}.01.01"
    return Trade(account.account_id, entry, contract, entry.order or OWN + zlib.crc32(code) % OWN, execution)
