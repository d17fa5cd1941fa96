"""The tables as SQL sees them in a check: views over exactly the partitions of the run.

For each table: `<name>` is what the run's days wrote, `<name>_history` all that there is, `rejected` the
rows that the checked table rejected on those days. A table without files is a view without rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from assets.kit.declare import Table
from assets.kit.schema import SQL, all_columns
from resources.lake.tables import TableStore
from resources.warehouse.source import rows_of

if TYPE_CHECKING:
    import duckdb

REJECTED_COLUMNS = (
    "trading_day DATE, record VARCHAR, reasons VARCHAR[], raw_file VARCHAR, raw_sha256 VARCHAR, "
    "observed_at TIMESTAMPTZ, run_id VARCHAR"
)


def files_of(table: Table, days: Sequence[date], tables: TableStore) -> list[Path]:
    """The files that hold a table's rows of some days."""
    values = {table.storage.value_of(day) for day in days}
    found = (tables.file(table.name, table.storage.key, value) for value in sorted(values))
    return [path for path in found if path is not None]


@contextmanager
def relations(
    table: Table, others: Iterable[Table], days: Sequence[date], tables: TableStore
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """A connection in memory with the views of a table and of others."""
    _, database = _database()
    with closing(database.cursor()) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for one in (table, *others):
            columns = ", ".join(f"{column.name} {SQL[column.kind]}" for column in all_columns(one.row))
            _view(connection, one.name, files_of(one, days, tables), columns)
            _view(connection, f"{one.name}_history", tables.files(one.name), columns)
        wanted = {day.isoformat() for day in days}
        rejected = [path for path in tables.rejected_files(table.name) if path.parent.name.split("=")[1] in wanted]
        _view(connection, "rejected", rejected, REJECTED_COLUMNS)
        yield connection


@cache
def _database() -> tuple["TemporaryDirectory[str]", "duckdb.DuckDBPyConnection"]:
    """One database for all checks of a process: to open one takes longer than most checks.

    What spills goes to a folder that is the owner's alone; without one it would be `.tmp`, wherever we stand. Nothing
    of a file is remembered, since it may be written again under its name.
    """
    import duckdb

    spill = TemporaryDirectory(prefix="ibkr-check-")
    database = duckdb.connect(
        ":memory:", config={"threads": 2, "temp_directory": spill.name, "enable_external_file_cache": False}
    )
    return spill, database


def _view(connection: "duckdb.DuckDBPyConnection", name: str, files: Sequence[Path], columns: str) -> None:
    if not files:
        connection.execute(f"create temp table {name} ({columns})")
        return
    connection.execute(f"create temp view {name} as select * from {rows_of(files)}")
