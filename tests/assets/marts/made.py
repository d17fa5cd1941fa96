"""A mart over rows that a test made, in memory: what they do not tell is null, or a value that nothing looks at."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from assets.kit.declare import Table
from assets.kit.schema import SQL, all_columns
from assets.warehouse import read_marts
from pipelines.definitions import declared
from resources.warehouse.build import connected

FILLING = {
    int: 1,
    float: 1.0,
    str: "X",
    bool: False,
    date: date(2026, 1, 1),
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
}
SIZES = ["1d", "1h", "1w", "1m"]
Rows = Sequence[dict[str, Any]]


def mart(name: str, columns: str = "*", *, as_of: str | None = None, **tables: Rows) -> list[dict[str, Any]]:
    """The rows of a mart over tables that hold these rows; of one that takes a day, as of it or as it is without."""
    [found] = [one for one in read_marts(sizes=SIZES) if one.name == name]
    with connected(None) as connection:
        for table in declared(SIZES).tables:
            if table.name in found.sql:
                _make(connection, table, tables.get(table.name, ()))
        if found.as_of is not None:
            connection.execute(found.macro)
        relation = f"({found.sql})" if found.as_of is None else f"{name}({as_of or found.as_of})"
        result = connection.execute(f"select {columns} from {relation}")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _make(connection: duckdb.DuckDBPyConnection, table: Table, rows: Rows) -> None:
    columns = all_columns(table.row)
    told = ", ".join(f'"{one.name}" {SQL[one.kind]}' for one in columns)
    connection.execute(f'create table "{table.name}" ({told})')
    filling = {one.name: None if one.is_nullable else FILLING[one.kind] for one in columns}
    marks = ", ".join("?" * len(filling))
    for row in rows:
        assert row.keys() <= filling.keys()
        connection.execute(f'insert into "{table.name}" values ({marks})', list({**filling, **row}.values()))
