"""Parked work: landings that had to wait, one row per piece of work, in each trading day on which it waited.

What cannot be landed now, though nothing is wrong with it (a login that lapsed, a penalty, maintenance), is put aside
and taken up later. A row tells of a piece that waited at some moment of the day: since when, for what, and how it
ended, as far as was known when the day was landed. So a piece that waits over a weekend stands in several days, and
the latest of them tells its end.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from assets.kit.declare import check, landing, table
from assets.kit.parse import instant
from assets.kit.records import Records
from assets.kit.schema import Row, column
from assets.kit.shape import Block, listed, rows
from resources.gateway.endpoint import Local, Page
from resources.lake.parked import Ended, Parked

PARKED = Local("/parked")


class Work(Row):
    """One piece of work that waited."""

    dataset: str = column("dataset", "Dataset that could not be landed.")
    first_day: date = column("first_day", "First of the trading days it is of.")
    last_day: date = column("last_day", "Last of the trading days it is of.")
    days: int = column("days", "How many trading days it is of.", gt=0, unit="trading days")
    parked_at: datetime = column("parked_at", "When it was put aside first, by the gateway's clock.", parse=instant)
    waits_for: str = column("waits_for", "Name of what it waits for: LoginRequired, Throttled, Postponed, ...")
    reason: str = column("reason", "What stopped it, and what to do.")
    resumes_at: datetime | None = column(
        "until", "When it may go on, by this machine's clock; null where that is not known.", parse=instant
    )
    ended_at: datetime | None = column("ended_at", "When it waited no more; null while it waits.", parse=instant)
    ending: str | None = column(
        "ending", "landed, lost or refused; null while it waits.", among=["landed", "lost", "refused"]
    )
    why: str | None = column("why", "By which run it was landed, or why it was lost or refused.")
    parked_by_run_id: str | None = column("run_id", "Dagster run that parked it last.")


@landing(PARKED, time="local")
def raw_parked_work(records: Records) -> Iterator[Page]:
    """Every piece of work that waited at some moment of the day."""
    works = [_told(one.work, one) for one in records.parked.ended() if one.ended_at >= records.opens]
    works += [_told(one, None) for one in records.parked.waiting()]
    yield records.page(PARKED, [one for one in works if one["parked_at"] < records.ends])


@table(Work, raw=raw_parked_work, key=["dataset", "first_day", "last_day", "parked_at"])
def parked_work(page: Page) -> Block:
    """What had to wait, for what, and how it ended."""
    return rows(listed(page.json))


@check(parked_work, is_blocking=False)
def nothing_was_lost() -> str:
    """No piece of work waited until it was too late for it.

    Does not block: the loss has happened, and keeping back the rest would not undo it; it must be seen.
    """
    return """
        select trading_day, dataset, first_day, last_day, waits_for, ended_at, why from parked_work
        where ending = 'lost' order by ended_at
    """


def _told(work: Parked, ended: Ended | None) -> dict[str, Any]:
    return {
        "dataset": work.dataset,
        "first_day": work.days[0],
        "last_day": work.days[-1],
        "days": len(work.days),
        "parked_at": work.parked_at,
        "waits_for": work.waits_for,
        "reason": work.reason,
        "until": work.until,
        "ended_at": ended.ended_at if ended else None,
        "ending": ended.ending if ended else None,
        "why": ended.reason if ended else None,
        "run_id": work.run_id,
    }
