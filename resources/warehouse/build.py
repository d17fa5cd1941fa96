"""The warehouse file: built whole beside the old one, looked over, swapped in.

DuckDB lets one process write or many read, so writing into the file that readers hold open would
fail for one side or the other. A new file renamed over the old one disturbs nobody: a reader keeps
the file it opened. Written in a storage version that DuckDB 1.5 reads too.

Every table is loaded anew but those of millions of rows, which are carried over from the old file (`carried.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from resources.lake.publish import published
from resources.warehouse.carried import LARGE_ROWS, carry_over, drop_all_but, note, refresh
from resources.warehouse.source import Beside, Mart, TableSource, literal, rows_of

STORAGE = "v1.5.0"
MEMORY = "1GB"  # of DuckDB itself; without a limit it takes what there is, and is no faster for it


class WarehouseMistake(Exception):
    """The new file is not what it should be; the old one stays."""


@contextmanager
def connected(path: Path | None, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that is closed however the block ends; without a path, in memory."""
    connection = duckdb.connect(":memory:" if path is None else str(path), read_only=read_only)
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def build(
    target: Path,
    tables: Sequence[TableSource],
    marts: Sequence[Mart],
    beside: Sequence[Beside] = (),
    *,
    large: int = LARGE_ROWS,
) -> dict[str, int]:
    """Publish a new warehouse at `target`; gives the rows of each table and mart."""
    try:
        return _build(target, tables, marts, beside, large)
    except duckdb.IOException as error:
        raise WarehouseMistake(
            f"Writing {target}: {error}. The warehouse before stays; make room, or set the rights there, and run again."
        ) from error


def _build(
    target: Path, tables: Sequence[TableSource], marts: Sequence[Mart], beside: Sequence[Beside], large: int
) -> dict[str, int]:
    with published(target) as new:
        with connected(None) as connection:
            connection.execute(f"set temp_directory = {literal(f'{new}.spill')}")  # else in `.tmp`, wherever we stand
            connection.execute(f"set memory_limit = '{MEMORY}'")
            carried = carry_over(connection, target, new, tables)
            connection.execute(f"attach {literal(new)} as warehouse (storage_version '{STORAGE}')")
            connection.execute("use warehouse")
            with _at_once(connection):
                drop_all_but(connection, carried)
                for table in tables:
                    if table.name not in carried:
                        _create(connection, table)
                    _comment(connection, table.name, table.doc, [(one.name, one.doc) for one in table.columns])
            for table in tables:
                with _at_once(connection), _as_it_is_declared(table):
                    _fill(connection, table, large, is_carried=table.name in carried)
            _view(connection, beside)
            for mart in marts:
                with _at_once(connection):
                    _make(connection, mart)
            connection.execute("checkpoint")
            connection.execute("use memory")
            connection.execute("detach warehouse")
        return _looked_over(new, tables, marts)


@cache
def columns_of(
    marts: tuple[Mart, ...], tables: tuple[TableSource, ...], beside: tuple[Beside, ...] = ()
) -> Mapping[str, Mapping[str, str]]:
    """Name and SQL type of each mart's columns, found without a row of data.

    The same for the same declarations, so it is found once: a process declares everything for each run.
    """
    with connected(None) as connection:
        for table in tables:
            _create(connection, table)
        _view(connection, beside)
        found = {}
        for mart in marts:
            sql = mart.sql if mart.as_of is None else f'from "{mart.name}"({mart.as_of})'
            if mart.as_of is not None:
                connection.execute(mart.macro)
            found[mart.name] = {name: kind for name, kind, *_ in connection.execute(f"describe {sql}").fetchall()}
        return found


def _create(connection: duckdb.DuckDBPyConnection, table: TableSource) -> None:
    columns = ", ".join(
        f'"{column.name}" {column.sql}' + ("" if column.is_nullable else " not null") for column in table.columns
    )
    connection.execute(f'create table "{table.name}" ({columns})')


@contextmanager
def _at_once(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction: each statement alone, of hundreds, would be written through to the disk."""
    connection.execute("begin")
    yield
    connection.execute("commit")


def _fill(connection: duckdb.DuckDBPyConnection, table: TableSource, large: int, *, is_carried: bool) -> None:
    """Load a table, or what is new of it; one with very many rows lies in the order of its files."""
    if not table.files and not is_carried:
        return
    is_large = _rows_in_files(connection, table) >= large
    if is_carried:
        refresh(connection, table)
    else:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        order = "" if is_large else "order by " + ", ".join(f'"{name}"' for name in table.order_by)
        connection.execute(f'insert into "{table.name}" select {names} from {rows_of(table.files)} {order}')
    if is_large or is_carried:
        note(connection, table)


@contextmanager
def _as_it_is_declared(table: TableSource) -> Iterator[None]:
    """Say what to do where files were written by another version of this software."""
    try:
        yield
    except (duckdb.BinderException, duckdb.ConstraintException, duckdb.ConversionException) as error:
        raise WarehouseMistake(
            f"{table.name}: files of it are not as this version of the software writes them "
            f"({str(error).splitlines()[0]}). The warehouse before stays; make reprocess writes them anew, from raw."
        ) from error


def _view(connection: duckdb.DuckDBPyConnection, beside: Sequence[Beside]) -> None:
    for one in beside:
        connection.execute(f'create temp view "{one.name}" as {one.sql}')


def _make(connection: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    if mart.as_of is None:
        connection.execute(f'create table "{mart.name}" as {mart.sql}')
    else:
        connection.execute(mart.macro)
        connection.execute(f'create view "{mart.name}" as from "{mart.name}"({mart.as_of})')
    kind = "table" if mart.as_of is None else "view"
    _comment(connection, mart.name, mart.doc, mart.column_docs, kind=kind)


def _comment(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    doc: str,
    columns: Sequence[tuple[str, str]],
    *,
    kind: str = "table",
) -> None:
    connection.execute(f'comment on {kind} "{table}" is {literal(doc)}')
    for name, meaning in columns:
        connection.execute(f'comment on column "{table}"."{name}" is {literal(meaning)}')


def _looked_over(path: Path, tables: Sequence[TableSource], marts: Sequence[Mart]) -> dict[str, int]:
    """Open the new file as a reader would; every table holds exactly the rows of its files."""
    with connected(path, read_only=True) as connection:
        names = [*(table.name for table in tables), *(mart.name for mart in marts)]
        rows = {name: _one(connection, f'select count(*) from "{name}"') for name in names}
        for table in tables:
            expected = _rows_in_files(connection, table)
            if rows[table.name] != expected:
                raise WarehouseMistake(
                    f"{table.name}: {rows[table.name]} rows were loaded, the files hold {expected}. "
                    "The warehouse before stays; run reprocess."
                )
    return rows


def _rows_in_files(connection: duckdb.DuckDBPyConnection, table: TableSource) -> int:
    if not table.files:
        return 0
    files = ", ".join(map(literal, table.files))
    return _one(connection, f"select coalesce(sum(num_rows), 0)::bigint from parquet_file_metadata([{files}])")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    [(number,)] = connection.execute(sql).fetchall()
    return int(number)
