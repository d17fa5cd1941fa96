"""The ledger of gaps as it lies in raw: what is known to be empty, handed on from one night to the next.

Belongs here: finding the ledger that was made last, and its form on disk. Does not: making it
(`assets/market/bar_coverage.py`), what a planner makes of it (`gaps.py`).

The one made last knows most, of whatever day it is: a ledger tells all that was ever asked for without a bar, also
what lies outside the days that it judges.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson

from assets.kit.bars.coverage import Empty, Reply
from resources.lake.raw import RawStore

LEDGER = "bar_coverage"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Of one bar size: until when replies were read, and of each contract its calendar and what is empty."""

    read_until: datetime | None = None
    calendars: dict[int, str] = field(default_factory=dict)
    empties: dict[int, list[Empty]] = field(default_factory=dict)


def newest_ledger(raw: RawStore, size: str) -> Ledger:
    """What is known of one bar size; nothing, if no ledger was ever made."""
    made = [path for partition in raw.partitions(LEDGER) for path in raw.landings(LEDGER, partition)]
    if not made:
        return Ledger()
    for envelope in raw.read(max(made, key=lambda path: path.name)):
        if envelope.request.query["bar_size"] == size:
            told = orjson.loads(envelope.body)
            return Ledger(
                told["read_until"] and datetime.fromisoformat(told["read_until"]),
                {one["conid"]: one["calendar"] for one in told["contracts"]},
                {one["conid"]: [_empty(empty) for empty in one["empties"]] for one in told["contracts"]},
            )
    return Ledger()


def kept(one: Empty) -> dict[str, Any]:
    """Days without a bar, as they are handed on."""
    replies = {"earliest": pointer(one.earliest), "latest": pointer(one.latest)}
    return {"first": one.first, "last": one.last, "asked": one.asked, **replies}


def pointer(reply: Reply) -> dict[str, Any]:
    """Where a raw reply lies."""
    return {"file": reply.file, "sha256": reply.sha256, "at": reply.at}


def _empty(told: dict[str, Any]) -> Empty:
    first, last = (date.fromisoformat(told[name]) for name in ("first", "last"))
    earliest, latest = (
        Reply(datetime.fromisoformat(one["at"]), one["file"], one["sha256"])
        for one in (told["earliest"], told["latest"])
    )
    return Empty(first, last, told["asked"], earliest, latest)
