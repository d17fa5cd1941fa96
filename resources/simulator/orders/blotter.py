"""Every order of every account, brought up to the present whenever somebody looks.

Belongs here: placing, changing, cancelling; the order in which things happen between two looks; brackets and groups.
Does not: prices and quantities of fills (`matching.py`), what may be ordered (`review.py`), questions (`dialogue.py`).

Nothing runs in the background. Between the last look and now the earliest event among all working orders is
applied, again and again: so a parent's fill wakes its children at its own instant, and of two that cancel
each other the one that is reached first lives, however far the clock was moved in between.
"""

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from resources.simulator.accounts import executions, terms
from resources.simulator.accounts.world import World
from resources.simulator.clock import Clock
from resources.simulator.market.market import MINUTE
from resources.simulator.orders import opening_hours
from resources.simulator.orders.matching import Event, Matcher, is_good, trailing
from resources.simulator.orders.order import Fill, Order, Status, Ticket

DAY = 24 * 60 * 60
FIRST, SPREAD = 100_000_000, 400_000_000  # ids of placed orders; those of the owner's own lie above


class Blotter:
    """The orders of a simulated gateway."""

    def __init__(self, world: World, clock: Clock, seed: int, *, pending: int = 0) -> None:
        self._world = world
        self._clock = clock
        self._matcher = Matcher(world.market)
        self._pending = pending
        self._next = FIRST + zlib.crc32(b"orders:%d" % seed) % SPREAD
        self._orders: dict[int, Order] = {}
        self._minute = 0

    def now(self) -> int:
        """The present in seconds since 1970."""
        return int(self._clock.now().timestamp())

    def catch_up(self) -> None:
        """Let everything happen that has happened by now."""
        now = self.now()
        if now // MINUTE == self._minute:
            return
        self._minute = now // MINUTE
        events = {order.number: event for order in self._active() if (event := self._matcher.next_event(order, now))}
        while events:
            number = min(events, key=lambda number: (events[number].at, number))
            self._apply(self._orders[number], events[number])
            events = self._ahead(events, number, now)

    def order(self, number: int) -> Order | None:
        """The order of an id."""
        return self._orders.get(number)

    def orders(self, account_id: str) -> Iterator[Order]:
        """Everything ever placed in an account, oldest first."""
        return (order for order in self._orders.values() if order.ticket.account_id == account_id)

    def referred(self, account_id: str, reference: str) -> Order | None:
        """The order that the client gave that id within 24 hours."""
        since = self.now() - DAY
        found = (order for order in self.orders(account_id) if order.ticket.reference == reference)
        return next((order for order in found if order.placed_at > since), None) if reference else None

    def status(self, order: Order) -> Status:
        """The state of an order now."""
        ticket = order.ticket
        if order.ended is not None:
            unconfirmed = order.ended is Status.CANCELLED and not order.by_system and self._is_fresh(order.changed_at)
            return Status.PENDING_CANCEL if unconfirmed else order.ended
        if ticket.deactivated:
            return Status.INACTIVE
        if not order.fills and self._is_fresh(order.placed_at):
            return Status.PENDING_SUBMIT
        sleeps = ticket.kind.is_stop and not order.triggered
        if order.waiting_for or sleeps or ticket.kind.at_close or ticket.tif == "OPG":
            return Status.PRE_SUBMITTED
        market = self._world.market
        running = opening_hours.current(market, ticket.contract, self.now(), extended=ticket.extended)
        return Status.SUBMITTED if running else Status.PRE_SUBMITTED

    def place(self, tickets: Sequence[Ticket]) -> list[Order]:
        """Take orders in; the first of several may be the parent of the others."""
        now = self.now()
        placed = [self._enter(ticket, now) for ticket in tickets]
        group = f"oca-{placed[0].number}" if all(ticket.group for ticket in tickets) else ""
        for order in placed:
            parent = self.referred(order.ticket.account_id, order.ticket.parent)
            order.oca = group if parent is None else f"child-{parent.number}"
            order.waiting_for = parent.number if parent is not None and parent.is_working else 0
        for order in placed:
            if order.is_working:
                self._activate(order, now)
        return placed

    def change(self, order: Order, ticket: Ticket) -> None:
        """Replace what was asked for; the id stays."""
        order.ticket, order.triggered = ticket, False
        order.changed_at = self.now()
        self._activate(order, self.now())

    def cancel(self, order: Order, *, by_system: bool = False, at: int | None = None) -> None:
        """End an order and those that wait for it."""
        when = self.now() if at is None else at
        order.end(Status.CANCELLED, when, by_system=by_system)
        for child in self._active(waiting_for=order.number):
            self.cancel(child, by_system=True, at=when)

    def _is_fresh(self, at: int) -> bool:
        """Whether the exchange has not confirmed yet what was asked at an instant."""
        return self.now() - at < self._pending

    def _enter(self, ticket: Ticket, now: int) -> Order:
        self._next += 1
        order = self._orders[self._next] = Order(self._next, ticket, now, now, now)
        return order

    def _active(self, *, waiting_for: int = 0) -> list[Order]:
        """Working orders that wait for nobody, or for that one."""
        return [
            order
            for order in self._orders.values()
            if order.is_working and order.waiting_for == waiting_for and not order.ticket.deactivated
        ]

    def _ahead(self, events: dict[int, Event], number: int, now: int) -> dict[int, Event]:
        """Events that are still to come after one order's was applied."""
        active = {order.number: order for order in self._active()}
        kept = {other: event for other, event in events.items() if other in active and other != number}
        for other in active.keys() - events.keys() | ({number} & active.keys()):
            event = self._matcher.next_event(active[other], now)
            if event is not None:
                kept[other] = event
        return kept

    def _activate(self, order: Order, at: int) -> None:
        """From now on the order may fill."""
        ticket = order.ticket
        if order.waiting_for or ticket.deactivated:
            return
        order.cursor, order.stop = at + 1, ticket.stop
        if ticket.kind.trails and order.stop is None:
            order.stop = float(trailing(order, np.array([self._matcher.price(ticket, at)]))[0])
        self._set_deadline(order, at)
        if ticket.tif == "IOC" and not self._is_marketable(order, at):
            self.cancel(order, by_system=True, at=at)

    def _set_deadline(self, order: Order, at: int) -> None:
        ticket, market = order.ticket, self._world.market
        order.expires_at = opening_hours.end_of_life(ticket.contract)
        auction = ticket.kind.at_close or ticket.tif == "OPG"
        if ticket.tif == "GTC" and not auction:
            return
        session = opening_hours.current_or_next(market, ticket.contract, at, extended=ticket.extended)
        if session is not None and auction:
            began = session.opens if ticket.tif == "OPG" else session.closes - MINUTE
            if at > began:
                session = opening_hours.current_or_next(market, ticket.contract, session.closes)
        if session is None:
            order.expires_at = at
            return
        order.expires_at = session.closes
        if ticket.kind.at_close:
            order.cursor = session.closes - MINUTE
        elif ticket.tif == "OPG":
            order.cursor, order.expires_at = session.opens, session.opens + MINUTE
        elif ticket.tif == "IOC":
            order.expires_at = min(session.closes, (at // MINUTE + 2) * MINUTE)

    def _is_marketable(self, order: Order, at: int) -> bool:
        ticket, market = order.ticket, self._world.market
        running = opening_hours.current(market, ticket.contract, at, extended=ticket.extended)
        return not ticket.kind.is_stop and running is not None and is_good(order, self._matcher.price(ticket, at))

    def _apply(self, order: Order, event: Event) -> None:
        if event.fill is None:
            self.cancel(order, by_system=True, at=event.at)
            return
        self._execute(order, event.fill)
        order.cursor, order.changed_at = event.resumes, event.at
        if order.oca:
            for sibling in self._active():
                if sibling.oca == order.oca and sibling is not order:
                    self.cancel(sibling, by_system=True, at=event.at)
        if not order.remaining:
            order.end(Status.FILLED, event.at)
            for child in self._active(waiting_for=order.number):
                child.waiting_for = 0
                self._activate(child, event.at)

    def _execute(self, order: Order, fill: Fill) -> None:
        """Book a fill. The least commission is charged once per order, not once per fill."""
        contract, side = order.ticket.contract, order.ticket.side
        charged = sum(done.commission for done in order.fills)
        commission = terms.commission(contract, order.filled + fill.quantity) - charged
        order.fills.append(Fill(fill.at, fill.quantity, fill.price, commission))
        account = self._world.account(order.ticket.account_id)
        assert account is not None
        change = side * fill.quantity
        entries = executions.fill(contract, change, fill.price, at=fill.at, commission=commission, order=order.number)
        self._world.execute(account, entries)
