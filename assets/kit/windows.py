"""From what is missing to the fewest requests. Pure.

The gateway gives at most 1000 bars per request, counted backwards from the end of a window, and
charges the same for one bar as for a thousand. So the newest missing day ends a window as long as
allowed, and the next window begins before that one: no set of windows covers the days with fewer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from resources.calendar.trading_days import Days

BARS_PER_REQUEST = 1000


@dataclass(frozen=True, slots=True)
class Window:
    """`sessions` trading days ending with `last`, the first of them `first`."""

    first: Any
    last: Any
    sessions: int


def missing_days(sessions: Days, held: Days) -> Days:
    """Trading days that are not held; both sorted."""
    return sessions[~np.isin(sessions, held, assume_unique=True)]


def windows(sessions: Days, missing: Days, *, cap: int = BARS_PER_REQUEST) -> Iterator[Window]:
    """The fewest windows of at most `cap` trading days that cover all missing days, newest first.

    A window reaches back no further than the oldest missing day it is needed for.
    """
    places = np.searchsorted(sessions, missing)
    while len(places):
        end = int(places[-1])
        covered = places > end - cap
        start = int(places[covered][0])
        yield Window(sessions[start].item(), sessions[end].item(), end - start + 1)
        places = places[~covered]
