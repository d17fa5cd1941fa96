"""What the ledger of gaps tells a planner of bars: which days need not be asked for now, and from when on they count.

Belongs here: when an empty day is due again. Does not: how a day is found to be empty (`coverage.py`), planning
requests (`windows.py`). Without a ledger all is asked for.

An empty day is asked for again, since a bar may come late: after as long as it has been known to be empty, at most
`bars.ask_empty_again_days`. So a bar that was late by a night is there after that night, and a day without trades
costs ever less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from assets.kit.bars.coverage import TWICE, Empty, is_its_beginning
from assets.kit.bars.ledger import newest_ledger
from resources.calendar.trading_days import Days
from resources.lake.raw import RawStore

HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Gaps:
    """What is known to be empty of each contract, as seen at `now`; none rests for longer than `most`."""

    empties: Mapping[int, Sequence[Empty]]
    now: datetime
    most: timedelta

    def to_ask(self, conid: int, missing: Days, *, is_held: bool) -> Days:
        """Of the missing days those that are to be asked for; of a contract without any bar all or none."""
        resting = [one for one in self.empties.get(conid, []) if not self._is_due(one)]
        if resting and not is_held:
            return missing[:0]
        known = np.zeros(len(missing), dtype=bool)
        for one in resting:
            known |= (missing >= np.datetime64(one.first)) & (missing <= np.datetime64(one.last))
        left: Days = missing[~known]
        return left

    def begins(self, conid: int, held: Days | None) -> date | None:
        """The first day to have of a contract that has bars: of its first bar, or an earlier one that is open still."""
        if held is None:
            return None
        first: date = held[0].item()
        empties = self.empties.get(conid, [])
        if is_its_beginning(first, empties):
            return first
        return min([first, *(one.first for one in empties if one.asked < TWICE)])

    def _is_due(self, one: Empty) -> bool:
        return one.asked < TWICE or is_due(one.earliest.at, one.latest.at, now=self.now, most=self.most)


def read_gaps(raw: RawStore, size: str, *, now: datetime, most_days: int) -> Gaps:
    """What the ledger says of one bar size."""
    return Gaps(newest_ledger(raw, size).empties, now, timedelta(days=most_days))


def is_due(first_asked_at: datetime, last_asked_at: datetime, *, now: datetime, most: timedelta) -> bool:
    """Whether a day that is known to be empty is to be asked for again."""
    known_for = max(HALF_A_DAY, last_asked_at - first_asked_at - HALF_A_DAY)
    return now - last_asked_at >= min(known_for, most)
