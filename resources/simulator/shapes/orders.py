"""Wire shapes of orders: acknowledgements, questions, the live list, and the words that all share.

Belongs here: pure functions from orders to JSON values. Does not: states (`orders/`), one order's status
(`order_status.py`), previews (`order_preview.py`), executions (`trades.py`).

Quirks kept on purpose: an order's id is text in an acknowledgement and a number elsewhere; the live list has prices
as text and sizes as numbers; DAY is called CLOSE.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from resources.simulator.accounts.book import UNIT
from resources.simulator.contracts.derivatives import delivery
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.orders.dialogue import Asked
from resources.simulator.orders.order import Kind, Order, Status

STAMP = "%y%m%d%H%M%S"
TIFS = {"DAY": "Day"}
NAMES = {
    Kind.MARKET: ("Market", "MARKET"),
    Kind.LIMIT: ("Limit", "LIMIT"),
    Kind.STOP: ("Stop", "STOP"),
    Kind.STOP_LIMIT: ("Stop Limit", "STOP_LIMIT"),
    Kind.MIDPRICE: ("Midprice", "MIDPRICE"),
    Kind.TRAIL: ("Trailing Stop", "TRAILING_STOP"),
    Kind.TRAIL_LIMIT: ("Trailing Stop Limit", "TRAILING_STOP_LIMIT"),
    Kind.MARKET_ON_CLOSE: ("Market on Close", "MARKETONCLOSE"),
    Kind.LIMIT_ON_CLOSE: ("Limit on Close", "LIMITONCLOSE"),
}
CLEARING = {Status.FILLED: ("Filled", "2"), Status.CANCELLED: ("Cancelled", "1"), Status.INACTIVE: ("Inactive", "3")}
COLOURS = {
    Status.SUBMITTED: ("#FFFFFF", "#007800"),
    Status.PENDING_SUBMIT: ("#FFFFFF", "#0000CC"),
    Status.PRE_SUBMITTED: ("#FFFFFF", "#0000CC"),
    Status.PENDING_CANCEL: ("#FFFFFF", "#AA0000"),
    Status.FILLED: ("#FFFFFF", "#000000"),
    Status.CANCELLED: ("#AFAFAF", "#FFFFFF"),
    Status.INACTIVE: ("#FFFFFF", "#AFAFAF"),
}


def acknowledged(order: Order, status: Status) -> dict[str, object]:
    """What a placed or changed order is answered with."""
    local = {"local_order_id": order.ticket.reference} if order.ticket.reference else {}
    return {"order_id": str(order.number), **local, "order_status": status, "encrypt_message": "1"}


def question(asked: Asked) -> dict[str, object]:
    """A question, to be answered under its id."""
    return {
        "id": asked.reply_id,
        "message": [asked.question.text],
        "isSuppressed": False,
        "messageIds": [asked.question.message_id],
        "messageOptions": ["Yes", "No"],
    }


def cancelled(number: int) -> dict[str, object]:
    """That a cancellation was taken in, not that it was done."""
    return {"msg": "Request was submitted", "order_id": number, "conid": -1, "account": None}


def live(order: Order, state: Status) -> dict[str, object]:
    """A row of the list of live orders."""
    ticket, contract = order.ticket, order.ticket.contract
    background, foreground = COLOURS[state]
    name, original = NAMES[ticket.kind]
    return {
        "acct": ticket.account_id,
        "conidex": str(contract.conid),
        "conid": contract.conid,
        "account": ticket.account_id,
        "orderId": order.number,
        "cashCcy": contract.currency,
        "sizeAndFills": sizes(order),
        "orderDesc": described(order, with_contract=bool(order.fills)),
        "description1": contract.symbol,
        **second_description(contract),
        "ticker": contract.symbol,
        "secType": contract.asset_class,
        "listingExchange": listing(contract),
        "remainingQuantity": order.remaining / UNIT,
        "filledQuantity": order.filled / UNIT,
        "totalSize": ticket.quantity / UNIT,
        **({"totalCashSize": ticket.cash_quantity} if ticket.cash_quantity else {}),
        "companyName": contract.name,
        "status": state,
        "order_ccp_status": CLEARING.get(state, ("Submitted", "0"))[0],
        **({"avgPrice": priced(contract, order.average)} if order.fills else {}),
        "origOrderType": original,
        "supportsTaxOpt": "1",
        "lastExecutionTime": stamp(order.changed_at),
        "orderType": name,
        "bgColor": background,
        "fgColor": foreground,
        **({"order_ref": ticket.reference} if ticket.reference else {}),
        **({} if ticket.kind is Kind.MARKET else {"outsideRTH": ticket.outside_rth}),
        **_stops(order),
        "isEventTrading": "0",
        "price": "" if (shown := shown_price(order)) is None else priced(contract, shown),
        "timeInForce": "CLOSE" if ticket.tif == "DAY" else ticket.tif,
        "lastExecutionTime_r": order.changed_at * 1000,
        "side": side(order),
        **({"order_cancellation_by_system_reason": "Cancelled by the system"} if order.by_system else {}),
    }


def described(order: Order, *, with_contract: bool) -> str:
    """Bought 1 SPY Market, Day."""
    ticket = order.ticket
    words = {(1, False): "Buy", (-1, False): "Sell", (1, True): "Bought", (-1, True): "Sold"}
    done = order.filled if order.fills else ticket.quantity
    parts = [words[ticket.side, bool(order.fills)], f"{done / UNIT:g}"]
    parts += [ticket.contract.symbol] if with_contract else []
    parts.append(NAMES[ticket.kind][0])
    price = shown_price(order)
    parts += [] if price is None else [priced(ticket.contract, price)]
    return f"{' '.join(parts)}, {TIFS.get(ticket.tif, ticket.tif)}"


def sizes(order: Order) -> str:
    """0/45, or 45 once all is filled."""
    total = f"{order.ticket.quantity / UNIT:g}"
    return f"{order.filled / UNIT:g}/{total}" if order.remaining else total


def side(order: Order) -> str:
    """BUY or SELL."""
    return "BUY" if order.ticket.side > 0 else "SELL"


def priced(contract: Instrument, price: float) -> str:
    """A price with at least the digits that the contract has."""
    plain = f"{price:.{contract.decimals}f}"
    return plain if abs(float(plain) - price) < 1e-9 else f"{price:.8f}".rstrip("0")


def listing(contract: Instrument) -> str:
    """The listing exchange, as the trading side writes it."""
    return "NASDAQ.NMS" if contract.exchange == "NASDAQ" else contract.exchange


def second_description(contract: Instrument, name: str = "description2") -> Mapping[str, object]:
    """What tells derivatives of one symbol apart."""
    text = derivative(contract)
    return {name: text} if text else {}


def derivative(contract: Instrument) -> str:
    """DEC2026 200 Call, or nothing for what does not expire."""
    named = delivery(contract) if contract.is_derivative else None
    if named is None:
        return ""
    month = f"{named:%b%Y}".upper()
    right = {"C": "Call", "P": "Put"}.get(contract.right or "", "")
    return f"{month} {contract.strike:g} {right}" if right else month


def shown_price(order: Order) -> float | None:
    """The price that stands for the order: its limit, else its stop."""
    if order.ticket.price is not None:
        return order.ticket.price
    return order.stop if order.ticket.kind.is_stop else None


def _stops(order: Order) -> dict[str, object]:
    if not order.ticket.kind.is_stop or order.stop is None:
        return {}
    text = priced(order.ticket.contract, order.stop)
    return {"auxPrice": text, "stop_price": text}


def stamp(at: int) -> str:
    """When, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime(STAMP)
