"""Prices of the simulated world.

Belongs here: the `Market` protocol and the seeded market behind it. Does not: prices that come
from files (`market_file.py`), wire shapes of bars (`shapes/history.py`).

A price of the seeded market is a function of seed, contract and day, never of the window that was
asked for or of the clock. What is known at an instant is what the finished minutes say: `price` and the
last bar of a chart cut at the same instant agree.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol, overload

import numpy as np
import numpy.typing as npt

from resources.simulator.calendars import hours
from resources.simulator.contracts import derivatives
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.contracts.universe import universe, unlisted
from resources.simulator.market import halts, minutes
from resources.simulator.market.paths import EPOCH, Floats, Ints
from resources.simulator.market.prices import Prices
from resources.simulator.noise import MINUTES, noise

MINUTE = 60
RECENT = timedelta(days=14)  # no exchange is closed for longer
HUB = "USD"  # every currency has a pair with it


class Instants(Sequence[datetime]):
    """Moments as seconds since 1970, turned into datetimes only where somebody looks."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: Ints) -> None:
        self.seconds = seconds

    def __len__(self) -> int:
        return int(self.seconds.size)

    @overload
    def __getitem__(self, index: int) -> datetime: ...
    @overload
    def __getitem__(self, index: slice) -> "Instants": ...
    def __getitem__(self, index: int | slice) -> "datetime | Instants":
        if isinstance(index, slice):
            return Instants(self.seconds[index])
        return datetime.fromtimestamp(int(self.seconds[index]), UTC)

    def __iter__(self) -> Iterator[datetime]:
        return (datetime.fromtimestamp(second, UTC) for second in self.seconds.tolist())


@dataclass(frozen=True, slots=True)
class Bars:
    """Parallel arrays of bars, oldest first. Prices in the instrument's currency, volume in units."""

    start: Sequence[datetime]  # aware, UTC: when the bar begins
    open: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    close: npt.NDArray[np.float64]
    volume: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Split:
    """One share becomes `ratio` shares, from the opening of a day on; a reverse split has one below 1."""

    day: date
    ratio: float


class Market(Protocol):
    """Where every price of the world comes from, so that all of it agrees."""

    def instruments(self) -> Sequence[Instrument]:
        """Every contract that exists, in a stable order."""
        ...

    def instrument(self, conid: int) -> Instrument | None:
        """The contract of that id, or None."""
        ...

    def trading_days(self, instrument: Instrument, first: date, last: date) -> list[date]:
        """Days on which the contract trades, both ends included, by its exchange's calendar and its life."""
        ...

    def splits(self, instrument: Instrument) -> Sequence[Split]:
        """Every split of the contract, whatever the clock says, oldest first."""
        ...

    def daily(self, instrument: Instrument, first: date, last: date) -> Bars:
        """Daily bars as they were traded, both ends included; cutting at 'now' is the caller's."""
        ...

    def minutes(self, instrument: Instrument, day: date) -> Bars:
        """One-minute bars of a regular session; they add up exactly to that day's daily bar."""
        ...

    def price(self, instrument: Instrument, at: datetime) -> float:
        """Last price at an instant: inside a session from the minutes, else the last close."""
        ...

    def fx(self, currency: str, base: str, at: datetime) -> float:
        """Units of `base` for one unit of `currency` at an instant; 1.0 when they are the same."""
        ...


class NoPriceError(LookupError):
    """A contract that has not traded yet, or a currency that the market does not know."""


