"""The simulated accounts: who they are, and the ledger behind each, as far ahead as the clock needs.

Belongs here: accounts and the building of their books. Does not: what a book is worth
(`valuation.py`), how it did (`performance.py`), prices (`market/`), or anything of HTTP.

A book begins on the second of January that lies at least HISTORY back, and not a fixed
number of days back: a simulator that is started again tomorrow tells the same past.

What clients' orders filled is added to what the owner trades. The owner's part is kept when a fill comes in, and
so is everything before the fill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import numpy as np

from resources.simulator.accounts.book import Book, Entry
from resources.simulator.accounts.executions import aftermath
from resources.simulator.accounts.marks import instant, weekday_from
from resources.simulator.accounts.slots import Chooser, Slot, rows
from resources.simulator.accounts.tape import Floats, Tape
from resources.simulator.accounts.trading import Trader
from resources.simulator.accounts.treasury import Treasury, variations
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import Market

HISTORY = timedelta(days=400)  # of a book at least
FIRST_ACCOUNT = 9_900_001
MASTER, MASTER_INDEX = "F9900000", 10_000  # an adviser's own account, apart from every client's
BASES = ("USD", "EUR", "USD", "GBP")  # by turns
TRADES_A_MONTH = 63.0
BUSIEST = 0.4  # chance of a trade per slot and month in a small book
TREASURY_DRAWS = 1_000_000
KEPT_RATES = 65536  # more than a book of some years asks for
LOOKBACK = timedelta(days=20)  # before the inception, so that every day has a last close


@dataclass(frozen=True, slots=True)
class Account:
    """One account."""

    index: int
    account_id: str
    title: str
    base: str
    opened: datetime
    parent: str = ""  # the adviser's account, for an adviser's client


@dataclass(frozen=True, slots=True)
class Ledger:
    """An account's book up to a horizon, with the contracts and daily prices that it needs."""

    account: Account
    book: Book
    instruments: Sequence[Instrument]  # parallel to `book.conids`
    tape: Tape


