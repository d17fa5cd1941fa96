"""What a warehouse is made of: tables of Parquet files, marts of SQL, and how DuckDB reads them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ColumnDoc:
    """A column's name, SQL type, nullability and meaning."""

    name: str
    sql: str
    is_nullable: bool
    doc: str


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table to load: its columns, its Parquet files in order, the order its rows lie in."""

    name: str
    doc: str
    columns: tuple[ColumnDoc, ...]
    files: tuple[Path, ...]
    order_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mart:
    """A table made of tables by SQL, with the meaning of its columns.

    One that is told `as_of` a day is made when it is read: a table macro that takes the day, and beside it, under the
    same name, a view with the day that is given here.
    """

    name: str
    doc: str
    sql: str
    column_docs: tuple[tuple[str, str], ...]
    as_of: str | None = None

    @property
    def macro(self) -> str:
        """Makes the table macro."""
        return f'create macro "{self.name}"(as_of) as table {self.sql}'


@dataclass(frozen=True, slots=True)
class Beside:
    """A relation by SQL that marts may look at, and that is not published."""

    name: str
    sql: str


def rows_of(files: Iterable[Path]) -> str:
    """Files as a relation; those of before a column was there have none in it."""
    listed = ", ".join(literal(path) for path in files)
    return f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"


def literal(value: object) -> str:
    """A value as SQL writes a text."""
    return "'" + str(value).replace("'", "''") + "'"
