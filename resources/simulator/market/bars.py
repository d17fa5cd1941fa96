"""Bars made of smaller bars.

Belongs here: grouping and adding up. Does not: which bars to show (`charts.py`), where they come from.

Groups follow the exchange's wall clock, not the session's start: an American hour bar begins at 9:30, then
at 10:00.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

import numpy as np

from resources.simulator.calendars import midnight
from resources.simulator.market.market import Bars, Instants
from resources.simulator.market.paths import Ints


def seconds(starts: Sequence[datetime]) -> Ints:
    """Moments as seconds since 1970."""
    if isinstance(starts, Instants):
        return starts.seconds
    return np.array([int(start.timestamp()) for start in starts], dtype=np.int64)


def pick(bars: Bars, rows: slice) -> Bars:
    """Some of the bars."""
    return Bars(bars.start[rows], bars.open[rows], bars.high[rows], bars.low[rows], bars.close[rows], bars.volume[rows])


def join(parts: Sequence[Bars]) -> Bars:
    """Stretches of bars put end to end."""
    starts = np.concatenate([seconds(part.start) for part in parts] or [np.empty(0, dtype=np.int64)])
    sides = (
        np.concatenate([getattr(part, side) for part in parts] or [np.empty(0)])
        for side in ("open", "high", "low", "close", "volume")
    )
    return Bars(Instants(starts), *sides)


def by_minutes(bars: Bars, size: int, offset: int = 0) -> Bars:
    """Bars of `size` minutes on a wall clock that is `offset` seconds ahead of UTC."""
    starts = seconds(bars.start)
    firsts = _firsts((starts + offset) // (size * 60))
    return _added(bars, firsts, starts[firsts])


def by_period(bars: Bars, days: Sequence[date], key: Callable[[date], object]) -> Bars:
    """Daily bars added up while `key` of their day stays the same, stamped with midnight UTC of the first day."""
    codes: dict[object, int] = {}
    groups = np.array([codes.setdefault(key(day), len(codes)) for day in days], dtype=np.int64)
    firsts = _firsts(groups)
    stamps = [midnight(days[row]) for row in firsts.tolist()]
    return _added(bars, firsts, np.array(stamps, dtype=np.int64))


def whole(bars: Bars) -> Bars:
    """All of them as one bar."""
    return _added(bars, np.zeros(1, dtype=np.int64), seconds(bars.start)[:1])


def week(day: date) -> tuple[int, int]:
    """The ISO week of a day."""
    return day.isocalendar()[:2]


def month(day: date) -> tuple[int, int]:
    """The calendar month of a day."""
    return day.year, day.month


def _firsts(groups: Ints) -> Ints:
    edges = np.flatnonzero(np.diff(groups)) + 1
    return np.concatenate([np.zeros(min(1, groups.size), dtype=np.int64), edges.astype(np.int64)])


def _added(bars: Bars, firsts: Ints, starts: Ints) -> Bars:
    if not len(bars.start):
        return bars
    lasts = np.append(firsts[1:], len(bars.start)) - 1
    return Bars(
        Instants(starts),
        bars.open[firsts],
        np.maximum.reduceat(bars.high, firsts),
        np.minimum.reduceat(bars.low, firsts),
        bars.close[lasts],
        np.add.reduceat(bars.volume, firsts),
    )
