"""What a mart may look at beside the tables: relations over all of them, so that a new dataset is in without an edit.

Belongs here: the SQL of each, written from the list of tables. Does not: what is told of them (the marts).

`rejected`: every rejected row with its dataset. `unknown_values`: every value of a field that nobody knows, of accepted
rows (their `extra`) and of rejected ones, which keep their fields in `record`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from assets.kit.conform import UNKNOWN_SHAPE
from assets.kit.declare import Table
from assets.kit.relations import REJECTED_COLUMNS
from resources.lake.tables import TableStore
from resources.warehouse.source import Beside, literal, rows_of

FIELDS = "unnest(map_entries(json_transform({json}, '\"MAP(VARCHAR, JSON)\"')))"


def beside_the_tables(tables: Sequence[Table], store: TableStore | None = None) -> list[Beside]:
    """The relations in the order in which they are made; without a store, without rows."""
    rejected = [(table.name, store.rejected_files(table.name)) for table in tables] if store else []
    unknown = [sql for table in tables for sql in (_of_accepted(table), _of_rejected(table))]
    return [Beside("rejected", _rejected(rejected)), Beside("unknown_values", "\nunion all\n".join(unknown))]


def _rejected(files: Iterable[tuple[str, Sequence[Path]]]) -> str:
    columns = ", ".join(one.split()[0] for one in REJECTED_COLUMNS.split(", "))
    nothing = ", ".join(
        f"null::{kind} as {name}" for name, kind in (one.split() for one in REJECTED_COLUMNS.split(", "))
    )
    parts = [f"select null::VARCHAR as dataset, {nothing} where false"]
    for name, paths in files:
        if paths:
            parts.append(f"select {literal(name)}, {columns} from {rows_of(paths)}")
    return "\nunion all\n".join(parts)


def _of_accepted(table: Table) -> str:
    return f"""
        select {literal(table.name)} as dataset, trading_day, observed_at, false as is_rejected,
               field.key as field, field.value as value
        from (
            select trading_day, observed_at, {FIELDS.format(json="extra")} as field
            from "{table.name}" where extra is not null
        )"""


def _of_rejected(table: Table) -> str:
    """A reply that was rejected whole is no row: its fields are not fields of one."""
    known = sorted({one.wire for one in table.row.columns if one.wire} | table.row.known)
    names = ", ".join(literal(name) for name in known)
    fields = FIELDS.format(json="case when json_valid(record) then record end")
    return f"""
        select {literal(table.name)}, trading_day, observed_at, true, field.key, field.value
        from (
            select trading_day, observed_at, {fields} as field
            from rejected
            where dataset = {literal(table.name)} and not starts_with(reasons[1], {literal(UNKNOWN_SHAPE)})
        )
        where field.key not in ({names})"""
