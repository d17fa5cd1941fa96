"""Where charts of weeks and months begin and end.

Belongs here: the two days. Does not: which bars lie between (`charts.py`), adding them up (`bars.py`).

Seen live. The earliest bar can begin in the middle of its period, at a date that has nothing to do with the request:
here half of all periods have such a day of their own. The last bar may be that of the period in which the window ends,
whole as far as it has been traded, or the one before.
"""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from resources.simulator.market.dice import drawn

Period = Callable[[date], object]
DAY = timedelta(days=1)
IS_CUT, WHERE, IS_COVERED = 31, 32, 33  # which draw


def first_day(conid: int, day: date, period: Period) -> date:
    """With which day a chart begins whose window reaches back into the period of a day."""
    begins, ends = _edges(day, period)
    if _draw(conid, begins, IS_CUT) < 0.5:
        return begins
    return begins + int(_draw(conid, begins, WHERE) * ((ends - begins).days - 1)) * DAY


def last_day(conid: int, day: date, period: Period) -> date:
    """With which day a chart ends at the latest whose window ends on a day."""
    begins, ends = _edges(day, period)
    return ends if _draw(conid, begins, IS_COVERED) < 0.5 else begins - DAY


def _edges(day: date, period: Period) -> tuple[date, date]:
    begins = ends = day
    while period(begins - DAY) == period(day):
        begins -= DAY
    while period(ends + DAY) == period(day):
        ends += DAY
    return begins, ends


def _draw(conid: int, day: date, question: int) -> float:
    return float(drawn(conid, np.array([day.toordinal()]), question)[0])
