"""What each check found, each time that it was made: an append-only record of one profile.

Belongs here: appending a result, and which results a landing of a day takes. Does not: what a check is, or what its
result means (`assets/kit`), making rows of them (`assets/health/check_results.py`).

A result is written down when the check is made, whatever becomes of the run: the failure that keeps a night from being
published is not lost with it. A landing takes all that no landing took before, of whatever day it is, and notes that it
did; so what a rebuild finds comes with the next night, and no result belongs to two days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from resources.journal import Journal
from resources.lake.layout import Layout

CHECKED, LANDED = "checked", "landed"


@dataclass(frozen=True, slots=True)
class CheckRecords:
    """The record of one profile."""

    layout: Layout

    def append(self, result: Mapping[str, Any], *, at: datetime) -> None:
        """Write down one result."""
        self._journal.append({"event": CHECKED, "evaluated_at": at, **result}, at=at)

    def of_landing(self, day: date) -> list[dict[str, Any]]:
        """The results that a landing of the day holds: what its landings took so far, and what none took."""
        taken: list[dict[str, Any]] = []
        pending: list[dict[str, Any]] = []
        for record in self._journal.everything():
            if record["event"] == CHECKED:
                pending.append(record)
                continue
            if record["day"] == day.isoformat():
                taken += pending
            pending = []
        return taken + pending

    def note_landed(self, day: date, *, at: datetime) -> None:
        """Write down that a landing of the day took what there was."""
        self._journal.append({"event": LANDED, "day": day, "landed_at": at}, at=at)

    @property
    def _journal(self) -> Journal:
        return Journal(self.layout.checks_folder, is_daily=False)
