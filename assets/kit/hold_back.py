"""Which of a day's landings becomes its partition, where the newest may have to wait for the owner's decision.

Belongs here: what stood before, what was decided, the words for the owner, putting aside. Does not: the comparison
(`shrinking.py`), making rows of replies (`tabulate.py`).

Everything follows from raw and from the decisions on disk: built again, in the order of days, a table comes out the
same. A partition that stands already, of as many rows, is no replacement and waits for nobody: what was built before
there was a rule, or under another, stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from assets.kit.declare import Table
from assets.kit.shrinking import Limits, Measure, shrinkage
from resources.lake.held_back import Held
from resources.lake.resource import Lake

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Made:
    """The rows that one landing of a day gives, and the accounts that its requests name."""

    landing: str
    accepted: "pa.Table"
    rejected: "pa.Table"
    asked: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Judged:
    """The landing that stands, if any; why the newest is held back; what the owner accepted of the one that stands."""

    standing: Made | None
    held: str | None = None
    accepted: str | None = None


def judge(
    table: Table, day: date, made: Sequence[Made], *, lake: Lake, accounts: Sequence[str], limits: Limits
) -> Judged:
    """Of the day's landings, oldest first, the last that did not shrink against what stood, or was accepted."""
    judged = Judged(None)
    before, since = _stood_before(table, day, lake, accounts)
    today = lake.tables.file(table.name, table.storage.key, day.isoformat())
    stands = _measured(_accounts_of(today)) if today else None
    for one in made:
        now = _measured(_column(one.accepted))
        told = None
        if before is not None and not (one is made[-1] and now == stands):
            told = shrinkage(before, now, limits=limits, shrinks=table.shrinks, asked=one.asked, since=since)
        decided = lake.held_back.accepted_at(table.name, day, one.landing) if told else None
        if told and decided is None:
            judged = Judged(judged.standing, held=_in_words(table, day, told, one.rejected.num_rows))
            continue
        judged = Judged(one, accepted=f"{told}: accepted at {decided:%Y-%m-%d %H:%M} UTC" if decided else None)
        before, since = now, "the landing before"
    return judged


def put_aside(table: Table, day: date, newest: Made, judged: Judged, *, lake: Lake) -> None:
    """Keep the newest rows beside those that stand while they wait, and no longer."""
    if judged.held is None:
        lake.held_back.release(table.name, day)
    else:
        lake.held_back.hold(Held(table.name, day, newest.landing, judged.held), newest.accepted)


def _stood_before(table: Table, day: date, lake: Lake, accounts: Sequence[str]) -> tuple[Measure | None, str]:
    """What the latest earlier day holds of the accounts that are kept, and which day that is."""
    earlier = [value for value in lake.tables.values(table.name) if value < day.isoformat()]
    path = lake.tables.file(table.name, table.storage.key, earlier[-1]) if earlier else None
    if path is None:
        return None, ""
    return _measured(_accounts_of(path)).of(accounts or None), earlier[-1]


def _accounts_of(path: "Path") -> "pa.ChunkedArray | int":
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    if "account_id" not in schema.names:
        return int(pq.read_metadata(path).num_rows)
    return pq.read_table(path, partitioning=None, columns=["account_id"])["account_id"]


def _column(rows: "pa.Table") -> "pa.ChunkedArray | int":
    return rows["account_id"] if "account_id" in rows.column_names else int(rows.num_rows)


def _measured(of: "pa.ChunkedArray | int") -> Measure:
    """Rows of each account; or their number, of a table without accounts."""
    import pyarrow.compute as pc

    if isinstance(of, int):
        return Measure(of, {})
    counted = pc.value_counts(of).to_pylist()
    return Measure(len(of), {str(one["values"]): one["counts"] for one in counted})


def _in_words(table: Table, day: date, told: str, rejected: int) -> str:
    because = f" {rejected} rows were rejected." if rejected else ""
    return (
        f"{table.name} of {day} is held back: {told}.{because} What stood stays. If it is so: "
        f"`make accept DATASET={table.name} DAY={day}`. If not: `make nightly` lands it again, while it can be had."
    )
