"""A market small enough to read: every weekday trades, prices are a seeded walk, minutes do not matter."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import Bars, NoPriceError, Split

EPOCH = date(2020, 1, 1)
LENGTH = 3_000
WEEKDAYS = [
    day
    for day in map(date.fromordinal, range(date(2000, 1, 3).toordinal(), date(2040, 1, 1).toordinal()))
    if day.weekday() < 5
]
FX = {"USD": 1.0, "EUR": 1.1, "GBP": 1.3, "CHF": 1.2}


def toy_universe(size: int) -> list[Instrument]:
    """Stocks, funds, bonds, options and futures in four currencies, by turns."""
    return [_contract(number) for number in range(size)]


class ToyMarket:
    """Implements `Market`."""

    def __init__(self, seed: int = 1, size: int = 60) -> None:
        self.seed = seed
        self._all = {contract.conid: contract for contract in toy_universe(size)}

    def instruments(self) -> Sequence[Instrument]:
        return list(self._all.values())

    def instrument(self, conid: int) -> Instrument | None:
        return self._all.get(conid)

    def trading_days(self, instrument: Instrument, first: date, last: date) -> list[date]:
        end = min(last, instrument.expiry or last)
        start = max(first, instrument.expiry - timedelta(days=120)) if instrument.expiry else first
        return list(WEEKDAYS[bisect_left(WEEKDAYS, start) : bisect_right(WEEKDAYS, end)])

    def splits(self, instrument: Instrument) -> Sequence[Split]:  # noqa: ARG002
        return ()

    def daily(self, instrument: Instrument, first: date, last: date) -> Bars:
        days = self.trading_days(instrument, first, last)
        steps = np.array([day.toordinal() for day in days], dtype=np.int64) - EPOCH.toordinal()
        close = _walk(self.seed, instrument.conid)[steps % LENGTH]
        spread = np.round(close * 0.01, 2)
        starts = [_opening(day) for day in days]
        return Bars(starts, close, close + spread, close - spread, close, np.full(len(days), 1000.0))

    def minutes(self, instrument: Instrument, day: date) -> Bars:
        return self.daily(instrument, day, day)

    def price(self, instrument: Instrument, at: datetime) -> float:
        return float(round(self._close(instrument, at.date()) * (1 + 0.001 * math.sin(at.hour)), 2))

    def fx(self, currency: str, base: str, at: datetime) -> float:
        if currency == base:
            return 1.0
        if currency not in FX or base not in FX:
            raise NoPriceError(f"price {currency} in {base}: one of them is no currency")
        wave = 0.01 * math.sin(at.timestamp() / 86_400)
        return FX[currency] / FX[base] * (1 + wave * (FX[currency] - FX[base]))

    def _close(self, instrument: Instrument, day: date) -> float:
        return float(_walk(self.seed, instrument.conid)[(day - EPOCH).days % LENGTH])


@cache
def _opening(day: date) -> datetime:
    return datetime.combine(day, time(14, 30), tzinfo=UTC)


@lru_cache(maxsize=2000)
def _walk(seed: int, conid: int) -> npt.NDArray[np.float64]:
    draws = np.random.default_rng([seed, conid])
    path: npt.NDArray[np.float64] = 80 * np.exp(np.cumsum(draws.normal(0, 0.01, LENGTH)).clip(-1, 1))
    return np.round(path, 2)


def _contract(number: int) -> Instrument:
    conid = 990_000_001 + number
    currency = ("USD", "USD", "EUR", "USD", "GBP", "CHF")[number % 6]
    match number % 10:
        case 1:
            return _make(conid, f"FND{number}", "STK", currency, kind="ETF")
        case 3:
            return _make(conid, f"BND{number}", "BOND", "USD", kind=None, multiplier=0.01)
        case 5 | 7:
            expiry = date(2026, 1, 16) + timedelta(days=35 * (number // 10 % 16))
            return _make(conid, f"OPT{number}", "OPT", "USD", kind=None, multiplier=100.0, expiry=expiry)
        case 9:
            expiry = date(2026, 3, 20) + timedelta(days=91 * (number // 10 % 6))
            return _make(conid, f"FUT{number}", "FUT", "USD", kind=None, multiplier=50.0, expiry=expiry)
    return _make(conid, f"STK{number}", "STK", currency, kind="COMMON", sector="Consumer, Cyclical", group="Retail")


def _make(
    conid: int,
    symbol: str,
    asset_class: str,
    currency: str,
    *,
    kind: str | None,
    multiplier: float = 1.0,
    expiry: date | None = None,
    sector: str | None = None,
    group: str | None = None,
) -> Instrument:
    return Instrument(
        conid=conid,
        symbol=symbol,
        name=f"{symbol} INC",
        asset_class=asset_class,
        currency=currency,
        exchange="NASDAQ",
        country="US",
        kind=kind,
        sector=sector,
        group=group,
        sector_group=group,
        multiplier=multiplier,
        expiry=expiry,
        right="C" if asset_class == "OPT" else None,
        strike=80.0 if asset_class == "OPT" else 0.0,
        underlying=990_000_001 if asset_class in {"OPT", "FUT"} else 0,
    )
