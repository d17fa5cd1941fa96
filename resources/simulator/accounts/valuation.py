"""What an account holds and is worth at an instant, in whole cents of each currency.

Belongs here: valuing a book. Does not: the series over days (`performance.py`), wire shapes (`shapes/`).

The identity everything else leans on: net value = cash + positions, where a future counts only with
what it moved since its last settlement, because each evening that is swept into cash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

import numpy as np
import numpy.typing as npt

from resources.simulator.accounts import marks
from resources.simulator.accounts.book import UNIT, Holdings
from resources.simulator.accounts.marks import Mark
from resources.simulator.accounts.tape import Floats, Ints
from resources.simulator.accounts.world import Account, Ledger, World
from resources.simulator.contracts.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Held:
    """One open position; amounts in cents of the contract's currency."""

    contract: Instrument
    quantity: float
    price: float
    value: int
    cost: int
    realized: int  # since the day began

    @property
    def unrealized(self) -> int:
        """Value less cost."""
        return self.value - self.cost


@dataclass(frozen=True, slots=True)
class Valuation:
    """An account at an instant; the mappings are by currency."""

    account: Account
    at: datetime
    rates: Mapping[str, float]  # currency -> base
    rows: Sequence[Held]
    cash: Mapping[str, int]
    settled: Mapping[str, int]
    unswept: Mapping[str, int]  # what futures moved since they were last settled
    realized: Mapping[str, int]

    @property
    def net(self) -> float:
        """Net liquidation value in base currency."""
        return net(self.rates, {currency: self.cash[currency] + self.worth(currency) for currency in self.rates})

    def worth(self, currency: str) -> int:
        """Everything but cash, in cents."""
        held = sum(row.value for row in self.rows if row.contract.currency == currency and _counts(row.contract))
        return held + self.unswept[currency]


def net(rates: Mapping[str, float], cents: Mapping[str, int]) -> float:
    """Sum in base currency, always in the same order."""
    return sum(cents[currency] / 100 * rates[currency] for currency in sorted(rates))


def cents(quantity: Ints, price: Floats, multiplier: Floats) -> Ints:
    """Values in cents; the one place where they are rounded."""
    return np.rint(quantity / UNIT * price * multiplier * 100).astype(np.int64)


def value(world: World, account: Account, at: Mark) -> Valuation:
    """The account at a mark."""
    ledger = world.ledger(account, at.day)
    now, before = ledger.book.holdings(at.seconds), ledger.book.holdings(_morning(at.day))
    prices = _prices(world, ledger, now, at)
    values = cents(now.quantity, prices, multipliers(ledger))
    rates = {currency: world.rate(currency, account.base, at.at) for currency in currencies(ledger)}
    return Valuation(
        account,
        at.at,
        rates,
        _rows(ledger, now, before, prices, values),
        {currency: int(ledger.book.cash(currency, np.array([at.seconds]))[0]) for currency in rates},
        {currency: _settled(ledger, currency, at) for currency in rates},
        _unswept(ledger, now, prices, at),
        _by_currency(ledger, now.realized - before.realized),
    )


def closed(world: World, account: Account, at: datetime) -> list[Held]:
    """What was held this morning, or bought since, and is not held any more: rows of nothing."""
    day = Mark(at, None).day
    ledger = world.ledger(account, day)
    now, before = ledger.book.holdings(int(at.timestamp())), ledger.book.holdings(_morning(day))
    gone = (now.quantity == 0) & ((before.quantity != 0) | (now.realized != before.realized))
    return [
        Held(contract, 0.0, world.market.price(contract, at), 0, 0, int(now.realized[place] - before.realized[place]))
        for place in np.flatnonzero(gone).tolist()
        if (contract := ledger.instruments[place])
    ]


def realized_since(world: World, account: Account, rows: Sequence[Held], first: date, at: datetime) -> list[Held]:
    """The same rows with what was realized since the morning of an earlier day."""
    ledger = world.ledger(account, Mark(at, None).day)
    now, before = ledger.book.holdings(int(at.timestamp())), ledger.book.holdings(_morning(first))
    gains = dict(zip(ledger.book.conids, (now.realized - before.realized).tolist(), strict=True))
    return [replace(row, realized=gains[row.contract.conid]) for row in rows]


def currencies(ledger: Ledger) -> list[str]:
    """Every currency that the account ever had, its base included."""
    return sorted({*ledger.book.currencies, ledger.account.base})


def multipliers(ledger: Ledger) -> Floats:
    """Parallel to the contracts of the ledger."""
    return np.array([contract.multiplier for contract in ledger.instruments], dtype=np.float64)


def counted(ledger: Ledger) -> npt.NDArray[np.bool_]:
    """Which contracts add to net value beyond cash: all but futures."""
    return np.array([_counts(contract) for contract in ledger.instruments], dtype=np.bool_)


def _counts(contract: Instrument) -> bool:
    return contract.asset_class != "FUT"


def _morning(day: date) -> int:
    return int(marks.instant(day, time.min).timestamp())


def _prices(world: World, ledger: Ledger, now: Holdings, at: Mark) -> Floats:
    """Prices of what is held; 0 elsewhere."""
    prices = np.zeros(len(ledger.instruments))
    for place in np.flatnonzero(now.quantity).tolist():
        contract = ledger.instruments[place]
        prices[place] = (
            ledger.tape.close(contract, at.closed.toordinal()) if at.closed else world.market.price(contract, at.at)
        )
    return prices


def _rows(ledger: Ledger, now: Holdings, before: Holdings, prices: Floats, values: Ints) -> list[Held]:
    return [
        Held(
            ledger.instruments[place],
            int(now.quantity[place]) / UNIT,
            float(prices[place]),
            int(values[place]),
            int(now.cost[place]),
            int(now.realized[place] - before.realized[place]),
        )
        for place in np.flatnonzero(now.quantity).tolist()
    ]


def _settled(ledger: Ledger, currency: str, at: Mark) -> int:
    """Cash without the trades of the day, which settle on the next."""
    times = np.array([_morning(at.day) - 1, at.seconds])
    start, end = ledger.book.bought(currency, times)
    return int(ledger.book.cash(currency, times)[1] - (end - start))


def _unswept(ledger: Ledger, now: Holdings, prices: Floats, at: Mark) -> dict[str, int]:
    moved = np.zeros(len(ledger.instruments), dtype=np.int64)
    if at.closed is None:
        swept = int(marks.evening(marks.weekday_before(at.day)).at.timestamp())
        then = ledger.book.holdings(swept)
        for place in _futures(ledger, now, then):
            contract = ledger.instruments[place]
            settled = ledger.tape.close(contract, at.day.toordinal() - 1) if then.quantity[place] else 0.0
            gain = now.quantity[place] * prices[place] - then.quantity[place] * settled
            gain -= now.turnover[place] - then.turnover[place]
            moved[place] = round(float(gain) / UNIT * contract.multiplier * 100)
    return _by_currency(ledger, moved)


def _futures(ledger: Ledger, now: Holdings, then: Holdings) -> list[int]:
    held = np.flatnonzero((now.quantity != 0) | (then.quantity != 0)).tolist()
    return [place for place in held if ledger.instruments[place].asset_class == "FUT"]


def _by_currency(ledger: Ledger, amounts: Ints) -> dict[str, int]:
    totals = dict.fromkeys(currencies(ledger), 0)
    for contract, amount in zip(ledger.instruments, amounts.tolist(), strict=True):
        totals[contract.currency] += amount
    return totals
