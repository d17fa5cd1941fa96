"""The strikes that options can have: one ladder for all, finer where prices are low.

Belongs here: the ladder, and which of its rungs are listed around prices. Does not: which prices
(`market/chains.py`), contracts.

An exchange adds strikes as a price moves and takes none away. Every second rung is listed for the whole life
of an expiry, the others near the price and near the end.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

STEPS = ((0.0, 0.5), (25.0, 1.0), (100.0, 2.5), (200.0, 5.0), (1000.0, 25.0), (3000.0, 100.0), (20_000.0, 0.0))
WIDE, NARROW = 0.15, 0.07  # of the price, on both sides
MANY, FEW = 10, 3  # rungs on both sides at least, for prices of a few dollars


def _rungs() -> list[float]:
    return [
        start + count * step
        for (start, step), (end, _) in zip(STEPS, STEPS[1:], strict=False)
        for count in range(round((end - start) / step))
    ]


LADDER = _rungs()
COARSE = [
    strike
    for (start, step), (end, _) in zip(STEPS, STEPS[1:], strict=False)
    for strike in LADDER[bisect_left(LADDER, start) : bisect_left(LADDER, end)]
    if strike and strike % (2 * step) == 0
]


def rung(strike: float) -> int | None:
    """Where a strike stands on the ladder; None when it does not, or is nothing."""
    place = bisect_left(LADDER, strike)
    return place if 0 < place < len(LADDER) and LADDER[place] == strike else None


def wide(low: float, high: float) -> list[float]:
    """Strikes around the prices of a whole life."""
    return _around(COARSE, low, high, WIDE, MANY)


def narrow(low: float, high: float) -> list[float]:
    """Strikes around the prices of the last weeks."""
    return _around(LADDER[1:], low, high, NARROW, FEW)


def _around(rungs: Sequence[float], low: float, high: float, margin: float, least: int) -> list[float]:
    first = min(bisect_left(rungs, low * (1 - margin)), bisect_left(rungs, low) - least)
    last = max(bisect_right(rungs, high * (1 + margin)), bisect_right(rungs, high) + least)
    return list(rungs[max(0, first) : last])
