"""Whether an order may be placed as things stand.

Belongs here: what account, market and earlier orders say about a ticket. Does not: the ticket's own consistency
(`tickets.py`), warnings that a client may confirm (`questions.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from resources.simulator.accounts.valuation import Valuation
from resources.simulator.accounts.world import Account, World
from resources.simulator.market.market import NoPriceError
from resources.simulator.orders import opening_hours
from resources.simulator.orders.blotter import Blotter
from resources.simulator.orders.funds import Impact, impact, shortage
from resources.simulator.orders.order import Kind, Order, Ticket
from resources.simulator.orders.refusals import Rejected, Unknown


@dataclass(frozen=True, slots=True)
class Review:
    """Judges tickets."""

    world: World
    blotter: Blotter
    valued: Callable[[Account], Valuation]

    def admit(self, tickets: Sequence[Ticket]) -> None:
        """Raise when one of them may not be placed."""
        fresh = {ticket.reference for ticket in tickets}
        for ticket in tickets:
            if self.blotter.referred(ticket.account_id, ticket.reference):
                raise Rejected(f"Order couldn't be submitted: Local order ID={ticket.reference} is already registered.")
            if ticket.parent and ticket.parent not in fresh and not self._has_parent(ticket):
                raise Rejected(f"Parent order {ticket.parent} does not exist")
            self.check(ticket, funded=not ticket.parent)
        references = [ticket.reference for ticket in tickets if ticket.reference]
        if len(references) > len(set(references)):
            raise Rejected(f"Order couldn't be submitted: Local order ID={references[0]} is already registered.")

    def check(self, ticket: Ticket, *, funded: bool) -> None:
        """Raise when an order, new or changed, breaks a rule."""
        wrong = self.objection(ticket, funded=funded)
        if wrong:
            raise Rejected(wrong)

    def objection(self, ticket: Ticket, *, funded: bool) -> str | None:
        """What is wrong with an order; children of a bracket are not paid for twice."""
        price = reference_price(ticket, self.price(ticket))
        for name, value in (("price", ticket.price), ("stop price", ticket.stop)):
            if value is not None and abs(value * ticket.contract.ticks - round(value * ticket.contract.ticks)) > 1e-6:
                return f"The {name} {value:g} does not conform to the minimum price variation of the contract"
        return shortage(self.impact(ticket, price)) if funded else None

    def amendable(self, account_id: str, number: int) -> Order:
        """The order to be changed or cancelled."""
        order = self.blotter.order(number)
        if order is None or order.ticket.account_id != account_id:
            raise Unknown(f"OrderID {number} doesn't exist")
        return order

    def amend(self, order: Order, ticket: Ticket) -> None:
        """Raise when an order may not become another."""
        if order.fills or not order.is_working:
            state = self.blotter.status(order)
            raise Rejected(
                f"OrderID {order.number} cannot be modified: {'partly filled' if order.is_working else state}"
            )
        if ticket.contract != order.ticket.contract or ticket.side != order.ticket.side:
            raise Rejected("An order's contract and side cannot be modified. Send the whole order with the same ones")
        self.check(ticket, funded=not order.ticket.parent)

    def price(self, ticket: Ticket) -> float:
        """The market's price of the contract now."""
        now, contract = self.blotter.now(), ticket.contract
        dead = opening_hours.end_of_life(contract)
        try:
            if dead is None or dead > now:
                return self.world.market.price(contract, datetime.fromtimestamp(now, UTC))
        except NoPriceError:
            pass
        raise Rejected(f"Contract {contract.conid} is not available for trading")

    def impact(self, ticket: Ticket, price: float) -> Impact:
        """What the order would do to its account."""
        account = self.world.account(ticket.account_id)
        assert account is not None
        valuation = self.valued(account)
        rate = self.world.rate(ticket.contract.currency, account.base, valuation.at)
        return impact(valuation, ticket, price, rate)

    def _has_parent(self, ticket: Ticket) -> bool:
        parent = self.blotter.referred(ticket.account_id, ticket.parent)
        return parent is not None and (parent.is_working or not parent.remaining)


def reference_price(ticket: Ticket, market: float) -> float:
    """The price at which an order is most likely to fill."""
    if ticket.kind is Kind.STOP:
        return ticket.stop or market
    return ticket.price or market
