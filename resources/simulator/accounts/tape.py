"""Daily prices of many contracts by day number, as the book and its valuation need them.

Belongs here: reading the market once per contract and answering "last close on or before a day".
Does not: how prices come about (`market/`), or what is held (`book.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import Market

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Track:
    """Parallel arrays of one contract's trading days (`date.toordinal`)."""

    days: Ints
    low: Floats
    high: Floats
    close: Floats

    def at_or_before(self, day: int) -> int:
        """Position of the last trading day not after `day`; -1 when there is none."""
        return int(np.searchsorted(self.days, day, side="right")) - 1

    def at_or_after(self, day: int) -> int:
        """Position of the first trading day not before `day`; the length when there is none."""
        return int(np.searchsorted(self.days, day))

    def trades_on(self, day: int) -> bool:
        """Whether there is a bar for the day."""
        where = self.at_or_before(day)
        return where >= 0 and int(self.days[where]) == day


class Tape:
    """Tracks between two days, fetched when first asked for."""

    def __init__(self, market: Market, first: date, last: date) -> None:
        self._market = market
        self._tracks: dict[int, Track] = {}
        self.first = first
        self.last = last

    def track(self, instrument: Instrument) -> Track:
        """Every trading day of a contract inside the tape."""
        found = self._tracks.get(instrument.conid)
        return found or self._tracks.setdefault(instrument.conid, self._read(instrument))

    def close(self, instrument: Instrument, day: int) -> float:
        """Last close on or before a day."""
        track = self.track(instrument)
        return float(track.close[track.at_or_before(day)])

    def closes(self, instruments: Sequence[Instrument], days: Ints) -> Floats:
        """Last closes, one row per contract and one column per day; 0 before a contract's first day."""
        matrix = np.zeros((len(instruments), len(days)))
        for row, instrument in enumerate(instruments):
            track = self.track(instrument)
            where = np.searchsorted(track.days, days, side="right") - 1
            if len(track.days):
                matrix[row] = np.where(where >= 0, track.close[where], 0.0)
        return matrix

    def _read(self, instrument: Instrument) -> Track:
        days = [day.toordinal() for day in self._market.trading_days(instrument, self.first, self.last)]
        bars = self._market.daily(instrument, self.first, self.last)
        if len(days) != len(bars.close):
            raise ValueError(f"read {instrument.symbol}: {len(days)} trading days but {len(bars.close)} daily bars")
        return Track(np.array(days, dtype=np.int64), bars.low, bars.high, bars.close)
