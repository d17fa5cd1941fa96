"""A column is written once; types, nullability, rules and meaning follow from it."""

import re
from datetime import date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from assets.kit import parse
from assets.kit.schema import Row, SchemaMistake, all_columns, arrow_schema, column, derived, rule


class Trade(Row):
    """A row with a column of each kind."""

    account_id: str = column("acctId", "The account.")
    conid: int = column("conid", "Contract.", gt=0)
    price: float | None = column("px", "Price.", unit="`currency` per unit", ge=0)
    is_open: bool = column("open", "Whether it is open.")
    expiry: date | None = column("exp", "Expiry.")
    traded_at: datetime = column("t", "When.")
    side: str | None = column("side", "Side.", among=["SELL", "BUY"], pattern="^[A-Z]+$")
    value: float | None = derived(lambda trades: trades["price"] * trades["conid"], "Product.")

    @rule
    def is_priced_when_open(trades: pd.DataFrame) -> Any:
        """An open one has a price."""
        return trades["price"].notna() | ~trades["is_open"]


class Dated(Row):
    """A row that tells its trading day itself."""

    trading_day: date = column("d", "Its own day.")


class Fill(Trade):
    """A trade with one column told otherwise, and one more."""

    conid: int = column("contract", "Contract, by another name.")
    fee: float = column("fee", "Fee.", ge=0)

    @rule
    def costs_something(fills: pd.DataFrame) -> Any:
        """A fill has a fee."""
        return fills["fee"] > 0


COLUMNS = {one.name: one for one in Trade.columns}


@pytest.mark.parametrize(
    ("name", "arrow", "is_nullable", "parser"),
    [
        ("account_id", pa.string(), False, parse.text),
        ("conid", pa.int64(), False, parse.whole),
        ("price", pa.float64(), True, parse.number),
        ("is_open", pa.bool_(), False, parse.boolean),
        ("expiry", pa.date32(), True, parse.day),
        ("traded_at", pa.timestamp("us", tz="UTC"), False, parse.epoch_ms),
        ("value", pa.float64(), True, parse.number),
    ],
)
def test_a_type_decides_file_nullability_and_parser(name: str, arrow: Any, is_nullable: bool, parser: Any) -> None:
    field = arrow_schema(Trade).field(name)
    assert (field.type, field.nullable) == (arrow, is_nullable)
    assert COLUMNS[name].parse is parser


def test_every_table_begins_with_its_trading_day_and_ends_with_where_it_is_from() -> None:
    names = [one.name for one in all_columns(Trade)]
    assert names[0] == "trading_day"
    assert names[1:-4] == list(COLUMNS)
    assert names[-4:] == ["observed_at", "raw_sha256", "run_id", "extra"]


def test_a_row_that_tells_its_trading_day_itself_has_it_once() -> None:
    assert [one.name for one in all_columns(Dated)].count("trading_day") == 1


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("conid", ["greater than 0"]),
        ("price", ["at least 0"]),
        ("side", ["matches ^[A-Z]+$", "one of BUY, SELL"]),
        ("account_id", []),
    ],
)
def test_rules_are_told_in_words(name: str, rules: list[str]) -> None:
    assert COLUMNS[name].rules == rules


def test_the_meaning_of_a_column_tells_its_unit() -> None:
    assert COLUMNS["price"].meaning == "Price. Unit: `currency` per unit."
    assert COLUMNS["side"].meaning == "Side."


def test_the_docstring_of_a_rule_is_the_reason_it_rejects_for() -> None:
    [found] = Trade.rules
    assert found.doc == "An open one has a price"


def test_a_type_that_no_table_can_hold_is_a_mistake_of_ours() -> None:
    with pytest.raises(SchemaMistake, match=r"column amounts: list\[float\] is not one of str, int, float"):

        class Wrong(Row):
            amounts: list[float] = column("a", "Amounts.")


def test_a_pattern_that_is_none_is_found_when_it_is_written() -> None:
    with pytest.raises(re.error):
        column("a", "A.", pattern="(")


def test_what_derives_from_a_schema_has_its_columns_and_rules_and_tells_some_anew() -> None:
    names = [one.name for one in Trade.columns]
    assert [one.name for one in Fill.columns] == [*names, "fee"]
    assert {one.name: one for one in Fill.columns}["conid"].wire == "contract"
    assert {one.name: one for one in Trade.columns}["conid"].wire == "conid", "which stays as it was"
    assert [one.doc for one in Fill.rules] == ["An open one has a price", "A fill has a fee"]
