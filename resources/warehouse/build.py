"""The warehouse file: built whole beside the old one, looked over, swapped in.

DuckDB lets one process write or many read, so writing into the file that readers hold open would
fail for one side or the other. A new file renamed over the old one disturbs nobody: a reader keeps
the file it opened. Written in a storage version that DuckDB 1.5 reads too.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from resources.lake.publish import published

STORAGE = "v1.5.0"


class WarehouseMistake(Exception):
    """The new file is not what it should be; the old one stays."""


@dataclass(frozen=True, slots=True)
class ColumnDoc:
    """A column's name, SQL type, nullability and meaning."""

    name: str
    sql: str
    is_nullable: bool
    doc: str


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table to load: its columns, its Parquet files, the order its rows lie in."""

    name: str
    doc: str
    columns: tuple[ColumnDoc, ...]
    files: tuple[Path, ...]
    order_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mart:
    """A table made of tables by SQL, with the meaning of its columns."""

    name: str
    doc: str
    sql: str
    column_docs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """A relation by SQL that marts may look at, and that is not published."""

    name: str
    sql: str


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
    target: Path, tables: Sequence[TableSource], marts: Sequence[Mart], beside: Sequence[Beside] = ()
) -> dict[str, int]:
    """Publish a new warehouse at `target`; gives the rows of each table and mart."""
    try:
        return _build(target, tables, marts, beside)
    except duckdb.IOException as error:
        raise WarehouseMistake(
            f"Writing {target}: {error}. The warehouse before stays; make room, or set the rights there, and run again."
        ) from error


def _build(
    target: Path, tables: Sequence[TableSource], marts: Sequence[Mart], beside: Sequence[Beside]
) -> dict[str, int]:
    with published(target) as new:
        with connected(None) as connection:
            connection.execute(f"set temp_directory = '{_quoted(new)}.spill'")  # else in `.tmp`, wherever we stand
            connection.execute(f"attach '{_quoted(new)}' as warehouse (storage_version '{STORAGE}')")
            connection.execute("use warehouse")
            with _at_once(connection):
                for table in tables:
                    _create(connection, table)
                    _comment(connection, table.name, table.doc, [(one.name, one.doc) for one in table.columns])
            for table in tables:
                _load(connection, table)
            _view(connection, beside)
            for mart in marts:
                with _at_once(connection):
                    _make(connection, mart)
            connection.execute("checkpoint")
            connection.execute("use memory")
            connection.execute("detach warehouse")
        return _looked_over(new, tables, marts)


def columns_of(
    marts: Sequence[Mart], tables: Sequence[TableSource], beside: Sequence[Beside] = ()
) -> dict[str, dict[str, str]]:
    """Name and SQL type of each mart's columns, found without a row of data."""
    with connected(None) as connection:
        for table in tables:
            _create(connection, table)
        _view(connection, beside)
        return {
            mart.name: {name: kind for name, kind, *_ in connection.execute(f"describe {mart.sql}").fetchall()}
            for mart in marts
        }


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


def _load(connection: duckdb.DuckDBPyConnection, table: TableSource) -> None:
    """Rows of before a column was there have none in it."""
    if not table.files:
        return
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    order = ", ".join(f'"{name}"' for name in table.order_by)
    files = ", ".join(f"'{_quoted(path)}'" for path in table.files)
    rows = f"read_parquet([{files}], hive_partitioning = false, union_by_name = true)"
    try:
        connection.execute(f'insert into "{table.name}" select {names} from {rows} order by {order}')
    except (duckdb.BinderException, duckdb.ConstraintException, duckdb.ConversionException) as error:
        raise WarehouseMistake(
            f"{table.name}: files of it are not as this version of the software writes them "
            f"({str(error).splitlines()[0]}). The warehouse before stays; make reprocess writes them anew, from raw."
        ) from error


def _view(connection: duckdb.DuckDBPyConnection, beside: Sequence[Beside]) -> None:
    for one in beside:
        connection.execute(f'create temp view "{one.name}" as {one.sql}')


def _make(connection: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    connection.execute(f'create table "{mart.name}" as {mart.sql}')
    _comment(connection, mart.name, mart.doc, mart.column_docs)


def _comment(connection: duckdb.DuckDBPyConnection, table: str, doc: str, columns: Sequence[tuple[str, str]]) -> None:
    connection.execute(f"comment on table \"{table}\" is '{_quoted(doc)}'")
    for name, meaning in columns:
        connection.execute(f'comment on column "{table}"."{name}" is \'{_quoted(meaning)}\'')


def _looked_over(path: Path, tables: Sequence[TableSource], marts: Sequence[Mart]) -> dict[str, int]:
    """Open the new file as a reader would; every table holds exactly the rows of its files."""
    with connected(path, read_only=True) as connection:
        names = [*(table.name for table in tables), *(mart.name for mart in marts)]
        rows = {name: _one(connection, f'select count(*) from "{name}"') for name in names}
        for table in tables:
            files = ", ".join(f"'{_quoted(one)}'" for one in table.files)
            sql = f"select coalesce(sum(num_rows), 0)::bigint from parquet_file_metadata([{files}])"
            expected = _one(connection, sql) if table.files else 0
            if rows[table.name] != expected:
                raise WarehouseMistake(
                    f"{table.name}: {rows[table.name]} rows were loaded, the files hold {expected}. "
                    "The warehouse before stays; run reprocess."
                )
    return rows


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    [(number,)] = connection.execute(sql).fetchall()
    return int(number)


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")
