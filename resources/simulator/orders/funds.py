"""What an order would do to an account, and whether the account can bear it.

Belongs here: amounts before and after, as a preview tells them and a review judges them. Does not: wire shapes.

Positions ask for the margin that the summary tells (`accounts/margin.py`). Futures and currency pairs ask for none
there; they are limited to a multiple of the account's worth instead.
"""

from dataclasses import dataclass

from resources.simulator.accounts import terms
from resources.simulator.accounts.book import UNIT
from resources.simulator.accounts.margin import INITIAL, MAINTENANCE, MARGINED, gross_value
from resources.simulator.accounts.valuation import Valuation
from resources.simulator.orders.order import Ticket

LEVERAGE = 10.0


@dataclass(frozen=True, slots=True)
class Change:
    """An amount before and after an order."""

    current: float
    after: float


@dataclass(frozen=True, slots=True)
class Impact:
    """Amounts in base currency; the order's own in the contract's."""

    amount: float
    commission: float
    equity: Change
    initial: Change
    maintenance: Change
    position: Change
    exposure: Change  # of this contract alone

    @property
    def total(self) -> float:
        """What a buyer pays."""
        return self.amount + self.commission


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do, and what is wrong with it."""

    ticket: Ticket
    impact: Impact
    is_blind: bool
    error: str | None


def impact(valuation: Valuation, ticket: Ticket, price: float, rate: float) -> Impact:
    """An order filled as a whole at a price; `rate` brings the contract's currency into the account's."""
    contract = ticket.contract
    held = next((row for row in valuation.rows if row.contract.conid == contract.conid), None)
    before = held.quantity if held else 0.0
    after = before + ticket.side * ticket.quantity / UNIT
    exposed = Change(abs(held.value) / 100 * rate if held else 0.0, abs(after * price * contract.multiplier) * rate)
    gross = gross_value(valuation)
    grown = gross + (exposed.after - exposed.current if contract.asset_class in MARGINED else 0.0)
    commission = terms.commission(contract, ticket.quantity) / 100
    return Impact(
        amount=abs(terms.amount(contract, ticket.quantity, price)) / 100,
        commission=commission,
        equity=Change(valuation.net, valuation.net - commission * rate),
        initial=Change(INITIAL * gross, INITIAL * grown),
        maintenance=Change(MAINTENANCE * gross, MAINTENANCE * grown),
        position=Change(before, after),
        exposure=exposed,
    )


def shortage(found: Impact) -> str | None:
    """What an account lacks for an order; None when it lacks nothing. Whatever makes it safer may be done."""
    if found.exposure.after <= found.exposure.current:
        return None
    if found.initial.after > found.initial.current and found.initial.after > found.equity.after:
        return (
            "Your order is not accepted. In order to obtain the desired position your equity with loan value "
            f"[{found.equity.after:,.2f}] must exceed the initial margin [{found.initial.after:,.2f}]"
        )
    if found.exposure.after > LEVERAGE * found.equity.after:
        return (
            f"Your order is not accepted. Its value exceeds {LEVERAGE:g} times your equity [{found.equity.after:,.2f}]"
        )
    return None
