"""Which rows stand: of equal keys, of unfinished days, of accounts that nobody wishes for. Arrow in, Arrow out.

Belongs here: what is done to rows that conform. Does not: conforming (`conform.py`), reading raw and writing files
(`tabulate.py`).
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from assets.kit.declare import ByYear, Table
from assets.kit.refusal import refusal
from assets.kit.schema import arrow_schema
from resources.calendar.trading_days import TradingCalendar

if TYPE_CHECKING:
    import pyarrow as pa


TOLD_LAST = "told_last_at"
"""A column of this name tells of the last of equal rows, whichever of them stands."""


def replaced(table: Table, earlier: "pa.Table", later: "pa.Table") -> tuple["pa.Table", int]:
    """Rows of one endpoint and those of a later one, which take the place of those with an equal key; how many did."""
    import pandas as pd
    import pyarrow as pa

    if not (earlier.num_rows and later.num_rows):
        return pa.concat_tables([earlier, later]), 0
    before, after = (pd.MultiIndex.from_frame(rows.select(list(table.key)).to_pandas()) for rows in (earlier, later))
    stays = ~before.isin(after)
    return pa.concat_tables([earlier.filter(pa.array(stays)), later]), int((~stays).sum())


def of_accounts(rows: "pa.Table", accounts: Sequence[str]) -> "pa.Table":
    """Without the rows of other accounts, if any are named."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not accounts or "account_id" not in rows.column_names:
        return rows
    return rows.filter(pc.is_in(rows["account_id"], pa.array(accounts)))


def finished(rows: "pa.Table", calendar: TradingCalendar) -> "pa.Table":
    """Without rows of a day that had not closed when they were observed: they still change.

    Rows that name a `calendar` were judged by that one already.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    observed = rows["observed_at"].combine_chunks()
    instants = pc.unique(observed)
    last_closed = pa.array([calendar.latest_closed(one.as_py()) for one in instants], type=pa.date32())
    limit = last_closed.take(pc.index_in(observed, instants)) if len(instants) else last_closed
    has_closed = pc.less_equal(rows["trading_day"].combine_chunks(), limit)
    if "calendar" in rows.column_names:
        has_closed = pc.or_(has_closed, pc.is_valid(rows["calendar"].combine_chunks()))
    return rows.filter(has_closed)


def parted(rows: "pa.Table", storage: ByYear) -> Iterator[tuple[str, "pa.Table"]]:
    """The rows of each partition, in the order in which they came."""
    import pyarrow.compute as pc

    days = rows["trading_day"].combine_chunks()
    months = pc.add(pc.multiply(pc.year(days), 100), pc.month(days))
    ordered = rows.take(pc.sort_indices(months))  # a stable sort
    found: dict[str, tuple[int, int]] = {}
    start = 0
    for month, count in sorted((one["values"], one["counts"]) for one in pc.value_counts(months).to_pylist()):
        value = storage.value_of(date(month // 100, month % 100, 1))
        first, before = found.get(value, (start, 0))
        found[value] = (first, before + count)
        start += count
    for value, (first, count) in found.items():
        yield value, ordered.slice(first, count)


def merged(table: Table, parts: list["pa.Table"]) -> "pa.Table":
    """By the key. Of rows with equal key the one observed last; of equal instants the later part. Or the first."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    if rows.num_rows < 2 or _strictly_rises(rows, table.key):
        return rows
    rows = in_order(rows, [*table.key, "observed_at"])
    same = _repeats(rows, table.key)
    if not pc.any(same).as_py():
        return rows
    edge = pa.array([False])
    is_first, is_last = (pc.invert(pa.concat_arrays(told)) for told in ([edge, same], [same, edge]))
    if not (isinstance(table.storage, ByYear) and table.storage.stands == "first"):
        return rows.filter(is_last)
    found = rows.filter(is_first)
    if TOLD_LAST in rows.column_names:
        place = rows.column_names.index(TOLD_LAST)
        found = found.set_column(place, rows.schema.field(place), rows[TOLD_LAST].filter(is_last))
    return found


def in_order(rows: "pa.Table", by: Sequence[str]) -> "pa.Table":
    """By columns; rows with equal values keep their order."""
    import pyarrow.compute as pc

    rows = rows.combine_chunks()
    return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in by]))


def _strictly_rises(rows: "pa.Table", key: Sequence[str]) -> bool:
    """Whether each row's key is greater than the one before; a key with a null in it is not."""
    import pyarrow.compute as pc

    rises = None
    for name in reversed(key):
        before, after = _neighbours(rows, name)
        greater = pc.greater(after, before)
        rises = greater if rises is None else pc.or_kleene(greater, pc.and_kleene(pc.equal(after, before), rises))
    return bool(pc.all(pc.fill_null(rises, fill_value=False)).as_py())


def _repeats(rows: "pa.Table", key: Sequence[str]) -> "pa.Array":
    """Of each row but the first whether its key is that of the row before; null is like null."""
    import pyarrow.compute as pc

    same = None
    for name in key:
        before, after = _neighbours(rows, name)
        alike = pc.coalesce(pc.equal(after, before), pc.and_(pc.is_null(after), pc.is_null(before)))
        same = alike if same is None else pc.and_(same, alike)
    return same


def _neighbours(rows: "pa.Table", name: str) -> tuple["pa.Array", "pa.Array"]:
    values = rows[name].combine_chunks()
    return values.slice(0, len(values) - 1), values.slice(1)


def read_partition(table: Table, path: Path) -> "pa.Table":
    """A partition as it stands, with the columns and types of today: columns that are newer have nothing in it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = arrow_schema(table.row)
    try:
        parts = [wanted.empty_table(), pq.read_table(path, partitioning=None)]
        return pa.concat_tables(parts, promote_options="default").select(wanted.names).cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:  # new and not nullable, or another type
        raise refusal(
            f"{table.name}: {path.parent.name} was written by another version of this software, and cannot be read by "
            f"this one ({str(error).splitlines()[0]}). make reprocess writes it anew, from raw."
        ) from error
