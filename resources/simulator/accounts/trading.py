"""What the owner of a simulated account trades: a few orders a day, replayable from a seed.

Belongs here: the trades, expiries and distributions of each slot of a book. Does not: which
contracts a slot may hold (`slots.py`), what lots and commissions are (`terms.py`), the cash side that
needs balances (`treasury.py`), or folding (`book.py`).

A slot is never empty once it has been opened: a contract that expires or is sold is replaced at the
same instant, so the number of positions is exact whatever the clock says. Draws are made per slot and
calendar month, never in sequence, so that moving the clock forward appends entries and changes none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from resources.simulator.accounts import terms
from resources.simulator.accounts.book import Entry, Kind
from resources.simulator.accounts.marks import instant
from resources.simulator.accounts.slots import Slot
from resources.simulator.accounts.tape import Floats, Ints, Tape
from resources.simulator.contracts.instruments import Instrument

ORDERS_FROM = time(9, 45)  # New York: Europe still trades
DISTRIBUTION = time(12)
EXPIRY = time(16)
OPENING_DAYS = 25
ROTATION = 0.2  # of the trades of a slot that has an alternative


@dataclass(slots=True)
class Trader:
    """Plays one slot forward in time."""

    slot: Slot
    tape: Tape
    inception: date
    months: Sequence[tuple[date, Floats]]  # first day of a month, the slot's draws for it
    activity: float  # chance of a trade in a month
    held: Instrument | None = None
    quantity: int = 0

    def play(self) -> Iterator[Entry]:
        """Every entry from the opening to the end of the tape."""
        opening = self._opening()
        yield from self._open(opening, ORDERS_FROM)
        for day, draws in self._agenda():
            if day > opening:
                yield from self._expire(day)
                yield from self._distribute(day) if draws is None else self._act(day, draws)
        yield from self._expire(self.tape.last.toordinal() + 1)

    def _agenda(self) -> Iterator[tuple[int, Floats | None]]:
        for month, draws in self.months:
            payday = terms.payday(month).toordinal()
            order = month.toordinal() + int(draws[1] * 31)
            todo: list[tuple[int, Floats | None]] = [(payday, None)]
            if draws[0] < self.activity and date.fromordinal(order).month == month.month:
                todo.append((order, draws))
            yield from sorted(todo, key=lambda item: item[0])

    def _opening(self) -> int:
        """A day of the first weeks on which the first holding trades; later when it is listed later."""
        wished = self.inception.toordinal() + int(self.slot.draws[2] * OPENING_DAYS)
        track = self.tape.track(self._next(wished) or self.slot.first)
        where = track.at_or_after(wished)
        return int(track.days[where]) if where < len(track.days) else wished

    def _open(self, day: int, when: time, contract: Instrument | None = None) -> Iterator[Entry]:
        self.held = contract or self._next(day)
        if self.held is not None:
            price = self._price(self.held, day, when)
            yield self._trade(day, when, self.slot.size(self.held, price), price)

    def _next(self, day: int) -> Instrument | None:
        for contract in self.slot.contracts:
            days = self._days(contract)
            lives = len(days) and days[0] <= day and (contract.expiry is None or contract.expiry.toordinal() > day)
            if lives and contract is not self.held:
                return contract
        return self.slot.stand_in if self.slot.stand_in is not self.held else None

    def _expire(self, day: int) -> Iterator[Entry]:
        while self.held and self.held.expiry and self.held.expiry.toordinal() < day:
            last = self.held.expiry.toordinal()
            yield self._trade(last, EXPIRY, -self.quantity, self.tape.close(self.held, last), Kind.EXPIRY)
            yield from self._open(last, EXPIRY)

    def _distribute(self, day: int) -> Iterator[Entry]:
        """The middle of the month: take up what has been listed meanwhile, then what the holding pays."""
        if self.held is self.slot.stand_in and (listed := self._next(day)) is not None:
            yield from self._swap(day, listed)
        if self.held is None:
            return
        price = terms.distribution(self.held, date.fromordinal(day), self.tape.close(self.held, day))
        if price:
            kind = Kind.COUPON if self.held.asset_class == "BOND" else Kind.DIVIDEND
            cash = terms.amount(self.held, self.quantity, price)
            yield Entry(_seconds(day, DISTRIBUTION), kind, self.held.currency, cash, self.held.conid)

    def _swap(self, day: int, other: Instrument) -> Iterator[Entry]:
        if self.held is not None:
            yield self._trade(day, ORDERS_FROM, -self.quantity, self._price(self.held, day, ORDERS_FROM))
        yield from self._open(day, ORDERS_FROM, other)

    def _act(self, day: int, draws: Floats) -> Iterator[Entry]:
        """Trade, if the contract trades that day."""
        if self.held is None or not self.tape.track(self.held).trades_on(day):
            return
        alternative = self._next(day) if self.held.expiry is None else None
        if draws[2] < ROTATION and alternative is not None:
            yield from self._swap(day, alternative)
        else:
            yield self._resize(day, draws)

    def _resize(self, day: int, draws: Floats) -> Entry:
        assert self.held is not None
        lot = terms.lot(self.held)
        change = max(lot, round(abs(self.quantity) * (0.1 + 0.4 * float(draws[3])) / lot) * lot)
        reduces = draws[4] < 0.5 and abs(self.quantity) > change
        direction = (1 if self.quantity > 0 else -1) * (-1 if reduces else 1)
        return self._trade(day, ORDERS_FROM, direction * change, self._price(self.held, day, ORDERS_FROM))

    def _price(self, contract: Instrument, day: int, when: time) -> float:
        if when is EXPIRY:
            return self.tape.close(contract, day)
        return terms.fill(self.tape.track(contract), contract.conid, day)

    def _trade(self, day: int, when: time, change: int, price: float, kind: Kind = Kind.TRADE) -> Entry:
        assert self.held is not None
        self.quantity += change
        commission = 0 if kind is Kind.EXPIRY else terms.commission(self.held, change)
        paid = terms.amount(self.held, change, price) + commission
        cash = -commission if self.held.asset_class == "FUT" else -paid
        late = int(90 * terms.fraction(self.slot.index, day)) if when is ORDERS_FROM else 0
        at = _seconds(day, when) + 60 * late
        return Entry(at, kind, self.held.currency, cash, self.held.conid, change, price, paid, commission)

    def _days(self, contract: Instrument) -> Ints:
        return self.tape.track(contract).days


@lru_cache(maxsize=4096)
def _seconds(day: int, when: time) -> int:
    return int(instant(date.fromordinal(day), when).timestamp())
