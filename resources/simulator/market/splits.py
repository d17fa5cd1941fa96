"""Splits as charts show them: once the day has come, everything before it is told in the new shares.

Belongs here: from bars as they were traded to bars as they are told on a day. Does not: where splits come from
(`price_file.py`), which bars a chart shows (`charts.py`).

Nothing in a reply says that its bars were adjusted: the same day simply has another price than it had yesterday.
Adjusted prices are put on the tick again. Dividends leave bars alone. Quotes, positions and orders of the day before
stay as they were: a split of holdings is not simulated.
"""

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np

from resources.simulator.calendars import hours
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import Bars, Market, Split
from resources.simulator.market.minutes import on_tick
from resources.simulator.market.paths import Floats


class Adjusted:
    """A market whose bars before a split are told in the shares of an instant."""

    def __init__(self, market: Market, at: datetime) -> None:
        self._market = market
        self._at = at

    def instruments(self) -> Sequence[Instrument]:
        return self._market.instruments()

    def instrument(self, conid: int) -> Instrument | None:
        return self._market.instrument(conid)

    def splits(self, instrument: Instrument) -> Sequence[Split]:
        """Those whose day has come where the contract trades."""
        today = hours(instrument.exchange).local_day(self._at)
        return [split for split in self._market.splits(instrument) if split.day <= today]

    def trading_days(self, instrument: Instrument, first: date, last: date) -> list[date]:
        return self._market.trading_days(instrument, first, last)

    def daily(self, instrument: Instrument, first: date, last: date) -> Bars:
        traded = self._market.daily(instrument, first, last)
        splits = self.splits(instrument)
        if not splits:
            return traded
        days = self._market.trading_days(instrument, first, last)
        return _told(traded, np.array([_shares(splits, day) for day in days]), instrument.ticks)

    def minutes(self, instrument: Instrument, day: date) -> Bars:
        traded, shares = self._market.minutes(instrument, day), _shares(self.splits(instrument), day)
        return traded if shares == 1 else _told(traded, np.full(len(traded.start), shares), instrument.ticks)

    def price(self, instrument: Instrument, at: datetime) -> float:
        return self._market.price(instrument, at)

    def fx(self, currency: str, base: str, at: datetime) -> float:
        return self._market.fx(currency, base, at)


def _shares(splits: Sequence[Split], day: date) -> float:
    """How many shares of today one share of a day has become."""
    return float(np.prod([split.ratio for split in splits if day < split.day]))


def _told(bars: Bars, shares: Floats, ticks: int) -> Bars:
    """Prices of days that no split came after keep every digit."""
    same = shares == 1

    def told(side: Floats) -> Floats:
        return np.where(same, side, on_tick(side / shares, ticks))

    opens, closes = told(bars.open), told(bars.close)
    return Bars(bars.start, opens, told(bars.high), told(bars.low), closes, bars.volume * shares)
