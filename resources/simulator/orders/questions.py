"""What the broker asks before it takes an order.

Belongs here: which warnings an order earns, by rules on the order and the market. Does not: asking (`dialogue.py`).

Clients recognise a question by fixed phrases of its text ("exceeds the Percentage constraint of 3%", "exceeds the
Size Limit of"), so these stand as the gateway has them.
"""

from dataclasses import dataclass

from resources.simulator.accounts.book import UNIT
from resources.simulator.market import availability
from resources.simulator.orders.order import Kind, Ticket

MOST = 3  # in one chain
FAR = 0.03
SIZE_LIMIT = 500.0
VALUE_LIMIT = 100_000.0  # dollars
SURE = "\nAre you sure you want to submit this order?"


@dataclass(frozen=True, slots=True)
class Question:
    """A warning that wants a yes."""

    message_id: str
    text: str


def questions(ticket: Ticket, market: float, dollars: float) -> list[Question]:
    """What an order earns; `dollars` is its value."""
    found = [
        *_data(ticket),
        *_price(ticket, market),
        *_size(ticket, dollars),
        *_stop(ticket, market),
        *_cash(ticket),
    ]
    return found[:MOST]


def blind(ticket: Ticket) -> bool:
    """Whether the account has no market data for what it orders, or late ones only."""
    return availability.delay(ticket.contract.exchange) > 0


def _data(ticket: Ticket) -> list[Question]:
    text = (
        "You are submitting an order without market data. We strongly recommend against this as it may result in "
        f"erroneous and unexpected trades.{SURE}"
    )
    return [Question("o354", text)] if blind(ticket) else []


def _price(ticket: Ticket, market: float) -> list[Question]:
    if ticket.price is None or abs(ticket.price / market - 1) <= FAR:
        return []
    named = f"{_named(ticket)} at {ticket.price:g}"
    text = f"The following order {named} is far from the market: its price exceeds the Percentage constraint of 3%."
    return [Question("o163", f"{text}{SURE}")]


def _size(ticket: Ticket, dollars: float) -> list[Question]:
    found = []
    named = _named(ticket)
    if ticket.quantity / UNIT > SIZE_LIMIT and ticket.contract.asset_class != "CASH":
        text = f"The following order {named} size exceeds the Size Limit of {SIZE_LIMIT:g}.{SURE}"
        found.append(Question("o383", text))
    if dollars > VALUE_LIMIT:
        text = f"The following order {named} value estimate of {dollars:,.2f} USD exceeds \nthe Total Value Limit of "
        found.append(Question("o451", f"{text}{VALUE_LIMIT:,.0f} USD.{SURE}"))
    return found


def _stop(ticket: Ticket, market: float) -> list[Question]:
    if not ticket.kind.is_stop:
        return []
    text = (
        "You are about to submit a stop order. Please be aware of the various stop order types available and the "
        f"risks associated with each one.{SURE}"
    )
    found = [Question("o10331", text)]
    if ticket.stop is not None and ticket.side * (market - ticket.stop) >= 0:
        found.append(Question("o403", f"This order will most likely trigger and fill immediately.{SURE}"))
    return found


def _cash(ticket: Ticket) -> list[Question]:
    text = (
        "Traders are responsible for understanding cash quantity details, which are provided on a best efforts "
        f"basis only.{SURE}"
    )
    return [Question("o10164", text)] if ticket.cash_quantity and ticket.kind is not Kind.MIDPRICE else []


def _named(ticket: Ticket) -> str:
    side = "BUY" if ticket.side > 0 else "SELL"
    return f"{side} {ticket.quantity / UNIT:g} {ticket.contract.symbol} {ticket.contract.exchange}"
