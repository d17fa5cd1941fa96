"""How accounts did: net value of each weekday, and time-weighted returns over the named periods.

Belongs here: the series and the windows. Does not: wire shapes (`shapes/analyst.py`).

Every weekday has a value, holidays included: that is how the gateway tells it. A day is known from
18:00 New York on. Deposits and withdrawals are taken out at the end of their day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from resources.simulator.accounts import marks
from resources.simulator.accounts.book import Kind
from resources.simulator.accounts.tape import Floats
from resources.simulator.accounts.treasury import evenings
from resources.simulator.accounts.valuation import Valuation, cents, counted, currencies, multipliers, net
from resources.simulator.accounts.world import Account, Ledger, World
from resources.simulator.clock import NEW_YORK

PERIODS = ("1D", "7D", "MTD", "1M", "3M", "6M", "12M", "1Y", "YTD")


@dataclass(frozen=True, slots=True)
class Path:
    """Net values and flows in one currency on consecutive weekdays, after the value before the first."""

    start: date  # of the window asked for; may be a Saturday
    before: date
    before_value: float
    days: Sequence[date]
    values: Sequence[float]
    flows: Sequence[float]

    def cumulative(self) -> list[float]:
        """Time-weighted return since the start, day by day, as fractions."""
        growth = np.cumprod(1 + self._returns())
        return [round(float(value) - 1, 8) for value in growth]

    def monthly(self) -> dict[str, float]:
        """Time-weighted return of each calendar month of the window."""
        months: dict[str, float] = {}
        for day, gain in zip(self.days, self._returns(), strict=True):
            key = f"{day:%Y%m}"
            months[key] = months.get(key, 1.0) * (1 + float(gain))
        return {month: round(growth - 1, 8) for month, growth in months.items()}

    def _returns(self) -> Floats:
        values = np.array(self.values, dtype=np.float64)
        flows = np.array(self.flows, dtype=np.float64)
        opening = np.concatenate([[self.before_value], values[:-1]])
        fresh = opening == 0
        gained = np.where(fresh, values, values - flows)
        base = np.where(fresh, flows, opening)
        return np.divide(gained, base, out=np.ones_like(gained), where=base != 0) - 1


def window_start(period: str, end: date) -> date:
    """First day of a period that ends on a day."""
    match period:
        case "1D":
            return end
        case "7D":
            return end - timedelta(days=6)
        case "MTD":
            return end.replace(day=1)
        case "YTD":
            return end.replace(month=1, day=1)
    months = 12 if period in {"1Y", "12M"} else int(period[:-1])
    return _months_before(end, months)


def path(world: World, accounts: Sequence[Account], period: str, at: datetime) -> Path:
    """The accounts together, in the base currency of the first, over a period up to the last known day."""
    end = marks.last_evening(at)
    start = max(window_start(period, end), world.inception)
    days = _weekdays(start, end)
    before = marks.weekday_before(days[0])
    together = [_series(world, account, accounts[0].base, [before, *days]) for account in accounts]
    values = [sum(column) for column in zip(*(values for values, _ in together), strict=True)]
    flows = [sum(column) for column in zip(*(flows for _, flows in together), strict=True)]
    return Path(start, before, values[0], days, values[1:], flows[1:])


def gained(world: World, valuation: Valuation) -> float:
    """On the day of a valuation so far, in base currency: more than the evening before, deposits taken out.

    What a day brought stands until the next one is traded, so a weekend still tells Friday's.
    """
    account, day = valuation.account, valuation.at.astimezone(NEW_YORK).date()
    before, now = marks.evening(marks.weekday_before(day)), int(valuation.at.timestamp())
    [opening] = net_values(world, account, [before.day])
    entries = world.ledger(account, day).book.entries
    moved = sum(entry.cash for entry in entries if entry.kind is Kind.TRANSFER and before.seconds < entry.at <= now)
    return valuation.net - opening - moved / 100


def _series(world: World, account: Account, base: str, days: Sequence[date]) -> tuple[list[float], list[float]]:
    own = net_values(world, account, days)
    flows = _flows(world.ledger(account, days[-1]), days)
    rates = [world.rate(account.base, base, marks.evening(day).at) for day in days]
    return (
        [value * rate for value, rate in zip(own, rates, strict=True)],
        [flow * rate for flow, rate in zip(flows, rates, strict=True)],
    )


def net_values(world: World, account: Account, days: Sequence[date]) -> list[float]:
    """Net liquidation value in the account's base on the evening of each day."""
    ledger = world.ledger(account, days[-1])
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    at = evenings(ordinals.tolist())
    totals = {currency: ledger.book.cash(currency, at) for currency in currencies(ledger)}
    held = np.array([ledger.book.holdings(int(instant)).quantity for instant in at]).T
    if len(ledger.instruments):
        values = cents(held, ledger.tape.closes(ledger.instruments, ordinals), multipliers(ledger)[:, None])
        values[~counted(ledger)] = 0
        for contract, row in zip(ledger.instruments, values, strict=True):
            totals[contract.currency] = totals[contract.currency] + row
    return [
        net(
            {currency: world.rate(currency, account.base, marks.evening(day).at) for currency in totals},
            {currency: int(total[place]) for currency, total in totals.items()},
        )
        for place, day in enumerate(days)
    ]


def _flows(ledger: Ledger, days: Sequence[date]) -> list[float]:
    """Deposits less withdrawals since the evening before."""
    at = evenings([day.toordinal() for day in days])
    moved = np.zeros(len(days) + 1, dtype=np.int64)
    for entry in ledger.book.entries:
        if entry.kind is Kind.TRANSFER:
            moved[int(np.searchsorted(at, entry.at))] += entry.cash
    return [int(cash) / 100 for cash in moved[:-1]]


def _weekdays(first: date, last: date) -> list[date]:
    span = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    return [day for day in span if day.isoweekday() <= 5] or [last]


def _months_before(day: date, count: int) -> date:
    months = day.year * 12 + day.month - 1 - count
    year, month = divmod(months, 12)
    last = (date(year + month // 11, month % 12 + 2 if month < 11 else 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