class BarMarket(ABC):
    """What follows from daily bars alone, whatever they come from: minutes, prices at an instant, rates."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._closes = lru_cache(maxsize=65536)(self._read_close)
        self._path = lru_cache(maxsize=8192)(self._read_path)

    @abstractmethod
    def instruments(self) -> Sequence[Instrument]: ...
    @abstractmethod
    def instrument(self, conid: int) -> Instrument | None: ...
    @abstractmethod
    def trading_days(self, instrument: Instrument, first: date, last: date) -> list[date]: ...
    @abstractmethod
    def daily(self, instrument: Instrument, first: date, last: date) -> Bars: ...

    def splits(self, instrument: Instrument) -> Sequence[Split]:  # noqa: ARG002
        """None, unless somebody knows of them."""
        return ()

    def minutes(self, instrument: Instrument, day: date) -> Bars:
        """One-minute bars that add up to the day; none when it is not a trading day."""
        whole = self.daily(instrument, day, day)
        if not whole.close.size:
            return whole
        opens, closes = hours(instrument.exchange).session(day)
        sides = (float(side[0]) for side in (whole.open, whole.high, whole.low, whole.close, whole.volume))
        source = noise(self._seed, instrument.conid, MINUTES, day.toordinal())
        count = (closes - opens) // MINUTE
        still = halts.halt(instrument, day, count)
        parts = minutes.cut(minutes.Day(*sides), count - len(still), ticks=instrument.ticks, noise=source)
        parts = halts.paused(parts, still) if still else parts
        return Bars(Instants(opens + MINUTE * np.arange(count, dtype=np.int64)), *parts)

    def price(self, instrument: Instrument, at: datetime) -> float:
        """The close of the last minute that has ended, in this session or an earlier one."""
        now = at.timestamp()
        day = self._last_begun(instrument, at, now)
        opens, closes = hours(instrument.exchange).session(day)
        if now >= closes:
            return self._closes(instrument, day)
        return float(self._path(instrument, day)[int(now - opens) // MINUTE - 1])

    def fx(self, currency: str, base: str, at: datetime) -> float:
        """Through the dollar, at the prices of the pairs."""
        return 1.0 if currency == base else self._dollars(currency, at) / self._dollars(base, at)

    def _last_begun(self, instrument: Instrument, at: datetime, now: float) -> date:
        here = hours(instrument.exchange)
        today = here.local_day(at)
        for first in (today - RECENT, date.min):
            days = self.trading_days(instrument, first, today + timedelta(days=1))
            for day in reversed(days):
                if here.session(day)[0] + MINUTE <= now:
                    return day
        raise NoPriceError(
            f"price {instrument.symbol} ({instrument.conid}) at {at:%Y-%m-%d %H:%M}: it has not traded yet"
        )

    def _dollars(self, currency: str, at: datetime) -> float:
        if currency == HUB:
            return 1.0
        for pair in self._pairs():
            if pair.symbol == f"{currency}.{HUB}":
                return self.price(pair, at)
            if pair.symbol == f"{HUB}.{currency}":
                return 1.0 / self.price(pair, at)
        raise NoPriceError(f"convert {currency}: no pair with {HUB} in this market")

    def _pairs(self) -> Iterator[Instrument]:
        return (instrument for instrument in self.instruments() if instrument.asset_class == "CASH")

    def _read_close(self, instrument: Instrument, day: date) -> float:
        return float(self.daily(instrument, day, day).close[-1])

    def _read_path(self, instrument: Instrument, day: date) -> Floats:
        return self.minutes(instrument, day).close


class SeededMarket(BarMarket):
    """A world of `size` contracts in which everything follows from the seed."""

    def __init__(self, seed: int, size: int, today: date) -> None:
        super().__init__(seed)
        self._instruments = universe(seed, size, today)
        self._by_conid = {instrument.conid: instrument for instrument in self._instruments}
        self._prices = Prices(seed)

    def instruments(self) -> Sequence[Instrument]:
        return self._instruments

    def instrument(self, conid: int) -> Instrument | None:
        """The contract of that id; derivatives are known long after they left the list."""
        return self._by_conid.get(conid) or unlisted(conid)

    def trading_days(self, instrument: Instrument, first: date, last: date) -> list[date]:
        here = hours(instrument.exchange)
        return list(here.days[self._alive(instrument, first, last)])

    def daily(self, instrument: Instrument, first: date, last: date) -> Bars:
        here = hours(instrument.exchange)
        rows = self._alive(instrument, first, last)
        return Bars(Instants(here.opens[rows]), *self._prices.daily(instrument, here.ordinals[rows]))

    def _alive(self, instrument: Instrument, first: date, last: date) -> slice:
        begins, ends = derivatives.life(instrument)
        return hours(instrument.exchange).between(max(first, begins, EPOCH), min(last, ends))
