"""What a contract stands at, at an instant: the day so far, and what it is bid and offered at.

Belongs here: the quote and what it needs of the days before. Does not: how it is written (`shapes/quotes.py`),
who may see it (`availability.py`).

A quote is read off the finished minutes of the latest session that has begun, so it agrees with the last bar of
a chart cut at the same instant. Days are kept: a quote of a known day costs a look into arrays.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np

from resources.simulator.calendars import hours
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market import halts, spreads
from resources.simulator.market.bars import seconds
from resources.simulator.market.market import MINUTE, RECENT, Market
from resources.simulator.market.paths import Floats, Ints

KEPT_DAYS, KEPT_YEARS = 512, 4096
YEAR = timedelta(days=365)
AVERAGED = 90  # days of the average volume


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices in the contract's currency, volumes in units."""

    day: date  # the trading day that the figures are of
    trading: bool  # whether its session runs
    halted: bool
    last: float
    open: float
    high: float
    low: float
    volume: float
    bid: float
    ask: float
    size: float  # of the last minute that had trades
    prior: float | None  # the close of the day before
    at: int  # when it last changed, as seconds since 1970

    @property
    def change(self) -> float | None:
        """Since the close of the day before."""
        return None if self.prior is None else self.last - self.prior


@dataclass(frozen=True, slots=True)
class Year:
    """The year before a day, without the day."""

    high: float
    low: float
    average_volume: float
    volatility: float  # of the closes, a year


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """A day's minutes, and what they had come to by the end of each."""

    begins: int
    ends: int
    starts: Ints
    last: Floats
    high: Floats
    low: Floats
    total: Floats
    volume: Floats
    bid: Floats
    ask: Floats
    first: float
    prior: float | None
    still: range


class Quotes:
    """Quotes of one market."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._sheet = lru_cache(maxsize=KEPT_DAYS)(self._read)
        self.year = lru_cache(maxsize=KEPT_YEARS)(self._look_back)

    def at(self, instrument: Instrument, now: datetime) -> Quote | None:
        """The quote at an instant; None when the contract has not traded yet."""
        day = self._day(instrument, now)
        if day is None:
            return None
        sheet, moment = self._sheet(instrument, day), now.timestamp()
        count = int(np.searchsorted(sheet.starts, moment - MINUTE, side="right"))
        if not count:
            return None
        row = count - 1
        return Quote(
            day=day,
            trading=moment < sheet.ends,
            halted=moment < sheet.ends and count in sheet.still,
            last=float(sheet.last[row]),
            open=sheet.first,
            high=float(sheet.high[row]),
            low=float(sheet.low[row]),
            volume=float(sheet.total[row]),
            bid=float(sheet.bid[row]),
            ask=float(sheet.ask[row]),
            size=_latest(sheet.volume, row),
            prior=sheet.prior,
            at=int(sheet.starts[row]) + MINUTE,
        )

    def _day(self, instrument: Instrument, now: datetime) -> date | None:
        """The latest trading day of which a minute has ended."""
        here, moment = hours(instrument.exchange), now.timestamp()
        today = here.local_day(now)
        for since in (today - RECENT, date.min):
            for day in reversed(self.market.trading_days(instrument, since, today + timedelta(days=1))):
                if here.session(day)[0] + MINUTE <= moment:
                    return day
        return None

    def _read(self, instrument: Instrument, day: date) -> _Sheet:
        minutes = self.market.minutes(instrument, day)
        begins, ends = hours(instrument.exchange).session(day)
        before = self.market.daily(instrument, day - RECENT, day - timedelta(days=1)).close
        return _Sheet(
            begins,
            ends,
            seconds(minutes.start),
            minutes.close,
            np.maximum.accumulate(minutes.high),
            np.minimum.accumulate(minutes.low),
            np.cumsum(minutes.volume),
            minutes.volume,
            spreads.bid(instrument, minutes.close),
            spreads.ask(instrument, minutes.close),
            float(minutes.open[0]),
            float(before[-1]) if before.size else None,
            halts.halt(instrument, day, (ends - begins) // MINUTE),
        )

    def _look_back(self, instrument: Instrument, day: date) -> Year | None:
        bars = self.market.daily(instrument, day - YEAR, day - timedelta(days=1))
        if bars.close.size < 2:
            return None
        returns = np.diff(np.log(bars.close))
        return Year(
            high=float(bars.high.max()),
            low=float(bars.low.min()),
            average_volume=float(bars.volume[-AVERAGED:].mean()),
            volatility=float(returns.std() * np.sqrt(252)),
        )


def _latest(volume: Floats, row: int) -> float:
    """What the latest minute with trades traded."""
    traded = np.flatnonzero(volume[max(0, row - 99) : row + 1])
    return float(volume[max(0, row - 99) + int(traded[-1])]) if traded.size else 0.0
