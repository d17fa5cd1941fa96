"""Bars of weeks and months: how windows of them are asked for, and which bars of a reply are whole. Pure.

Belongs here: the two, for requests that are made and for those that are read back. Does not: which periods there are
(`resources/calendar/periods.py`), which windows are fewest (`windows.py`), sending.

Seen of the gateway: the earliest bar of a reply can begin in the middle of its period, at a date that has nothing to do
with the request, and be one more than was asked for; the last bar may or may not be that of the period in which the
window ends. So a window ends in the period after its last, and reaches further back than its first. And a bar is whole
only if all sessions of its period had closed when the gateway could know of them, if its period is over where the
window ends, and if it is not an earliest one that begins late. An earliest one that does, though its window surely
reached further back, begins where the contract did: there was nothing to be shown before it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.kit.bars.windows import STAMP, Size, Window
from assets.kit.parse import epoch_ms
from resources.calendar.hours import Seconds
from resources.calendar.periods import NIGHT, Periods, Unit, first_day, number
from resources.calendar.trading_days import Days

UNITS: dict[str, Unit] = {"1w": "w", "1m": "m"}
"""Sizes of bars that last longer than a day."""
LONGEST: dict[Unit, int] = {"w": 792, "m": 182}  # periods of a window
SPARE = 3  # periods that a window reaches back beyond its first: one in which it ends, one cut, one for Sunday evenings
NOON = time(12)


@dataclass(frozen=True, slots=True)
class Told:
    """What a reply surely tells: of each bar the period it is whole of (else NaT), and from when to when it speaks.

    With `has_begun`, what there is of the contract begins with the reply's first bar.
    """

    periods: Days
    first: date
    last: date
    has_begun: bool

    @property
    def is_whole(self) -> npt.NDArray[np.bool_]:
        """Whether each bar is."""
        return ~np.isnat(self.periods)

    @property
    def got(self) -> Days:
        """The periods that it has whole bars of."""
        return np.unique(self.periods[self.is_whole])


def most_bars(size: Size) -> int:
    """How many bars one request surely gets."""
    return LONGEST[UNITS[size.name]] - SPARE


def query_of(window: Window, size: Size, *, now: datetime) -> dict[str, str]:
    """The words for a window; without an end where it reaches the present."""
    unit = UNITS[size.name]
    last = number(window.last, unit)
    count = last - number(window.first, unit) + 1 + SPARE
    query = {"period": f"{min(count, LONGEST[unit])}{unit}", "bar": size.name}
    end = datetime.combine(first_day(last + 1, unit) + timedelta(days=1), NOON, UTC)
    return query if end > now else {**query, "startTime": f"{end:{STAMP}}"}


def starts_of(bars: Sequence[Any]) -> Seconds:
    """When the bars of a reply begin, in its order; NaT where one does not say so."""
    said = pd.Series([bar.get("t") if isinstance(bar, dict) else None for bar in bars], dtype=object)
    starts: Seconds = epoch_ms(said).values.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    return starts


def told(starts: Seconds, query: Mapping[str, str], known: datetime, periods: Periods) -> Told:
    """What bars that came for a query tell, of what the gateway knew at an instant; `starts` in the reply's order."""
    unit, end = periods.unit, None
    if "startTime" in query:
        end = datetime.strptime(query["startTime"], STAMP).replace(tzinfo=UTC)
    last = periods.latest_closed(known)
    if end is not None:
        last = min(last, periods.latest_before(end.date()))
    of = periods.traded_on(starts)
    whole = np.where(of <= np.datetime64(last), of, np.datetime64("NaT"))
    reached = _reached(query.get("period", ""), number((end or known).date(), unit), unit)
    if not len(starts):
        return Told(whole, last if reached is None else first_day(reached, unit), last, has_begun=False)
    earliest = int(np.argmin(starts))
    day = (starts[earliest] + NIGHT).astype("datetime64[D]")
    begins, is_late = number(day.item(), unit), bool(day > of[earliest])
    has_begun = reached is not None and (begins > reached or (is_late and begins == reached))
    if has_begun and reached is not None:
        return Told(whole, first_day(reached, unit), last, has_begun)
    if is_late:
        whole[earliest] = np.datetime64("NaT")
    return Told(whole, first_day(begins + is_late, unit), last, has_begun)


def _reached(period: str, end: int, unit: Unit) -> int | None:
    """The oldest period that a window surely shows whole; None of a window that is not of such periods."""
    found = re.fullmatch(r"(\d+)([wm])", period)
    return None if found is None or found[2] != unit else end - int(found[1]) + SPARE
