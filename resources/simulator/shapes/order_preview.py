"""Wire shape of a previewed order.

Belongs here: a pure function from a preview to a JSON value. Does not: its numbers (`orders/funds.py`).
"""

from resources.simulator.accounts.book import UNIT
from resources.simulator.orders.funds import Change, Preview

BLIND = (
    "21/You are trying to submit an order without having market data for this instrument. We strongly recommend "
    "against this kind of blind trading."
)


def preview(found: Preview) -> dict[str, object]:
    """What an order would do, in grouped digits."""
    impact, ticket = found.impact, found.ticket
    currency, size = ticket.contract.currency, ticket.quantity / UNIT
    unit = "Shares" if ticket.contract.asset_class == "STK" else "Contracts"
    return {
        "amount": {
            "amount": f"{impact.amount:,.2f} {currency} ({size:,g} {unit})",
            "commission": f"{impact.commission:,.7g} {currency}",
            "total": f"{impact.total:,.2f} {currency}",
        },
        "equity": _change(impact.equity),
        "initial": _change(impact.initial),
        "maintenance": _change(impact.maintenance),
        "position": {
            "current": f"{impact.position.current:,.10g}",
            "change": f"{impact.position.after - impact.position.current:,.10g}",
            "after": f"{impact.position.after:,.10g}",
        },
        "warn": BLIND if found.is_blind else None,
        "error": found.error,
    }


def _change(change: Change) -> dict[str, str]:
    current, after = round(change.current), round(change.after)
    return {"current": f"{current:,}", "change": f"{after - current:,}", "after": f"{after:,}"}
