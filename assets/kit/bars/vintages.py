"""Two vintages of the same bars: what was known of them, and what came when they were read again. Pure.

Belongs here: whether they are equal, differ by a constant ratio, or otherwise. Does not: which bars are read again
(`windows.py`), where vintages lie, what is made of the findings (the dataset).

The gateway adjusts all bars before a split once its day has come, and says so nowhere. A split by `factor` leaves every
price divided by it and every volume multiplied by it, for all bars up to a day and for none after it. Prices come
rounded, to what their own digits show, so each bar allows a range of factors; of the factors that the most bars allow
it is the one with the smallest denominator (2, 3/2, 1/10). What else differs was restated. A dividend changes no bar.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EXACT = 1e-9  # of a price: what a float loses
ROUNDED = 0.51  # of the last digit shown
VOLUME_EXACT = 1e-5  # of a volume: it came divided by a lot, with a few digits
VOLUME_SHARE, OF_THE_STEP = 0.02, 0.25  # late prints are no contradiction, unless a small factor is to be told from 1
TELLING = 4.0  # units by which a volume must change for its change to say anything
LEAST_STEP = 0.04  # the smallest change of price that is believed where volumes do not tell: stock dividends of 5 %
SIMPLE = 100  # a denominator above this says nothing: then the factor is the middle of its range
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one contract, oldest first: open, high, low and close in a row per bar, and the volume.

    `slack` is by how much prices may be off that were reckoned from what came, by a factor; 0 where nothing was.
    """

    prices: Floats
    volume: Floats
    slack: Floats

    def by(self, factor: float, rows: Flags) -> "Bars":
        """The bars with some of them adjusted."""
        step = np.where(rows, factor, 1.0)
        slack = np.where(rows, np.maximum(self.slack, hidden_by_rounding(self.prices)), self.slack) / step
        return Bars(self.prices / step[:, None], self.volume * step, slack)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A constant ratio: the row of the last bar that has it, how many have it, and how many of the bars until then."""

    factor: float
    last: int
    agreed: int
    compared: int


@dataclass(frozen=True, slots=True)
class Found:
    """What became of the bars: a ratio if there is one, and which bars were restated beside it."""

    ratio: Ratio | None
    expected: Bars
    is_restated: Flags


def compare(known: Bars, came: Bars) -> Found:
    """How bars that were read again differ from what was known of them."""
    ratio = constant_ratio(known, came)
    expected = known
    if ratio is not None:
        expected = known.by(ratio.factor, np.arange(len(known.volume)) <= ratio.last)
    return Found(ratio, expected, _repriced(expected, came) | _other_volume(expected, came))


def constant_ratio(known: Bars, came: Bars) -> Ratio | None:
    """By what all bars up to one were adjusted, if prices and volumes tell; of those bars, more than half agree."""
    changed = np.flatnonzero(_repriced(known, came))
    if not len(changed):
        return None
    least, most = (side[changed] for side in _ranges(known, came))
    holds = (least[None, :] <= least[:, None]) & (least[:, None] <= most[None, :])
    holds[~np.isfinite(least) | (least > most)] = False
    agreed = holds[np.argmax(holds.sum(axis=1))]
    if not agreed.any():
        return None
    lowest, highest = float(least[agreed].max()), float(most[agreed].min())
    if lowest <= 1 <= highest:  # rounding hides whether there is a ratio at all
        return None
    factor, is_simple = _simplest(lowest, highest)
    rows, last = changed[agreed], int(changed[agreed][-1])
    if 2 * len(rows) <= last + 1 or not _is_borne_out(known, came, rows, factor, is_simple=is_simple):
        return None
    return Ratio(factor, last, len(rows), last + 1)


def hidden_by_rounding(prices: Floats) -> Floats:
    """Half of the last digit that the prices of each bar show."""
    shown = [(np.abs(prices - np.round(prices, digits)) <= EXACT).all(axis=1) for digits in range(DIGITS)]
    half: Floats = ROUNDED * 10.0 ** -np.select(shown, np.arange(DIGITS, dtype=np.float64).tolist(), default=DIGITS)
    return half


def _is_borne_out(known: Bars, came: Bars, rows: Any, factor: float, *, is_simple: bool) -> bool:
    """Volumes say the same; where they are too small to tell, two bars must. One bar is believed if 2 or so."""
    before, after = known.volume[rows] * factor, came.volume[rows]
    step = min(abs(factor - 1), abs(1 / factor - 1))
    told = np.maximum(before, after) * step > TELLING
    if not told.any():
        return len(rows) > 1 and step >= LEAST_STEP
    tolerance = min(VOLUME_SHARE, OF_THE_STEP * step)
    alike = np.abs(after - before)[told] <= tolerance * np.maximum(before, after)[told] + 1
    return bool(2 * alike.sum() > told.sum()) and (len(rows) > 1 or is_simple)


def _repriced(known: Bars, came: Bars) -> Flags:
    slack = np.where(known.slack > 0, known.slack + hidden_by_rounding(came.prices), 0.0)[:, None]
    return np.asarray((np.abs(known.prices - came.prices) > slack + EXACT * np.abs(known.prices)).any(axis=1))


def _other_volume(known: Bars, came: Bars) -> Flags:
    slack = VOLUME_EXACT * np.maximum(known.volume, came.volume) + np.where(known.slack > 0, 1.0, 0.0)
    return np.asarray(np.abs(known.volume - came.volume) > slack)


def _ranges(known: Bars, came: Bars) -> tuple[Floats, Floats]:
    """The least and the greatest factor that each bar allows, given what rounding hides; NaN where a price is none."""
    before, after = known.prices, came.prices
    hidden = hidden_by_rounding(after)[:, None]
    finer = np.maximum(np.minimum(hidden, hidden_by_rounding(before)[:, None]), known.slack[:, None])
    usable = (before > finer).all(axis=1) & (after > hidden).all(axis=1)
    least, most = np.full(len(before), np.nan), np.full(len(before), np.nan)
    before, after, hidden, finer = (side[usable] for side in (before, after, hidden, finer))
    least[usable] = ((before - finer) / (after + hidden)).max(axis=1)
    most[usable] = ((before + finer) / (after - hidden)).min(axis=1)
    return least, most


def _simplest(least: float, most: float) -> tuple[float, bool]:
    """The fraction with the smallest denominator in a range, if that is small, else the range's middle."""
    found = _between(Fraction(least), Fraction(most))
    if max(found.numerator, found.denominator) <= SIMPLE:
        return float(found), True
    return (least + most) / 2, False


def _between(least: Fraction, most: Fraction) -> Fraction:
    """The simplest fraction of a range, by the continued fraction that its ends share."""
    whole = least.numerator // least.denominator
    if whole == least:
        return least
    if whole + 1 <= most:
        return Fraction(whole + 1)
    return whole + 1 / _between(1 / (most - whole), 1 / (least - whole))
