"""A large table is carried over from the last warehouse: a night then adds a day to it, instead of loading all years.

A copy of the last file costs half a second a gigabyte, loading a hundred million rows a minute. Of a Parquet file that
changed since (by its size and time) only the days are replaced whose rows differ, told by a hash over all their values.
A table is carried over if its columns are the same as now; everything else in the file is made anew.

The rows of a large table lie file by file, in each by key, and days that came later at the end: minute bars by month
and contract answer for one contract and for one day alike, each in a hundredth of a scan (`tests.bench storage`).
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from resources.warehouse.source import TableSource, literal, rows_of

LARGE_ROWS = 5_000_000
"""Below it, loading takes a few seconds."""


class Noted(NamedTuple):
    """A Parquet file as it was when its rows were loaded, and the trading days that were in it."""

    file: str
    bytes: int
    written_ns: int
    first_day: object
    last_day: object


def carry_over(
    connection: duckdb.DuckDBPyConnection, last: Path, new: Path, tables: Sequence[TableSource]
) -> frozenset[str]:
    """Copy the last warehouse to `new` if it has large tables that are as they are declared now; gives their names."""
    names = _large_and_alike(connection, last, tables)
    if names:
        shutil.copyfile(last, new)
    return names


def drop_all_but(connection: duckdb.DuckDBPyConnection, names: frozenset[str]) -> None:
    """Leave of the attached file what is carried over."""
    inside = "database_name = 'warehouse' and schema_name = 'main'"
    found = connection.execute(
        f"""select 'view', view_name from duckdb_views() where {inside} and not internal
        union all select 'macro table', function_name from duckdb_functions()
            where {inside} and function_type = 'table_macro' and not internal
        union all select 'table', table_name from duckdb_tables() where {inside}"""
    ).fetchall()
    for kind, name in found:
        if kind != "table" or name not in names:
            connection.execute(f'drop {kind} "{name}"')


def refresh(connection: duckdb.DuckDBPyConnection, table: TableSource) -> None:
    """Bring a table that was carried over to what its files hold."""
    before = {noted.file: noted for noted in _noted(connection, table.name)}
    for gone in before.keys() - {_named(path) for path in table.files}:
        _delete(connection, table, f"between '{before[gone].first_day}' and '{before[gone].last_day}'")
    for path in table.files:
        noted = before.get(_named(path))
        if noted is None or (noted.bytes, noted.written_ns) != _stamp(path):
            _replace_days(connection, table, path, noted)


def note(connection: duckdb.DuckDBPyConnection, table: TableSource) -> None:
    """Keep in the warehouse which files a large table was loaded from."""
    connection.execute("create schema if not exists loaded")
    connection.execute(
        "create table if not exists loaded.files "
        "(table_name varchar, file varchar, bytes bigint, written_ns bigint, first_day date, last_day date)"
    )
    connection.execute("delete from loaded.files where table_name = ?", [table.name])
    for path in table.files:
        days = connection.execute(f"select min(trading_day), max(trading_day) from {rows_of([path])}").fetchall()
        connection.execute(
            "insert into loaded.files values (?, ?, ?, ?, ?, ?)", [table.name, _named(path), *_stamp(path), *days[0]]
        )


def _large_and_alike(
    connection: duckdb.DuckDBPyConnection, last: Path, tables: Sequence[TableSource]
) -> frozenset[str]:
    if not last.exists():
        return frozenset()
    try:
        connection.execute(f"attach {literal(last)} as last_one (read_only)")
    except duckdb.Error:  # whatever is the matter with it, a new one is built without it
        return frozenset()
    try:
        schemas = connection.execute("select schema_name from duckdb_schemas() where database_name = 'last_one'")
        if ("loaded",) not in schemas.fetchall():
            return frozenset()
        noted = {name for (name,) in connection.execute("select table_name from last_one.loaded.files").fetchall()}
        return frozenset(one.name for one in tables if one.name in noted and _is_alike(connection, one))
    finally:
        connection.execute("detach last_one")


def _is_alike(connection: duckdb.DuckDBPyConnection, table: TableSource) -> bool:
    found = connection.execute(
        "select column_name, data_type, is_nullable from duckdb_columns() "
        "where database_name = 'last_one' and schema_name = 'main' and table_name = ? order by column_index",
        [table.name],
    ).fetchall()
    alike: bool = connection.execute(
        f"select {_types([kind for _, kind, _ in found])} = {_types([one.sql for one in table.columns])}"
    ).fetchall() == [(True,)]
    return alike and [(name, may) for name, _, may in found] == [(one.name, one.is_nullable) for one in table.columns]


def _types(kinds: Sequence[str]) -> str:
    """As DuckDB spells them itself."""
    return "[" + ", ".join(f"typeof(null::{kind})" for kind in kinds) + "]"


def _noted(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[Noted]:
    sql = "select file, bytes, written_ns, first_day, last_day from loaded.files where table_name = ?"
    yield from (Noted(*row) for row in connection.execute(sql, [name]).fetchall())


def _replace_days(connection: duckdb.DuckDBPyConnection, table: TableSource, path: Path, noted: Noted | None) -> None:
    """Of the days in a file, now or before, those that differ."""
    columns = ", ".join(f'"{one.name}"::{one.sql} as "{one.name}"' for one in table.columns)
    told = f"(select {columns} from {rows_of([path])})"
    values = ", ".join(f'"{one.name}"' for one in table.columns)
    mixed = f"hash(hash({values}))"  # hashed once, equal changes of two rows would cancel out
    sums = f"select trading_day, count(*) as rows, sum({mixed}::hugeint) as sum from"
    days = [f"(select min(trading_day) from {told})", f"(select max(trading_day) from {told})"]
    if noted is not None:
        days = [f"least({days[0]}, '{noted.first_day}')", f"greatest({days[1]}, '{noted.last_day}')"]
    connection.execute(
        f"""create or replace temp table differing as
        with held as ({sums} "{table.name}" where trading_day between {days[0]} and {days[1]} group by all),
             told as ({sums} {told} group by all)
        select trading_day from held full join told using (trading_day)
        where held.rows is distinct from told.rows or held.sum is distinct from told.sum"""
    )
    _delete(connection, table, "in (from differing)")
    order = ", ".join(f'"{name}"' for name in table.order_by)
    connection.execute(
        f'insert into "{table.name}" select {values} from {told} where trading_day in (from differing) order by {order}'
    )


def _delete(connection: duckdb.DuckDBPyConnection, table: TableSource, days: str) -> None:
    connection.execute(f'delete from "{table.name}" where trading_day {days}')


def _named(path: Path) -> str:
    """The same wherever the data root lies."""
    return f"{path.parent.name}/{path.name}"


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
