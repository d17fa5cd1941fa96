"""The cash side of a book that depends on balances: deposits, conversions, interest, variation.

Belongs here: entries that move no securities. Does not: trades (`trading.py`).

Once a month, on its first weekday, interest on the month before is booked and foreign overdrafts
are bought back. Futures are settled each evening against the day's close, so that a future adds
nothing to the value of an account beyond its cash.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np
import numpy.typing as npt

from resources.simulator.accounts import terms
from resources.simulator.accounts.book import UNIT, Book, Entry, Kind
from resources.simulator.accounts.marks import SETTLEMENT, instant, weekday_from
from resources.simulator.accounts.slots import Slot
from resources.simulator.accounts.tape import Ints, Tape
from resources.simulator.contracts.instruments import Instrument

CREDIT, DEBIT = 0.03, 0.06  # a year
CUSHION = 5_000.0  # base currency, left in each foreign currency after a conversion
Rate = Callable[[str, datetime], float]  # of a currency in base, at an instant


def evenings(days: Sequence[int]) -> Ints:
    """Seconds since 1970 of the evening settlement of several days."""
    return np.array([_evening(day) for day in days], dtype=np.int64)


def _evening(day: int) -> int:
    return int(instant(date.fromordinal(day), SETTLEMENT).timestamp())


def variations(book: Book, futures: Mapping[int, Instrument], tape: Tape) -> Iterator[Entry]:
    """What each future gained or lost each day since the evening before."""
    for conid, future in futures.items():
        track = tape.track(future)
        at = evenings(track.days.tolist())
        quantity, turnover = book.path(conid, at)
        worth = quantity * track.close
        moved = np.diff(worth, prepend=0.0) - np.diff(turnover, prepend=0.0)
        cents = np.rint(moved / UNIT * future.multiplier * 100).astype(np.int64)
        for place in np.flatnonzero(cents):
            yield Entry(int(at[place]), Kind.VARIATION, future.currency, int(cents[place]), conid)


@dataclass(frozen=True, slots=True)
class Treasury:
    """Keeps the currencies of one account in order."""

    base: str
    rate: Rate
    inception: date
    months: Sequence[date]
    draws: npt.NDArray[np.float64]  # one row per month

    def opening(self, slots: Sequence[Slot]) -> Iterator[Entry]:
        """The first deposit and the currencies that the first purchases need."""
        needs: dict[str, float] = {}
        for slot in slots:
            contract = slot.first
            needs[contract.currency] = needs.get(contract.currency, 0.0) + _need(slot, contract)
        deposit = round(1.15 * sum(needs.values()) + 50_000, -3)
        yield self._entry(instant(self.inception, time(8)), Kind.TRANSFER, self.base, round(deposit * 100))
        for currency in sorted(needs):
            if currency != self.base:
                yield from self._convert(instant(self.inception, time(8, 30)), currency, needs[currency] + CUSHION)

    def upkeep(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        """Deposits and withdrawals now and then, and each month's interest and conversions."""
        book = Book(entries)
        added: dict[str, int] = {}
        for month, draws in zip(self.months, self.draws, strict=True):
            if month <= self.inception:
                continue
            for entry in self._month(month, draws, book, added):
                added[entry.currency] = added.get(entry.currency, 0) + entry.cash
                yield entry

    def _month(self, month: date, draws: npt.NDArray[np.float64], book: Book, added: dict[str, int]) -> Iterator[Entry]:
        when = instant(weekday_from(month), time(17, 30))
        at = np.array([int(when.timestamp())])
        for currency in book.currencies:
            balance = int(book.cash(currency, at)[0]) + added.get(currency, 0)
            interest = round(balance * (CREDIT if balance > 0 else DEBIT) / 12)
            if interest:
                yield self._entry(when, Kind.INTEREST, currency, interest)
            if currency != self.base and balance + interest < 0:
                short = -(balance + interest) / 100 * self.rate(currency, when)
                yield from self._convert(when, currency, short + CUSHION)
        if draws[0] < 0.35:
            yield self._transfer(month, draws)

    def _transfer(self, month: date, draws: npt.NDArray[np.float64]) -> Entry:
        amount = round(2_000 + 18_000 * float(draws[1]), -2) * (-0.5 if draws[2] < 0.4 else 1)
        when = instant(weekday_from(month.replace(day=10)), time(11))
        return self._entry(when, Kind.TRANSFER, self.base, round(amount * 100))

    def _convert(self, when: datetime, currency: str, amount: float) -> Iterator[Entry]:
        rate = self.rate(currency, when)
        bought = round(amount / rate * 100)
        yield self._entry(when, Kind.CONVERSION, currency, bought)
        yield self._entry(when, Kind.CONVERSION, self.base, -round(bought * rate))

    def _entry(self, when: datetime, kind: Kind, currency: str, cash: int) -> Entry:
        return Entry(int(when.timestamp()), kind, currency, cash)


def _need(slot: Slot, contract: Instrument) -> float:
    long = terms.side(contract, float(slot.draws[4])) > 0
    return slot.budget() * terms.share_of_budget(contract) * (1.0 if long and contract.asset_class != "FUT" else 0.2)
