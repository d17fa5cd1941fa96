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


def rows_of(files: Iterable[Path]) -> str:
    """Files as a relation; those of before a column was there have none in it."""
    listed = ", ".join(literal(path) for path in files)
    return f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"


def literal(value: object) -> str:
    """A value as SQL writes a text."""
    return "'" + str(value).replace("'", "''") + "'"
