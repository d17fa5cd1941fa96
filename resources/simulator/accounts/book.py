"""The ledger of one account, folded: what is held, at what cost, and how much cash, at any instant.

Belongs here: entries and their fold. Does not: which trades are made (`trading.py`), interest and
currency conversions (`treasury.py`), or what things are worth (`valuation.py`).

Quantities are whole ten-thousandths and money whole cents, so that nothing drifts. Selling
short is the same arithmetic with the sign turned: cost is what was paid, negative when received.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from resources.simulator.accounts.tape import Floats, Ints

UNIT = 10_000
Number = TypeVar("Number", np.int64, np.float64)


class Kind(StrEnum):
    """Why an entry was made."""

    TRADE = "trade"
    EXPIRY = "expiry"
    DIVIDEND = "dividend"
    COUPON = "coupon"
    VARIATION = "variation"
    INTEREST = "interest"
    TRANSFER = "transfer"
    CONVERSION = "conversion"
    EXCHANGE = "exchange"  # the other currency's leg of a trade in a pair: moves cash, holds nothing


TRADED = (Kind.TRADE, Kind.EXCHANGE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `at` is seconds since 1970; `cash` includes the commission."""

    at: int
    kind: Kind
    currency: str
    cash: int
    conid: int = 0
    quantity: int = 0
    price: float = 0.0
    paid: int = 0  # what the quantity cost, commission included; negative when it was sold
    commission: int = 0
    order: int = 0  # id of the order behind it; 0 when the owner traded without one


@dataclass(frozen=True, slots=True)
class Holdings:
    """Parallel arrays over `Book.conids`, running totals up to an instant."""

    quantity: Ints
    cost: Ints
    realized: Ints
    turnover: Floats  # sum of quantity x price, for the variation of futures


@dataclass(frozen=True, slots=True)
class _Step:
    at: int
    quantity: int
    cost: int
    realized: int
    turnover: float


class Book:
    """All entries of an account up to some horizon."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: Sequence[Entry] = tuple(sorted(entries, key=lambda entry: entry.at))
        steps = _steps(self.entries)
        self.conids = sorted(steps)
        flat = [step for conid in self.conids for step in steps[conid]]
        lengths = [len(steps[conid]) for conid in self.conids]
        self._owner = np.repeat(np.arange(len(lengths)), lengths)
        self._ends = np.cumsum(lengths, dtype=np.int64)
        self._at = np.array([step.at for step in flat], dtype=np.int64)
        self._running = Holdings(
            np.array([step.quantity for step in flat], dtype=np.int64),
            np.array([step.cost for step in flat], dtype=np.int64),
            np.array([step.realized for step in flat], dtype=np.int64),
            np.array([step.turnover for step in flat], dtype=np.float64),
        )
        self._cash = _lines(self.entries)
        self._trades = _lines(entry for entry in self.entries if entry.kind is Kind.TRADE)
        self.currencies = sorted(self._cash)

    def holdings(self, at: int) -> Holdings:
        """Running totals of every contract ever held, after the entries up to an instant."""
        seen = np.bincount(self._owner[self._at <= at], minlength=len(self.conids))
        lengths = np.diff(self._ends, prepend=0)
        last = np.where(seen > 0, self._ends - lengths + seen - 1, -1)
        return Holdings(
            _pick(self._running.quantity, last),
            _pick(self._running.cost, last),
            _pick(self._running.realized, last),
            _pick(self._running.turnover, last),
        )

    def path(self, conid: int, at: Ints) -> tuple[Ints, Floats]:
        """Quantity and turnover of one contract at several instants."""
        start, end = self._rows(conid)
        where = np.searchsorted(self._at[start:end], at, side="right") - 1
        return (
            _pick(self._running.quantity[start:end], where),
            _pick(self._running.turnover[start:end], where),
        )

    def gains(self, conid: int) -> tuple[Ints, Ints, Ints]:
        """When a contract's position changed, what was held before, and what the change realised."""
        if conid not in self.conids:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing, nothing
        where = slice(*self._rows(conid))
        before = np.concatenate([[0], self._running.quantity[where][:-1]])
        return self._at[where], before, np.diff(self._running.realized[where], prepend=0)

    def cash(self, currency: str, at: Ints) -> Ints:
        """Balances in cents at several instants."""
        return _balance(self._cash, currency, at)

    def bought(self, currency: str, at: Ints) -> Ints:
        """Cash moved by trades alone, up to several instants; currencies are not bought but exchanged."""
        return _balance(self._trades, currency, at)

    def _rows(self, conid: int) -> tuple[int, int]:
        place = self.conids.index(conid)
        return int(self._ends[place - 1]) if place else 0, int(self._ends[place])


def _steps(entries: Sequence[Entry]) -> dict[int, list[_Step]]:
    held = (entry for entry in entries if entry.quantity and entry.kind is not Kind.EXCHANGE)
    moves = sorted(held, key=lambda entry: (entry.conid, entry.at))
    return {conid: _fold(group) for conid, group in groupby(moves, key=lambda entry: entry.conid)}


def _fold(moves: Iterable[Entry]) -> list[_Step]:
    step = _Step(0, 0, 0, 0, 0.0)
    return [step := _after(step, move) for move in moves]


def _after(step: _Step, move: Entry) -> _Step:
    turnover = step.turnover + move.quantity * move.price
    quantity = step.quantity + move.quantity
    if step.quantity * move.quantity >= 0:
        return _Step(move.at, quantity, step.cost + move.paid, step.realized, turnover)
    turns = abs(move.quantity) > abs(step.quantity)  # what is left of it opens a position on the other side
    closing = round(-move.paid * step.quantity / move.quantity) if turns else move.paid
    released = step.cost if turns else -round(step.cost * move.quantity / step.quantity)
    cost = step.cost - released + move.paid - closing
    return _Step(move.at, quantity, cost, step.realized - closing - released, turnover)


def _pick(values: npt.NDArray[Number], where: Ints) -> npt.NDArray[Number]:
    if not len(values):
        return values
    return np.where(where >= 0, values[where], values.dtype.type(0))


def _lines(entries: Iterable[Entry]) -> dict[str, tuple[Ints, Ints]]:
    moves: dict[str, list[Entry]] = {}
    for entry in entries:
        moves.setdefault(entry.currency, []).append(entry)
    return {
        currency: (
            np.array([entry.at for entry in group], dtype=np.int64),
            np.cumsum([0, *(entry.cash for entry in group)], dtype=np.int64),
        )
        for currency, group in moves.items()
    }


def _balance(lines: dict[str, tuple[Ints, Ints]], currency: str, at: Ints) -> Ints:
    if currency not in lines:
        return np.zeros(len(at), dtype=np.int64)
    times, totals = lines[currency]
    return totals[np.searchsorted(times, at, side="right")]
