"""From what is missing to the fewest requests, for bars of any size. Pure.

The gateway gives at most 1000 bars per request, counted backwards from the end of a window, and charges the same for
one bar as for a thousand. So the newest missing bar ends a window that reaches back as far as one reply does, and the
next window begins before that one: no set of windows covers what is missing with fewer. Windows may begin and end in
the middle of a day.

For the same reason a few days that are held are read again with those that are missing, where a window has room: what
comes is compared with what is held, since the gateway changes bars of the past without a word (`vintages.py`).

How a window is asked for (`period_of`, `end_of`) follows what was seen of the gateway: `startTime` is a window's end; a
chart of n days has n - 1 daily bars, of smaller bars it has n days; the last intraday bar before `startTime` is
missing. The table of which bars go with which period (`documented_days`) is what live gateways do not insist on: it
counts once one of them has refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from resources.calendar.trading_days import Days

BARS_PER_REQUEST = 1000
MOST_DAYS = 1000  # of a period
SLACK = 2  # a period of n days was seen to give n - 1 daily bars; one more shows what lies before
OVERLAP = 5  # held days that are read again on either side of a window
DAYS_A_BAR = 7 / 5 * 1.1  # calendar days of a daily bar, with room for holidays
NOON = time(12)
STAMP = "%Y%m%d-%H:%M:%S"


@dataclass(frozen=True, slots=True)
class Size:
    """A bar size of the API, how long a bar lasts, and the longest period in days that is documented for it."""

    name: str
    seconds: int
    documented_days: int

    @property
    def is_intraday(self) -> bool:
        return self.seconds < DAY_SECONDS


DAY_SECONDS = 86_400
SIZES = {
    name: Size(name, seconds, days)
    for name, seconds, days in (
        *((f"{count}min", 60 * count, 6) for count in (1, 2, 3, 5)),
        *((f"{count}min", 60 * count, 29) for count in (10, 15, 30)),
        ("1h", 3600, 89),
        *((f"{count}h", 3600 * count, 179) for count in (2, 3)),
        ("4h", 4 * 3600, 364),
        ("8h", 8 * 3600, 729),
        ("1d", DAY_SECONDS, MOST_DAYS),
        ("1w", 7 * DAY_SECONDS, 15 * 365),
        ("1m", 31 * DAY_SECONDS, 15 * 365),
    )
}
DAY = SIZES["1d"]


@dataclass(frozen=True, slots=True)
class Window:
    """`bars` that were due from `first` to `last`, on so many trading `days`."""

    first: Any
    last: Any
    bars: int
    days: int


def missing_days(sessions: Days, held: Days) -> Days:
    """Trading days that are not held; both sorted."""
    return sessions[~np.isin(sessions, held, assume_unique=True)]


def without_bar(missing: Days, got: Days) -> Days:
    """Days to ask for again: those that are missing and of which no bar came."""
    return with_the_first(missing[~np.isin(missing, got)], got, missing) if len(got) else missing[:0]


def with_the_first(holes: npt.NDArray[Any], got: npt.NDArray[Any], missing: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What to ask for again; what lies before the first that came with it, so that not nothing is the right answer.

    A first one later than all that is missing was held, and is read again with them anyway.
    """
    return np.union1d(holes, got[:1]) if len(holes) and holes[0] < got[0] <= missing[-1] else holes


def windows(
    due: npt.NDArray[Any],
    missing: npt.NDArray[Any],
    *,
    days: Days | None = None,
    cap: int = BARS_PER_REQUEST,
    most_days: int = MOST_DAYS,
) -> Iterator[Window]:
    """The fewest windows of at most `cap` bars, on at most `most_days`, that cover all that is missing, newest first.

    `due` are the bars that there should be, by day or by start, `days` the trading day of each. A window reaches back
    no further than the oldest missing bar it is needed for.
    """
    days = due if days is None else days
    opens = np.flatnonzero(np.concatenate([[True], days[1:] != days[:-1]])) if len(due) else np.zeros(0, dtype=int)
    places = np.searchsorted(due, missing)
    while len(places):
        end = int(places[-1])
        day = int(np.searchsorted(opens, end, side="right")) - 1
        reach = max(end - cap + 1, int(opens[max(0, day - most_days + 1)]))
        covered = places >= reach
        start = int(places[covered][0])
        first_day = int(np.searchsorted(opens, start, side="right")) - 1
        yield Window(due[start].item(), due[end].item(), end - start + 1, day - first_day + 1)
        places = places[~covered]


def period_of(window: Window, size: Size = DAY, *, most_days: int = MOST_DAYS) -> str:
    """The `period` that reaches a window's first bar, and the trading day before it where it may."""
    if size.is_intraday:
        return f"{min(window.days + 1, most_days)}d"
    if window.bars >= min(BARS_PER_REQUEST, most_days):  # which 1000 days would not reach
        return f"{int(window.bars * DAYS_A_BAR / 7) + 1}w"
    return f"{min(window.bars + SLACK, most_days)}d"


def end_of_day(last: Any) -> datetime:
    """The `startTime` that a window of daily bars must have to end with a day: an instant on the day after."""
    return datetime.combine(last + timedelta(days=1), NOON, UTC)


def end_of(last: datetime, following: datetime | None, size: Size) -> datetime:
    """The `startTime` that a window of intraday bars must have to end with a bar.

    A bar is shown if it ends before `startTime`, as if it were a whole one, though the first of a day may be shorter.
    So this is where the bar `following`, which would be one too many, ends.
    """
    length = timedelta(seconds=size.seconds)
    return last + 2 * length if following is None else min(last + 2 * length, following + length)


def overlapping(window: Window, sessions: Days, held: Days, *, cap: int = BARS_PER_REQUEST) -> Window:
    """The window of daily bars with some of the days next to it that are held, as far as `cap` has room for them.

    `sessions` are trading days that reach beyond both of its ends.
    """
    before = sessions[sessions < np.datetime64(window.first)][-OVERLAP:]
    after = sessions[sessions > np.datetime64(window.last)][:OVERLAP]
    room = max(0, cap - window.bars)
    earlier = _from_held(before[::-1], held)[:room]
    later = _from_held(after, held)[: room - len(earlier)]
    return replace(
        window,
        first=earlier[-1].item() if len(earlier) else window.first,
        last=later[-1].item() if len(later) else window.last,
        bars=window.bars + len(earlier) + len(later),
        days=window.days + len(earlier) + len(later),
    )


def _from_held(outwards: Days, held: Days) -> Days:
    """The days next to a window, the nearest first, up to the farthest that is held."""
    kept = np.flatnonzero(np.isin(outwards, held))
    reached: Days = outwards[: kept[-1] + 1] if len(kept) else outwards[:0]
    return reached
