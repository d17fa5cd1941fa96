"""Work that waits: landings that could not be made now and lose nothing by waiting, or lose it at a known moment.

Belongs here: what waits, since when, for what, and how it ended, as an append-only record. Does not: when it goes
on, and what of it is too late (`pipelines/resume.py`). A piece of work is a dataset and the days asked for; parked
again it stays the same piece, with the newer reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from resources.journal import Journal
from resources.lake.layout import Layout

Ending = Literal["landed", "lost", "refused"]


@dataclass(frozen=True, slots=True)
class Parked:
    """A piece of work that waits; `until` is when it may go on, where that is known, by this machine's clock.

    `waits_for` is the name of the error that stopped it, `parked_at` the gateway's time. What asked more than it was
    quoted with waits for a `margin` above the one it had.
    """

    dataset: str
    days: tuple[date, ...]
    waits_for: str
    reason: str
    parked_at: datetime
    until: datetime | None
    run_id: str
    margin: float | None = None

    @property
    def key(self) -> str:
        return _key(self.dataset, self.days)


@dataclass(frozen=True, slots=True)
class Ended:
    """A piece of work that waits no more."""

    work: Parked
    ending: Ending
    reason: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class ParkedStore:
    """The record of one profile."""

    layout: Layout

    def park(self, work: Parked) -> None:
        """Add a piece of work, or say anew why it waits."""
        record = {
            "event": "parked",
            "key": work.key,
            "dataset": work.dataset,
            "days": list(work.days),
            "waits_for": work.waits_for,
            "reason": work.reason,
            "parked_at": work.parked_at,
            "until": work.until,
            "run_id": work.run_id,
            "margin": work.margin,
        }
        self._journal.append(record, at=work.parked_at)

    def end(self, work: Parked, ending: Ending, reason: str, *, at: datetime) -> None:
        """Record how it ended."""
        record = {"event": "ended", "key": work.key, "ending": ending, "reason": reason, "ended_at": at}
        self._journal.append(record, at=at)

    def settle(
        self,
        dataset: str,
        days: Sequence[date],
        ending: Ending,
        reason: str,
        *,
        at: datetime,
        and_earlier: bool = False,
    ) -> None:
        """End whatever waited of these days, or of days before the last of them too."""
        for work in self.waiting():
            is_meant = work.days[-1] <= days[-1] if and_earlier else set(work.days) <= set(days)
            if work.dataset == dataset and is_meant:
                self.end(work, ending, reason, at=at)

    def waiting(self) -> list[Parked]:
        """What waits now, in the order of parking."""
        return list(_fold(self._journal.everything())[0].values())

    def ended(self) -> list[Ended]:
        """What waited once, in the order of ending."""
        return _fold(self._journal.everything())[1]

    @property
    def _journal(self) -> Journal:
        return Journal(self.layout.parked_folder, is_synced=True, is_daily=False)


def _fold(records: Iterable[dict[str, Any]]) -> tuple[dict[str, Parked], list[Ended]]:
    waiting: dict[str, Parked] = {}
    ended: list[Ended] = []
    for record in records:
        key = record["key"]
        if record["event"] == "parked":
            work = _read(record)
            waiting[key] = replace(work, parked_at=waiting[key].parked_at) if key in waiting else work
        elif key in waiting:
            ended.append(
                Ended(waiting.pop(key), record["ending"], record["reason"], datetime.fromisoformat(record["ended_at"]))
            )
    return waiting, ended


def _read(record: dict[str, Any]) -> Parked:
    until = record["until"]
    return Parked(
        dataset=record["dataset"],
        days=tuple(date.fromisoformat(day) for day in record["days"]),
        waits_for=record["waits_for"],
        reason=record["reason"],
        parked_at=datetime.fromisoformat(record["parked_at"]),
        until=None if until is None else datetime.fromisoformat(until),
        run_id=record["run_id"],
        margin=record.get("margin"),
    )


def _key(dataset: str, days: Sequence[date]) -> str:
    return f"{dataset} {days[0]} {days[-1]} {len(days)}"
