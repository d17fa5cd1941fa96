"""What executed orders do to a book: the entries of a fill, and what follows from holding what was bought.

Belongs here: entries of fills, expiries and distributions on them. Does not: when an order fills (`orders/`), what
the owner trades by itself (`trading.py`), the cash side that needs balances (`treasury.py`).

Orders and the owner's own trades add up in one position, but each pays and expires for itself, so the owner's
past and future stay as they are whatever a client orders. A trade in a currency pair moves two balances and
leaves no position.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby

from resources.simulator.accounts import terms
from resources.simulator.accounts.book import UNIT, Entry, Kind
from resources.simulator.accounts.marks import instant, weekday_from
from resources.simulator.accounts.tape import Tape
from resources.simulator.accounts.trading import DISTRIBUTION, EXPIRY
from resources.simulator.contracts.instruments import Instrument


def fill(contract: Instrument, change: int, price: float, *, at: int, commission: int, order: int) -> list[Entry]:
    """The entries of one fill: one, or two for a currency pair."""
    paid = terms.amount(contract, change, price) + commission
    conid, currency = contract.conid, contract.currency
    match contract.asset_class:
        case "CASH":
            bought = round(change / UNIT * 100)
            trade = Entry(at, Kind.EXCHANGE, currency, -paid, conid, change, price, paid, commission, order)
            return [trade, Entry(at, Kind.CONVERSION, contract.symbol.split(".")[0], bought)]
        case "FUT":
            return [Entry(at, Kind.TRADE, currency, -commission, conid, change, price, paid, commission, order)]
    return [Entry(at, Kind.TRADE, currency, -paid, conid, change, price, paid, commission, order)]


def aftermath(
    fills: Iterable[Entry], contracts: Mapping[int, Instrument], tape: Tape, months: Sequence[date]
) -> Iterator[Entry]:
    """Distributions and expiries of what was filled, to the end of the tape."""
    moves = sorted((entry for entry in fills if entry.kind is Kind.TRADE), key=lambda entry: (entry.conid, entry.at))
    for conid, group in groupby(moves, key=lambda entry: entry.conid):
        contract, own = contracts[conid], list(group)
        yield from _distributions(contract, own, tape, months)
        yield from _expiry(contract, own, tape)


def _distributions(contract: Instrument, moves: Sequence[Entry], tape: Tape, months: Sequence[date]) -> Iterator[Entry]:
    kind = Kind.COUPON if contract.asset_class == "BOND" else Kind.DIVIDEND
    for month in months:
        payday = weekday_from(month.replace(day=15))
        at = int(instant(payday, DISTRIBUTION).timestamp())
        held = sum(entry.quantity for entry in moves if entry.at <= at)
        if not held or (contract.expiry and contract.expiry < payday):
            continue
        price = terms.distribution(contract, payday, tape.close(contract, payday.toordinal()))
        if price:
            yield Entry(at, kind, contract.currency, terms.amount(contract, held, price), contract.conid)


def _expiry(contract: Instrument, moves: Sequence[Entry], tape: Tape) -> Iterator[Entry]:
    held = sum(entry.quantity for entry in moves)
    if contract.expiry is None or not held or contract.expiry > tape.last:
        return
    last = contract.expiry.toordinal()
    price = tape.close(contract, last)
    paid = terms.amount(contract, -held, price)
    cash = 0 if contract.asset_class == "FUT" else -paid
    at = int(instant(contract.expiry, EXPIRY).timestamp())
    yield Entry(at, Kind.EXPIRY, contract.currency, cash, contract.conid, -held, price, paid)
