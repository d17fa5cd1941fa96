"""The order desk: what clients do with orders, from request to acknowledgement.

Belongs here: the steps of each request. Does not: HTTP (`routes/orders.py`), and each step's own rules (the modules
beside this one).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime

from resources.simulator.accounts.valuation import Valuation
from resources.simulator.accounts.world import Account, World
from resources.simulator.clock import Clock
from resources.simulator.orders import tickets
from resources.simulator.orders.blotter import Blotter
from resources.simulator.orders.dialogue import Asked, Dialogue, Done
from resources.simulator.orders.funds import Impact, Preview
from resources.simulator.orders.order import Order, Status, Ticket
from resources.simulator.orders.questions import Question, blind, questions
from resources.simulator.orders.refusals import Malformed, Rejected
from resources.simulator.orders.review import Review, reference_price
from resources.simulator.orders.trades import day_begins, own_order, trades
from resources.simulator.session import Session

EVERY = -1  # instead of an id: all orders of the account
Outcome = Asked | Done


class Desk:
    """Takes orders for every account of a world."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        session: Session,
        seed: int,
        valued: Callable[[Account], Valuation],
        *,
        pending: int = 0,
    ) -> None:
        self._world = world
        self.blotter = Blotter(world, clock, seed, pending=pending)
        self.dialogue = Dialogue(session, self.blotter.now, seed)
        self._review = Review(world, self.blotter, valued)

    def place(self, account_id: str, body: object) -> Outcome:
        """New orders, or the first question about them."""
        self.dialogue.interrupt()
        wanted = self._read(account_id, body)
        self._review.admit(wanted)
        return self.dialogue.begin(self._warnings(wanted), lambda: self.blotter.place(wanted))

    def preview(self, account_id: str, body: object, *, seen: Collection[int] | None, asks: bool) -> Outcome:
        """Orders that are not placed, told as one; perhaps only of contracts that were seen, and after questions.

        A bracket asks for what its parent asks for, and of a group only one can fill: the dearest stands for all.
        """
        self.dialogue.interrupt()
        wanted = self._read(account_id, body)
        parents = [each for each in wanted if not each.parent] or wanted
        ticket = max(parents, key=lambda each: self._impact(each).exposure.after)
        if seen is not None and ticket.contract.conid not in seen:
            raise Rejected(f"No market data for conid {ticket.contract.conid}: ask for a snapshot first")

        def previewed() -> Preview:
            wrong = self._review.objection(ticket, funded=True)
            return Preview(ticket, self._impact(ticket), blind(ticket), wrong)

        return self.dialogue.begin(self._warnings(wanted) if asks else [], previewed)

    def modify(self, account_id: str, number: int, body: object) -> Outcome:
        """Another ticket for an order, or the first question about it."""
        self.dialogue.interrupt()
        order = self._review.amendable(account_id, number)
        if not isinstance(body, dict):
            raise Malformed(tickets.CAST.format("ArrayList", "Map", "ArrayList", "Map"))
        old = order.ticket
        kept = {"parentId": old.parent, "cOID": old.reference, "isSingleGroup": old.group}
        ticket = tickets.read({**body, **kept}, account_id, self._world.market, self._now())
        self._review.amend(order, ticket)

        def change() -> Sequence[Order]:
            self._review.amend(order, ticket)  # it may have been filled while the question was open
            self.blotter.change(order, ticket)
            return [order]

        return self.dialogue.begin(self._warnings([ticket]), change)

    def cancel(self, account_id: str, number: int) -> None:
        """End an order, or all of them."""
        self.dialogue.interrupt()
        if number == EVERY:
            for order in list(self.blotter.orders(account_id)):
                if order.is_working:
                    self.blotter.cancel(order)
            return
        order = self._review.amendable(account_id, number)
        if not order.is_working:
            raise Rejected(f"OrderID {number} cannot be cancelled: {self.blotter.status(order)}")
        self.blotter.cancel(order)

    def answer(self, reply_id: str, confirmed: object) -> Outcome:
        """A yes or a no to a question."""
        return self.dialogue.answer(reply_id, confirmed)

    def live(self, accounts: Iterable[Account]) -> list[Order]:
        """Working orders, and those that were filled or cancelled today; the owner's own among them."""
        now = self.blotter.now()
        today = day_begins(now)
        found: list[Order] = []
        for account in accounts:
            placed = self.blotter.orders(account.account_id)
            found += [order for order in placed if order.is_working or order.changed_at >= today]
            traded = trades(self._world, account, today, now)
            found += [own_order(trade) for trade in traded if not trade.entry.order]
        return sorted(found, key=lambda order: (not order.is_working, order.placed_at, order.number))

    def find(self, accounts: Iterable[Account], number: int) -> Order | None:
        """A live order by its id."""
        return next((order for order in self.live(accounts) if order.number == number), None)

    def status(self, order: Order) -> Status:
        """The state of an order now."""
        return self.blotter.status(order)

    def _read(self, account_id: str, body: object) -> list[Ticket]:
        raw = tickets.wrapped(body)
        tickets.related(raw)
        return [tickets.read(order, account_id, self._world.market, self._now()) for order in raw]

    def _warnings(self, wanted: Sequence[Ticket]) -> list[Question]:
        found: list[Question] = []
        for ticket in wanted:
            price = self._review.price(ticket)
            dollars = self._impact(ticket).amount * self._world.market.fx(ticket.contract.currency, "USD", self._now())
            found += questions(ticket, price, dollars)
        return found

    def _impact(self, ticket: Ticket) -> Impact:
        return self._review.impact(ticket, reference_price(ticket, self._review.price(ticket)))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.blotter.now(), UTC)
