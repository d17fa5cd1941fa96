"""The schema of a table, written once per column: wire name, type, meaning, unit, rules.

    class Position(Row):
        conid: int = column("conid", "IBKR's contract id.", gt=0)
        strike: float | None = column("strike", "Strike.", parse=zero_is_null, unit="price")

From it follow parsing and rejection (`conform.py`), the Parquet file, the DuckDB table, the column
docs in the UI (`describe.py`). `| None` means nullable; a plain type means that a row without the
value is rejected. Rules are enforced by pandera; classes are cheap to import, pandera comes later.
"""

import re
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from assets.kit.parse import Parser, parser_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ARROW: dict[type, str] = {str: "string", int: "int64", float: "double", bool: "bool", date: "date32[day]"}
SQL: dict[type, str] = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    date: "DATE",
    datetime: "TIMESTAMP WITH TIME ZONE",
}


class SchemaMistake(Exception):
    """A schema class is written wrongly: a mistake of ours, not of the data."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where it comes from, what it is, what must hold."""

    wire: str
    doc: str
    unit: str | None = None
    parse: Parser | None = None
    gt: float | None = None
    ge: float | None = None
    pattern: str | None = None
    among: frozenset[str] | None = None
    derive: "Callable[[pd.DataFrame], pd.Series[Any]] | None" = None
    name: str = ""
    kind: type = str
    is_nullable: bool = False
    is_personal: bool = False

    @property
    def rules(self) -> list[str]:
        """The rules in words, as the UI and rejections show them."""
        words = [
            None if self.gt is None else f"greater than {self.gt:g}",
            None if self.ge is None else f"at least {self.ge:g}",
            None if self.pattern is None else f"matches {self.pattern}",
            None if self.among is None else f"one of {', '.join(sorted(self.among))}",
        ]
        return [word for word in words if word]

    @property
    def meaning(self) -> str:
        """The doc with its unit."""
        return f"{self.doc} Unit: {self.unit}." if self.unit else self.doc


def column(
    wire: str,
    doc: str,
    *,
    unit: str | None = None,
    parse: Parser | None = None,
    gt: float | None = None,
    ge: float | None = None,
    pattern: str | None = None,
    among: Iterable[str] | None = None,
    is_personal: bool = False,
) -> Any:
    """Declare a column: its wire name, its meaning, and what must hold for a value.

    What is personal (names, addresses) stands in the data, and is not shown where rows are shown.
    """
    if pattern is not None:
        re.compile(pattern)
    return Column(
        wire,
        doc,
        unit=unit,
        parse=parse,
        gt=gt,
        ge=ge,
        pattern=pattern,
        among=frozenset(among) if among else None,
        is_personal=is_personal,
    )


def derived(derive: "Callable[[pd.DataFrame], pd.Series[Any]]", doc: str, *, unit: str | None = None) -> Any:
    """Declare a column reckoned from the parsed columns declared before it."""
    return Column("", doc, unit=unit, derive=derive)


class Row:
    """Base of every schema. `known` are wire fields that are understood and stay in raw only.

    A wire field that is neither a column nor known goes to `extra`, and is reported. A schema that is derived from
    another has its columns and rules; what it declares anew takes their place, the rest comes after them.
    """

    columns: ClassVar[tuple[Column, ...]] = ()
    known: ClassVar[frozenset[str]] = frozenset()
    rules: ClassVar[tuple["RowRule", ...]] = ()

    def __init_subclass__(cls) -> None:
        hints = typing.get_type_hints(cls)
        declared = {name: value for name, value in vars(cls).items() if isinstance(value, Column)}
        own = {name: _completed(name, hints[name], value) for name, value in declared.items()}
        cls.columns = tuple(({one.name: one for one in cls.columns} | own).values())
        cls.rules = (*cls.rules, *(value for value in vars(cls).values() if isinstance(value, RowRule)))


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule over several columns of a row: `holds` takes the parsed frame, gives a boolean series."""

    doc: str
    holds: Callable[[Any], Any]


def rule(holds: Callable[[Any], Any]) -> RowRule:
    """Declare a rule over several columns; its docstring is the reason a row is rejected for."""
    return RowRule((holds.__doc__ or holds.__name__).strip().rstrip("."), holds)


PROVENANCE: tuple[Column, ...] = (
    Column("", "When the gateway sent the reply, by its own clock.", name="observed_at", kind=datetime),
    Column("", "SHA-256 of the reply's body in raw.", name="raw_sha256", kind=str),
    Column("", "Dagster run that received the reply.", name="run_id", kind=str),
    Column("", "Fields of the wire that we do not know, as JSON.", name="extra", kind=str, is_nullable=True),
)
"""Columns that every table ends with."""

TRADING_DAY = Column(
    "", "Trading day that the reply belongs to, by the exchange calendar.", name="trading_day", kind=date
)


def all_columns(row: type[Row]) -> tuple[Column, ...]:
    """Every column of the table: `trading_day` first, provenance last."""
    own = () if any(column.name == "trading_day" for column in row.columns) else (TRADING_DAY,)
    return (*own, *row.columns, *PROVENANCE)


def arrow_schema(row: type[Row]) -> "pa.Schema":
    """The Parquet schema, nullability included."""
    import pyarrow as pa

    return pa.schema([pa.field(one.name, arrow_type(one), nullable=one.is_nullable) for one in all_columns(row)])


def arrow_type(one: Column) -> "pa.DataType":
    """The Arrow type of a column; texts that repeat for a whole reply are dictionaries."""
    import pyarrow as pa

    if one.name in {"raw_sha256", "run_id"}:
        return pa.dictionary(pa.int32(), pa.string())
    return pa.timestamp("us", tz="UTC") if one.kind is datetime else pa.type_for_alias(ARROW[one.kind])


def _completed(name: str, hint: Any, declared: Column) -> Column:
    args = typing.get_args(hint)
    is_nullable = types.NoneType in args
    kind = next(arg for arg in args if arg is not types.NoneType) if is_nullable else hint
    if kind not in SQL:
        raise SchemaMistake(f"column {name}: {hint!r} is not one of {', '.join(one.__name__ for one in SQL)}")
    return Column(
        wire=declared.wire,
        doc=declared.doc,
        unit=declared.unit,
        parse=declared.parse or parser_of(kind),
        gt=declared.gt,
        ge=declared.ge,
        pattern=declared.pattern,
        among=declared.among,
        derive=declared.derive,
        name=name,
        kind=kind,
        is_nullable=is_nullable,
        is_personal=declared.is_personal,
    )
