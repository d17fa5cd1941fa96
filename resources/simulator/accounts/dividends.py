"""What a share paid, and when: the same payments that its owners find in their accounts.

Belongs here: the list of payments. Does not: how much and on which day (`terms.py`), who held it (`trading.py`).
"""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from resources.simulator.accounts import terms
from resources.simulator.accounts.marks import instant
from resources.simulator.accounts.trading import DISTRIBUTION
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import RECENT, Market


@dataclass(frozen=True, slots=True)
class Dividend:
    """One payment per share."""

    day: date
    amount: float


def paid(market: Market, instrument: Instrument, first: date, last: date) -> list[Dividend]:
    """Every payment between two days, both included; none for what is no share."""
    days = [day for day in _paydays(first, last) if first <= day <= last and _pays(instrument, day)]
    if not days:
        return []
    trading = market.trading_days(instrument, days[0] - RECENT, days[-1])
    closes = market.daily(instrument, days[0] - RECENT, days[-1]).close
    rows = np.searchsorted([day.toordinal() for day in trading], [day.toordinal() for day in days], side="right") - 1
    return [
        Dividend(day, terms.distribution(instrument, day, float(closes[row])))
        for day, row in zip(days, rows.tolist(), strict=True)
        if row >= 0
    ]


def known(payment: Dividend, now: datetime) -> bool:
    """Whether it has arrived."""
    return instant(payment.day, DISTRIBUTION) <= now


def _pays(instrument: Instrument, day: date) -> bool:
    return instrument.asset_class == "STK" and terms.distribution(instrument, day, 1.0) > 0


def _paydays(first: date, last: date) -> list[date]:
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [terms.payday(date(month // 12, month % 12 + 1, 1)) for month in months]
