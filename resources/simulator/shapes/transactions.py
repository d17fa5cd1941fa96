"""Wire shape of /pa/transactions: what happened in one contract, and what it earned.

Belongs here: pure functions from a book's entries to JSON values. Does not: the query (`routes/transactions.py`).

Quirks kept on purpose: dates as Java prints them; conid and amount are text in the gains and numbers in the
transactions; sales have negative quantities and purchases negative amounts, without the commission, which
only the gains know of; distributions have neither price nor quantity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from resources.simulator.accounts.book import TRADED, UNIT, Entry, Kind
from resources.simulator.clock import NEW_YORK
from resources.simulator.contracts.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Gain:
    """What one day's sales earned, in cents."""

    day: date
    account_id: str
    was_long: bool
    cents: int


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of an account's book, and what its currency is worth in the one asked for."""

    account_id: str
    entry: Entry
    rate: float


def transactions(
    happenings: Sequence[Happening],
    gains: Sequence[Gain],
    contract: Instrument,
    currency: str,
    *,
    first: datetime,
    last: datetime,
    rate: float,
) -> dict[str, object]:
    """The whole reply."""
    today = last.astimezone(NEW_YORK).date()
    begins, ends = (datetime.combine(at.astimezone(NEW_YORK), time(), tzinfo=first.tzinfo) for at in (first, last))
    total = sum(gain.cents for gain in gains) / 100
    return {
        "nd": (ends - begins).days + 1,
        "rpnl": {
            "data": [_gain(gain, contract, 1.0 if contract.currency == currency else rate) for gain in gains],
            "amt": str(round(total * rate, 8)),
        },
        "currency": currency,
        "from": int(begins.timestamp()) * 1000,
        "id": "getTransactions",
        "to": int(ends.timestamp()) * 1000,
        "transactions": [_row(happening, contract, today) for happening in happenings],
    }


def kind(entry: Entry) -> str:
    """The word for an entry; paying somebody else's dividend on borrowed shares is one of its own."""
    if entry.kind in TRADED:
        return "Buy" if entry.quantity > 0 else "Sell"
    if entry.kind is Kind.COUPON:
        return "Bond Interest Received" if entry.cash > 0 else "Bond Interest Paid"
    return "Dividends" if entry.cash > 0 else "Payment In Lieu"


def java_date(day: date) -> str:
    """Tue Mar 31 00:00:00 EDT 2026."""
    return datetime.combine(day, time(), tzinfo=NEW_YORK).strftime("%a %b %d %H:%M:%S %Z %Y")


def _row(happening: Happening, contract: Instrument, today: date) -> dict[str, object]:
    entry = happening.entry
    day = datetime.fromtimestamp(entry.at, NEW_YORK).date()
    traded = entry.kind in TRADED
    amount = -entry.quantity / UNIT * entry.price * contract.multiplier if traded else entry.cash / 100
    return {
        "cur": entry.currency,
        "date": java_date(day),
        "rawDate": f"{day:%Y%m%d}",
        "fxRate": happening.rate,
        **({"pr": entry.price, "qty": entry.quantity / UNIT} if traded else {}),
        "acctid": happening.account_id,
        "amt": round(amount, 2),
        "conid": contract.conid,
        "type": kind(entry),
        "desc": contract.name,
        "isRealTime": day == today,
    }


def _gain(gain: Gain, contract: Instrument, rate: float) -> dict[str, object]:
    return {
        "cur": contract.currency,
        "date": f"{gain.day:%Y%m%d}",
        "fxRate": rate,
        "side": "L" if gain.was_long else "S",
        "positionSide": "long" if gain.was_long else "short",
        "acctid": gain.account_id,
        "amt": str(gain.cents / 100),
        "conid": str(contract.conid),
    }
