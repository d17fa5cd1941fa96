"""Which days of a planned landing are finished while it goes on: nothing is left to ask of them, of any contract.

Belongs here: counting. Does not: what is left of a contract (the dataset's file), when and where finished days are
recorded (`quoted.py`). Several threads ask, each of another contract, and tell what that leaves; one takes what is
finished. Of a contract that does not expect a day, holds it, or knows it to be empty, nothing of it is left to ask.

A day on which the exchange is closed is finished with the trading day after it. So what is recorded and what is not
are as few ranges as can be: asked for the rest, Dagster launches a run for each.
"""

import threading
from collections.abc import Iterable

import numpy as np

from assets.kit.quote import Load
from resources.calendar.trading_days import Days


class Finished:
    """Counts for each of `days`, of which `sessions` are trading days, the contracts it is to be asked for of."""

    def __init__(self, days: Days, sessions: Days, loads: Iterable[Load]) -> None:
        following = np.minimum(np.searchsorted(sessions, days), len(sessions) - 1)
        self._days, self._ends_with = days, np.searchsorted(days, sessions[following])
        self._open = {load.conid: np.isin(days, load.missing) for load in loads}
        self._count = sum(self._open.values(), start=np.zeros(len(days), dtype=np.int64))
        self._is_taken = np.zeros(len(days), dtype=bool)
        self._counting = threading.Lock()

    def left(self, load: Load, days: Days) -> None:
        """Of a contract no more than these days are left to ask; one that was finished stays so."""
        with self._counting:
            before = self._open[load.conid]
            after = before & np.isin(self._days, days)
            self._count -= before & ~after
            self._open[load.conid] = after

    def take(self, most: int) -> Days:
        """Finished days that were not taken before, the newest first."""
        with self._counting:
            is_done = self._count == 0
            places = np.flatnonzero(is_done & is_done[self._ends_with] & ~self._is_taken)[::-1][:most]
            self._is_taken[places] = True
            taken: Days = self._days[places]
        return taken
