"""A market whose prices come from files: served as they are written, on the days that the files have.

Belongs here: which contracts the files speak of, and mixing them with another market. Does not: reading
(`price_file.py`). Minutes are cut from a file's day like any other.

Symbols of the well-known core keep their conid and attributes; an unknown symbol becomes an American stock
with an id made from its name. Options on a contract of the files follow the files.
"""

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np

from resources.simulator.calendars import hours
from resources.simulator.contracts import catalogue
from resources.simulator.contracts.derivatives import life
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import BarMarket, Bars, Instants, Market, NoPriceError, Split
from resources.simulator.market.price_file import PriceFileError, Series, read
from resources.simulator.market.prices import Daily, Prices

NAMED, SPREAD = 995_000_000, 4_000_000  # ids made from symbols
RENAMED = {"FB": "META"}


class FileMarket(BarMarket):
    """Files first; whatever they do not speak of comes from `fallback`, when there is one."""

    def __init__(self, path: Path, fallback: Market | None = None, *, seed: int = 0) -> None:
        super().__init__(seed)
        self._fallback = fallback
        self._prices = Prices(seed)
        series = read(path)
        named = list(zip(_contracts(path, series), series.values(), strict=True))
        self._series = {instrument.conid: found for instrument, found in named}
        others = fallback.instruments() if fallback else []
        self._instruments = [instrument for instrument, _ in named]
        self._instruments += [other for other in others if other.conid not in self._series]
        self._by_conid = {instrument.conid: instrument for instrument in self._instruments}

    def instruments(self) -> Sequence[Instrument]:
        """The files' contracts first."""
        return self._instruments

    def instrument(self, conid: int) -> Instrument | None:
        return self._by_conid.get(conid) or (self._fallback.instrument(conid) if self._fallback else None)

    def trading_days(self, instrument: Instrument, first: date, last: date) -> list[date]:
        series = self._source(instrument)
        if series is None:
            return self._other(instrument).trading_days(instrument, first, last)
        return series.days[_rows(instrument, series, first, last)]

    def splits(self, instrument: Instrument) -> Sequence[Split]:
        """Of a contract's own file or its underlying's; terms of options change otherwise."""
        series = self._source(instrument)
        if series is None:
            return self._other(instrument).splits(instrument)
        return () if instrument.asset_class == "OPT" else series.splits

    def daily(self, instrument: Instrument, first: date, last: date) -> Bars:
        series = self._source(instrument)
        if series is None:
            return self._other(instrument).daily(instrument, first, last)
        rows = _rows(instrument, series, first, last)
        prices = Daily(*(side[rows] for side in series.prices))
        if instrument.asset_class == "OPT":
            prices = self._prices.option(instrument, prices, series.ordinals[rows])
        here = hours(instrument.exchange)
        opens = [here.session(day)[0] for day in series.days[rows]]
        return Bars(Instants(np.array(opens, dtype=np.int64)), *prices)

    def minutes(self, instrument: Instrument, day: date) -> Bars:
        if self._source(instrument) is None:
            return self._other(instrument).minutes(instrument, day)
        return super().minutes(instrument, day)

    def price(self, instrument: Instrument, at: datetime) -> float:
        if self._source(instrument) is None:
            return self._other(instrument).price(instrument, at)
        return super().price(instrument, at)

    def _source(self, instrument: Instrument) -> Series | None:
        """The file behind a contract: its own, or its underlying's."""
        borrows = instrument.asset_class in {"OPT", "CFD"}
        return self._series.get(instrument.underlying if borrows else instrument.conid)

    def _other(self, instrument: Instrument) -> Market:
        if self._fallback is None:
            raise NoPriceError(f"price {instrument.symbol} ({instrument.conid}): the files have no prices of it")
        return self._fallback


def _rows(instrument: Instrument, series: Series, first: date, last: date) -> slice:
    begins, ends = life(instrument)
    return slice(bisect_left(series.days, max(first, begins)), bisect_right(series.days, min(last, ends)))


def _contracts(path: Path, symbols: Iterable[str]) -> list[Instrument]:
    known: dict[str, Instrument] = {}
    for listing in catalogue.core():
        if listing.instrument.asset_class in {"STK", "CASH"}:
            known.setdefault(listing.instrument.symbol, listing.instrument)
    found = [_named(symbol, known.get(RENAMED.get(symbol, symbol))) for symbol in symbols]
    if len({instrument.conid for instrument in found}) < len(found):
        raise PriceFileError(f"read {path}: two symbols stand for one contract (FB is META). Remove one of them")
    return found


def _named(symbol: str, known: Instrument | None) -> Instrument:
    """The contract under the file's name for it: a file of 2013 says FB."""
    return _unknown(symbol) if known is None else replace(known, symbol=symbol)


def _unknown(symbol: str) -> Instrument:
    conid = NAMED + zlib.crc32(symbol.encode()) % SPREAD
    return catalogue.stock(conid, symbol, symbol, exchange="NASDAQ", kind="COMMON", sector=catalogue.NOTHING)
