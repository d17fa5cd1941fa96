"""The bars that an exchange's hours make due: when each begins and ends, and its trading day. Pure.

Belongs here: the grid of a size, and which of its cells are answered by bars that are held. Does not: which windows to
ask for (`windows.py`), reading files (`held_bars.py`).

Bars follow the exchange's wall clock, not the session's open: an American hour bar begins at 9:30, the next at 10:00. A
gateway that cuts its bars otherwise is no harm: a bar that is held answers the cell that it begins in, and cells
between two bars of one reply are answered too, since that reply had nothing more to tell there: minutes in which
nothing was traded have no bar. Trading days without any bar are not answered by that.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from assets.kit.bars.windows import BARS_PER_REQUEST, SLACK, Size
from resources.calendar.hours import Seconds, hours, offsets
from resources.calendar.trading_days import Days, TradingCalendar


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Parallel and sorted; `starts` and `ends` are instants in UTC."""

    starts: Seconds
    ends: Seconds
    days: Days

    def until(self, now: datetime) -> "Grid":
        """The bars that have ended."""
        count = int(
            np.searchsorted(self.ends, np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "s"), side="right")
        )
        return Grid(self.starts[:count], self.ends[:count], self.days[:count])

    def between(self, first: date | None, last: date | None) -> "Grid":
        """The bars of some days."""
        start = 0 if first is None else int(np.searchsorted(self.days, np.datetime64(first)))
        end = len(self.days) if last is None else int(np.searchsorted(self.days, np.datetime64(last), side="right"))
        return Grid(self.starts[start:end], self.ends[start:end], self.days[start:end])

    def days_of(self, starts: Seconds) -> Days:
        """The trading day of each of some bars."""
        return self.days[np.searchsorted(self.starts, starts)]

    def day_at(self, start: Any) -> Any:
        """The trading day of the bar in which an instant lies, or of the last before it."""
        return self.days[max(0, int(np.searchsorted(self.starts, np.datetime64(start), side="right")) - 1)]

    def following(self, start: Any) -> Any:
        """Where the bar after one begins; None for the last."""
        place = int(np.searchsorted(self.starts, np.datetime64(start), side="right"))
        return self.starts[place].item() if place < len(self.starts) else None


def grid(calendar: TradingCalendar, size: Size, days: Days, *, extended: bool = False) -> Grid:
    """The bars of trading days."""
    opens, closes = hours(calendar, days, extended=extended)
    length, ahead = np.timedelta64(size.seconds, "s"), offsets(opens, calendar)
    before = (opens + ahead - np.datetime64(0, "s")) % length
    counts = -((opens - before - closes) // length)  # rounded up
    first = np.repeat(np.cumsum(counts) - counts, counts)
    number = np.arange(int(counts.sum())) - first
    starts = np.repeat(opens - before, counts) + number * length
    return Grid(
        np.maximum(starts, np.repeat(opens, counts)),
        np.minimum(starts + length, np.repeat(closes, counts)),
        np.repeat(days, counts),
    )


@dataclass(slots=True, eq=False)
class Answered:
    """Which cells of a grid the bars of one contract answer; bars are taken in the order of their starts.

    A reply is known by the instant at which it came.
    """

    grid: Grid
    first: Any = None
    _edges: npt.NDArray[np.int8] = field(init=False)
    _last: tuple[int, Any] | None = None
    _of_first: tuple[Any, int] = (None, 0)

    def __post_init__(self) -> None:
        self._edges = np.zeros(len(self.grid.starts) + 1, dtype=np.int8)

    def take(self, starts: Seconds, replies: npt.NDArray[Any]) -> None:
        """More bars, later than those before."""
        if self.first is None:
            self.first, self._of_first = starts[0], (replies[0], 0)
        reply, count = self._of_first
        self._of_first = (reply, count + int(np.sum(replies == reply)))
        places = np.searchsorted(self.grid.starts, starts, side="right") - 1
        starts, replies, places = starts[places >= 0], replies[places >= 0], places[places >= 0]
        if not len(places):
            return
        is_in_cell = starts < self.grid.ends[places]
        self._span(places[is_in_cell], places[is_in_cell] + 1)
        if self._last is not None:
            places, replies = np.append(self._last[0], places), np.append(self._last[1], replies)
        self._last = (int(places[-1]), replies[-1])
        same = replies[1:] == replies[:-1]
        self._answer_between(places[:-1][same], places[1:][same])

    @property
    def cells(self) -> npt.NDArray[np.bool_]:
        """Whether each cell is answered."""
        return np.cumsum(self._edges[:-1]) > 0

    @property
    def may_go_back(self) -> bool:
        """Whether the reply that told the oldest bars was full, so that there may be more before them."""
        return self._of_first[1] >= BARS_PER_REQUEST - SLACK

    def _answer_between(self, befores: npt.NDArray[Any], afters: npt.NDArray[Any]) -> None:
        """What lies between two bars of one reply, but for days in between of which it has none."""
        days = self.grid.days
        ends = np.searchsorted(days, days[befores], side="right")
        opens = np.searchsorted(days, days[afters])
        self._span(befores, np.minimum(ends, afters))
        self._span(np.maximum(opens, befores), afters)

    def _span(self, begins: npt.NDArray[Any], ends: npt.NDArray[Any]) -> None:
        np.add.at(self._edges, begins, 1)
        np.add.at(self._edges, np.maximum(ends, begins), -1)
