"""Wire shape of one order's status.

Belongs here: a pure function from an order to a JSON value. Does not: the list of orders (`shapes/orders.py`).

Builds differ in how they name what was filled (`cum_fill` or `filled_quantity`): a filled order has both. All numbers
are text, times are UTC.
"""

from resources.simulator.accounts.book import UNIT
from resources.simulator.orders.order import Order, Status
from resources.simulator.shapes.orders import (
    CLEARING,
    COLOURS,
    NAMES,
    derivative,
    described,
    listing,
    priced,
    shown_price,
    stamp,
)


def status(order: Order, state: Status) -> dict[str, object]:
    """Everything about one order; numbers are text."""
    return {**_subject(order), **_terms(order), **_state(order, state), **_words(order), **_executed(order)}


def _subject(order: Order) -> dict[str, object]:
    """Which order it is, of what."""
    ticket, contract = order.ticket, order.ticket.contract
    return {
        "sub_type": None,
        "request_id": str(order.number % 100_000),
        "server_id": "0",
        "order_id": order.number,
        "conidex": str(contract.conid),
        "conid": contract.conid,
        "symbol": contract.symbol,
        "side": "B" if ticket.side > 0 else "S",
        "contract_description_1": contract.symbol,
        **({"contract_description_2": text} if (text := derivative(contract)) else {}),
        "listing_exchange": listing(contract),
        "option_acct": "c",
        "company_name": contract.name,
    }


def _terms(order: Order) -> dict[str, object]:
    """How much, for whom, at which prices."""
    ticket, contract, price = order.ticket, order.ticket.contract, shown_price(order)
    return {
        "size": _text(order.remaining if order.is_working else ticket.quantity),
        "total_size": _text(ticket.quantity),
        "currency": contract.currency,
        "account": ticket.account_id,
        "order_type": NAMES[ticket.kind][1],
        **({"limit_price": priced(contract, price)} if price is not None and ticket.price else {}),
        **({"stop_price": priced(contract, order.stop)} if ticket.kind.is_stop and order.stop else {}),
    }


def _state(order: Order, state: Status) -> dict[str, object]:
    """How far it has come, and what may still be done with it."""
    ticket = order.ticket
    foreground, background = COLOURS[state]
    word, code = CLEARING.get(state, ("Submitted", "0"))
    return {
        "cum_fill": _text(order.filled),
        "order_status": state,
        "order_ccp_status": code,
        "order_status_description": f"Order {word}",
        "tif": ticket.tif,
        "fg_color": foreground,
        "bg_color": background,
        "order_not_editable": not order.is_working,
        "editable_fields": "\x1e" if order.is_working else "",
        "cannot_cancel_order": not order.is_working,
        "outside_rth": ticket.outside_rth,
        "deactivate_order": ticket.deactivated,
        "use_price_mgmt_algo": False,
    }


def _words(order: Order) -> dict[str, object]:
    """What an order ticket on a screen shows of it."""
    ticket, contract, price = order.ticket, order.ticket.contract, shown_price(order)
    plain = described(order, with_contract=False)
    return {
        "sec_type": contract.asset_class,
        "available_chart_periods": "#R|1",
        "order_description": plain,
        "order_description_with_contract": described(order, with_contract=True),
        "alert_active": 1 if order.is_working else 0,
        "child_order_type": "3" if order.waiting_for else "0",
        "order_clearing_account": ticket.account_id,
        "size_and_fills": f"{order.filled / UNIT:g}/{ticket.quantity / UNIT:g}",
        "exit_strategy_display_price": "0.0" if price is None else priced(contract, price),
        "exit_strategy_chart_description": plain if order.is_working else "",
        "exit_strategy_tool_availability": "1" if order.is_working else "0",
        "allowed_duplicate_opposite": True,
        "order_time": stamp(order.changed_at if order.fills else order.placed_at),
    }


def _executed(order: Order) -> dict[str, object]:
    if not order.fills:
        return {}
    contract = order.ticket.contract
    average = priced(contract, order.average)
    return {
        "is_event_trading": "0",
        "order_desc": described(order, with_contract=True),
        "total_cash_size": str(order.ticket.cash_quantity),
        "price": "0.0" if order.ticket.price is None else priced(contract, order.ticket.price),
        "all_or_none": order.ticket.all_or_none,
        "clearing_id": "IB",
        "clearing_name": "IB",
        "average_price": average,
        "avg_fill_price": average,
        "fill_price": average,
        "last_fill_price": priced(contract, order.fills[-1].price),
        "filled_quantity": _text(order.filled),
        "remaining_quantity": _text(order.remaining),
    }


def _text(quantity: int) -> str:
    return str(quantity / UNIT)
