"""Reading what a client wants to order.

Belongs here: the words of an order request and what each order type needs. Does not: the account, the market beyond a
price for cash quantities, duplicates (`review.py`), questions.

Numbers may come as text, as some clients send them. The stop of a plain STP order is its `price`, that of a
STOP_LIMIT its `auxPrice`.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from resources.simulator.accounts.book import UNIT
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import Market, NoPriceError
from resources.simulator.orders.order import Kind, Ticket
from resources.simulator.orders.refusals import Malformed, Rejected

Raw = Mapping[str, object]
SIDES = {"BUY": 1, "SELL": -1}
TIFS = frozenset({"DAY", "GTC", "OPG", "IOC"})
AUCTIONS = frozenset({Kind.MARKET, Kind.LIMIT})  # what may take part in the opening
LONGEST_REFERENCE = 64
LONGEST_CONID = 18  # digits
CAST = "class java.util.{} cannot be cast to class java.util.{} (java.util.{} and java.util.{} are in module java.base)"


def wrapped(body: object) -> list[Raw]:
    """The orders of `{"orders": [...]}`."""
    if not isinstance(body, dict):
        raise Malformed(CAST.format("ArrayList", "Map", "ArrayList", "Map"))
    orders = body.get("orders")
    if not isinstance(orders, list) or not orders or not all(isinstance(order, dict) for order in orders):
        raise Malformed("orders must be a list of orders")
    return orders


def related(orders: Sequence[Raw]) -> None:
    """Several orders in one request must be a bracket or a group."""
    if len(orders) == 1 or all(order.get("isSingleGroup") is True for order in orders):
        return
    references = {str(order["cOID"]) for order in orders if order.get("cOID")}
    children = [order for order in orders if order.get("parentId")]
    if len(children) != len(orders) - 1 or any(str(order["parentId"]) not in references for order in children):
        raise Rejected("Several orders at once must be a bracket (parentId names the cOID of the first) or one group")


def read(raw: Raw, account_id: str, market: Market, now: datetime) -> Ticket:
    """One order, complete and consistent in itself."""
    contract = _contract(raw, market)
    if raw.get("acctId", account_id) != account_id:
        raise Rejected(f"Account {raw.get('acctId')} is not the account of this request")
    kind, tif = _kind(raw), _tif(raw)
    if tif == "OPG" and kind not in AUCTIONS:
        raise Rejected(f"Invalid time in force OPG for order type {kind}")
    if contract.asset_class == "FUT" and ("manualIndicator" not in raw or not raw.get("extOperator")):
        raise Rejected("Orders in futures must name manualIndicator and extOperator")
    price, stop, trail = _prices(raw, kind)
    cash = _number(raw, "cashQty") or _number(raw, "fxQty") or 0.0
    return Ticket(
        account_id=account_id,
        contract=contract,
        side=_side(raw),
        quantity=_quantity(raw, contract, cash, price, market, now),
        kind=kind,
        tif=tif,
        price=price,
        stop=stop,
        trail=trail,
        trail_percent=raw.get("trailingType", "amt") == "%",
        outside_rth=_flag(raw, "outsideRTH"),
        all_or_none=_flag(raw, "allOrNone"),
        deactivated=_flag(raw, "deactivated"),
        cash_quantity=cash,
        reference=_reference(raw, "cOID"),
        parent=_reference(raw, "parentId"),
        group=_flag(raw, "isSingleGroup"),
    )


def _contract(raw: Raw, market: Market) -> Instrument:
    conid, extended = raw.get("conid"), raw.get("conidex")
    if (conid in (None, "")) == (extended in (None, "")):
        raise Rejected("An order names its contract by conid or by conidex, and not by both")
    text = str(conid if conid not in (None, "") else extended).split("@")[0]
    if isinstance(conid, bool | float | list | dict) or not text.isdecimal() or len(text) > LONGEST_CONID:
        raise Malformed(CAST.format("String", "Integer", "String", "Integer").replace("util", "lang"))
    found = market.instrument(int(text))
    if found is None or found.asset_class == "IND":
        raise Rejected(f"Contract {text} is not available for trading")
    return found


def _kind(raw: Raw) -> Kind:
    word = str(raw.get("orderType", "")).upper()
    if word not in set(Kind):
        raise Rejected(f"Invalid order type {raw.get('orderType', '')!s}".rstrip())
    return Kind(word)


def _tif(raw: Raw) -> str:
    word = str(raw.get("tif", "DAY")).upper()
    if word not in TIFS:
        raise Rejected(f"Invalid time in force {word}")
    return word


def _side(raw: Raw) -> int:
    word = str(raw.get("side", "")).upper()
    if word not in SIDES:
        raise Rejected("Invalid side: BUY or SELL")
    return SIDES[word]


def _prices(raw: Raw, kind: Kind) -> tuple[float | None, float | None, float]:
    """Limit, stop and trailing amount, as far as the type has them."""
    price, aux = _positive(raw, "price"), _positive(raw, "auxPrice")
    trail = (_positive(raw, "trailingAmt") or 0.0) if kind.trails else 0.0
    if kind.trails and (not trail or raw.get("trailingType", "amt") not in ("amt", "%")):
        raise Rejected(f"Order type {kind} needs trailingAmt, and trailingType amt or %")
    if kind in {Kind.STOP, Kind.TRAIL}:
        stop = price or aux
        if kind is Kind.STOP and stop is None:
            raise Rejected("Order type STP needs a price: the stop")
        return None, stop, trail
    if kind.has_limit and price is None:
        raise Rejected(f"Order type {kind} needs a price: the limit")
    if kind.is_stop and aux is None:
        raise Rejected(f"Order type {kind} needs auxPrice: the stop")
    return (price if kind.has_limit or kind is Kind.MIDPRICE else None), (aux if kind.is_stop else None), trail


def _quantity(raw: Raw, contract: Instrument, cash: float, price: float | None, market: Market, now: datetime) -> int:
    """In ten-thousandths; for a cash quantity as much as it buys at the limit or at the market."""
    quantity = _positive(raw, "quantity")
    if (quantity is None) == (not cash):
        raise Rejected("An order needs either a quantity or a cash quantity")
    if quantity is None:
        return _bought(contract, cash, price, market, now)
    units = round(quantity * UNIT)
    if not units or abs(units - quantity * UNIT) > 1e-6 * UNIT or (units % UNIT and contract.asset_class != "STK"):
        raise Rejected(f"{quantity:g} is not a size in which {contract.symbol} can be traded")
    return units


def _bought(contract: Instrument, cash: float, price: float | None, market: Market, now: datetime) -> int:
    if contract.asset_class not in {"STK", "CASH"} or cash < 0:
        raise Rejected(f"{contract.symbol} cannot be ordered by cash quantity")
    try:
        units = int(cash / (price or market.price(contract, now)) * UNIT)
    except NoPriceError:
        units = 0
    units -= units % UNIT if contract.asset_class == "CASH" else 0
    if not units:
        raise Rejected(f"A cash quantity of {cash:g} is too small for {contract.symbol}")
    return units


def _reference(raw: Raw, name: str) -> str:
    value = raw.get(name) or ""
    if isinstance(value, list | dict):
        raise Malformed(f"{name} is not text")
    text = str(value)
    if len(text) > LONGEST_REFERENCE:
        raise Rejected(f"{name} is longer than {LONGEST_REFERENCE} characters")
    return text


def _positive(raw: Raw, name: str) -> float | None:
    number = _number(raw, name)
    if number is not None and number <= 0:
        raise Rejected(f"Invalid {name} {number:g}: it must be positive")
    return number


def _number(raw: Raw, name: str) -> float | None:
    value = raw.get(name)
    if value is None or value == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or abs(number) > 1e12:
        raise Malformed(f"{name} is not a number")
    return number


def _flag(raw: Raw, name: str) -> bool:
    return raw.get(name) in (True, "true")
