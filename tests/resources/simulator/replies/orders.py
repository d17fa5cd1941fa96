"""How the replies about orders and trades are come by."""

from collections.abc import Iterator
from typing import Any

from tests.resources.simulator.replies.visitor import AWHILE, Asking, Visitor

LIVE = "/iserver/account/orders"
TRADES = "/iserver/account/trades"


def bought(visitor: Visitor) -> dict[str, Any]:
    """A market order, filled."""
    visitor.get("/iserver/accounts")
    order = {"orderType": "MKT", "side": "BUY", "quantity": 2, "tif": "DAY", "cOID": "bought-today"}
    taken = visitor.place(conid=visitor.conid(), **order)
    visitor.wait(AWHILE)
    return taken


def resting(visitor: Visitor) -> tuple[dict[str, Any], dict[str, Any]]:
    """A limit order far from the market, and what was said on taking it."""
    visitor.get("/iserver/accounts")
    order = {**visitor.limit_order(), "cOID": "resting-today"}
    return order, visitor.place(**order)


def asked_question(visitor: Visitor) -> Iterator[Any]:
    """An order far from the market is asked about."""
    visitor.get("/iserver/accounts")
    order = visitor.limit_order()
    yield visitor.post(f"/iserver/account/{visitor.account}/orders", {"orders": [order]})


def acknowledged(visitor: Visitor) -> Iterator[Any]:
    yield [bought(visitor)]
    yield [resting(visitor)[1]]


def replied(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    said = visitor.post(f"/iserver/account/{visitor.account}/orders", {"orders": [visitor.limit_order()]})
    yield visitor.confirmed(said)[-1]


def modified(visitor: Visitor) -> Iterator[Any]:
    order, taken = resting(visitor)
    changed = {**order, "quantity": 3}
    said = visitor.post(f"/iserver/account/{visitor.account}/order/{taken['order_id']}", changed)
    yield visitor.confirmed(said)[-1]


def cancelled(visitor: Visitor) -> Iterator[Any]:
    _, taken = resting(visitor)
    yield visitor.delete(f"/iserver/account/{visitor.account}/order/{taken['order_id']}")


def whatif(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    order = visitor.limit_order()
    yield visitor.post(f"/iserver/account/{visitor.account}/orders/whatif", {"orders": [order]})
    for _ in range(3):
        visitor.get("/iserver/marketdata/snapshot", conids=str(order["conid"]), fields="31,84,86")
    yield visitor.post(f"/iserver/account/{visitor.account}/orders/whatif", {"orders": [order]})


def orders_before(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    yield visitor.get(LIVE)


def orders_forced(visitor: Visitor) -> Iterator[Any]:
    resting(visitor)
    yield visitor.get(LIVE, force="true")


def orders_live(visitor: Visitor) -> Iterator[Any]:
    bought(visitor)
    resting(visitor)
    visitor.get(LIVE)
    yield visitor.get(LIVE)


def status_of_filled(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get(f"/iserver/account/order/status/{bought(visitor)['order_id']}")


def status_of_resting(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get(f"/iserver/account/order/status/{resting(visitor)[1]['order_id']}")


def trades(visitor: Visitor) -> Iterator[Any]:
    bought(visitor)
    visitor.get(TRADES, days="7")
    yield visitor.get(TRADES, days="7")


def suppressed(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    yield visitor.post("/iserver/questions/suppress", {"messageIds": ["o163"]})
    yield visitor.post("/iserver/questions/suppress/reset", {})


ASKED = {
    "order_place_question": Asking(asked_question),
    "order_place": Asking(acknowledged),
    "order_reply": Asking(replied),
    "order_modify": Asking(modified),
    "order_cancel": Asking(cancelled),
    "order_whatif": Asking(whatif),
    "order_suppress": Asking(suppressed),
    "iserver_orders_before": Asking(orders_before),
    "iserver_orders_forced": Asking(orders_forced),
    "iserver_orders": Asking(orders_live),
    "iserver_order_status_of_filled": Asking(status_of_filled),
    "iserver_order_status_of_resting": Asking(status_of_resting),
    "iserver_trades": Asking(trades),
}