class World:
    """Accounts over a market. Everything follows from the arguments."""

    def __init__(
        self,
        market: Market,
        *,
        seed: int,
        today: date,
        accounts: int = 1,
        positions: int = 158,
        adviser: bool = False,
        opened: date | None = None,
    ) -> None:
        self.market = market
        self.seed = seed
        self.today = today
        self.positions = positions
        self.inception = weekday_from(opened or date((today - HISTORY).year, 1, 2))
        self.accounts = [self._account(index, MASTER if adviser else "") for index in range(accounts)]
        self.master = self._master() if adviser else None
        self._tape: Tape | None = None
        self._ledgers: dict[str, Ledger] = {}
        self._owned: dict[str, tuple[Tape, list[Entry]]] = {}
        self._executed: dict[str, list[Entry]] = {}
        self._rates = lru_cache(maxsize=KEPT_RATES)(self._rate)

    @property
    def everyone(self) -> list[Account]:
        """The adviser's own account, which holds cash alone, and everybody else's."""
        return [*([self.master] if self.master else []), *self.accounts]

    def account(self, account_id: str) -> Account | None:
        """The account of that id, or None."""
        return next((account for account in self.everyone if account.account_id == account_id), None)

    def ledger(self, account: Account, day: date) -> Ledger:
        """The account's ledger, reaching at least to a day."""
        found = self._ledgers.get(account.account_id)
        if found is None or found.tape.last < day:
            found = self._ledgers[account.account_id] = self._build(account, self._reach(day))
        return found

    def execute(self, account: Account, entries: Sequence[Entry]) -> None:
        """Add what an order filled."""
        self._executed.setdefault(account.account_id, []).extend(entries)
        self._ledgers.pop(account.account_id, None)

    def executed(self, account: Account) -> Sequence[Entry]:
        """Everything that orders filled so far."""
        return self._executed.get(account.account_id, ())

    def rate(self, currency: str, base: str, at: datetime) -> float:
        """Units of `base` for one of `currency`, with the digits that the wire shows."""
        return self._rates(currency, base, at)

    def _rate(self, currency: str, base: str, at: datetime) -> float:
        return round(self.market.fx(currency, base, at), 7)

    def _master(self) -> Account:
        return Account(MASTER_INDEX, MASTER, "Sim Adviser", BASES[0], instant(self.inception, time(8)))

    def _account(self, index: int, parent: str) -> Account:
        base = BASES[index % len(BASES)]
        opened = instant(self.inception, time(8))
        return Account(index, f"U{FIRST_ACCOUNT + index}", f"Sim Owner {index + 1}", base, opened, parent)

    def _reach(self, day: date) -> Tape:
        if self._tape is None or self._tape.last < day:
            self._tape = Tape(self.market, self.inception - LOOKBACK, _horizon(max(day, self.today)))
        return self._tape

    def _build(self, account: Account, tape: Tape) -> Ledger:
        months = _months(self.inception, tape.last)
        treasury = self._treasury(account, months)
        executed = self.executed(account)
        own = self._own(account, treasury, tape, months)
        known = self._contracts([*own, *executed])
        entries = [*own, *executed, *aftermath(executed, known, tape, months)]
        futures = {conid: contract for conid, contract in known.items() if contract.asset_class == "FUT"}
        entries += variations(Book(entry for entry in entries if entry.conid in futures), futures, tape)
        book = Book([*entries, *treasury.upkeep(entries)])
        return Ledger(account, book, [known[conid] for conid in book.conids], tape)

    def _own(self, account: Account, treasury: Treasury, tape: Tape, months: list[date]) -> list[Entry]:
        """What the owner does whatever is ordered: kept, as it is most of the work."""
        found = self._owned.get(account.account_id)
        if found is None or found[0] is not tape:
            slots = self._slots(account, tape)
            entries = [*treasury.opening(slots), *self._trades(account, slots, tape, months)]
            found = self._owned[account.account_id] = (tape, entries)
        return found[1]

    def _contracts(self, entries: Sequence[Entry]) -> Mapping[int, Instrument]:
        conids = sorted({entry.conid for entry in entries if entry.conid})
        return {conid: found for conid in conids if (found := self.market.instrument(conid))}

    def _slots(self, account: Account, tape: Tape) -> list[Slot]:
        instruments = self.market.instruments()
        currencies = sorted({contract.currency for contract in instruments})
        rates = {currency: self.rate(currency, account.base, account.opened) for currency in currencies}
        chooser = Chooser(instruments, tape, self.today, self.seed, account.index)
        return chooser.slots(0 if account is self.master else self.positions, rates)

    def _trades(self, account: Account, slots: list[Slot], tape: Tape, months: list[date]) -> list[Entry]:
        activity = min(BUSIEST, TRADES_A_MONTH / max(1, self.positions))
        drawn = [self._draws(account, month, (rows(self.positions), 5)) for month in months]
        return [
            entry
            for slot in slots
            for entry in Trader(
                slot,
                tape,
                self.inception,
                [(month, draws[slot.index]) for month, draws in zip(months, drawn, strict=True)],
                activity,
            ).play()
        ]

    def _treasury(self, account: Account, months: list[date]) -> Treasury:
        def rate(currency: str, at: datetime) -> float:
            return self.rate(currency, account.base, at)

        draws = np.array([self._draws(account, month, (1, 3), TREASURY_DRAWS)[0] for month in months])
        return Treasury(account.base, rate, self.inception, months, draws)

    def _draws(self, account: Account, month: date, shape: tuple[int, int], stream: int = 0) -> Floats:
        key = [self.seed, account.index, stream + month.year * 12 + month.month]
        return np.random.default_rng(key).random(shape)


def _horizon(day: date) -> date:
    """The end of the quarter after the day's, so that a book is not built anew each night."""
    months = day.year * 12 + (day.month - 1) // 3 * 3 + 6
    return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)


def _months(first: date, last: date) -> list[date]:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [
        date(first.year + (first.month - 1 + step) // 12, (first.month - 1 + step) % 12 + 1, 1) for step in range(count)
    ]
