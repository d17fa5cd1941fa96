"""The marts over two nights, the second of which differs from the first in ways that a test knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from assets.kit.beside import beside_the_tables
from assets.kit.schema import all_columns
from assets.warehouse import read_marts, table_source
from resources.envelope import Request
from resources.warehouse.build import build, connected
from tests.assets.bent import DAY, TABLES, Bent

NEXT = DAY + timedelta(days=1)
RESTATED = 1000.0
VINTAGES = {"conid": 1, "before_at": "2026-11-23T23:30:00+00:00", "before_sha256": "a", "after_sha256": "b"}
SPLIT = {**VINTAGES, "first_unadjusted_day": "2026-11-24", "factor": 2.0, "last_adjusted_day": "2026-11-23"}
SPLIT |= {"agreed_bars": 5, "compared_bars": 5, "after_file": "f"}
PRICES = {"open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1.0}
OTHERWISE = {**VINTAGES, "t": 1795444200000, "day": "2026-11-23", **PRICES}
OTHERWISE |= {f"{name}_before": 1.0 for name in PRICES}
Record = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """A warehouse of two nights, and what the second changed."""

    connection: duckdb.DuckDBPyConnection
    grown: int
    gone: int
    restated: date

    def rows(self, sql: str) -> list[Record]:
        found: pd.DataFrame = self.connection.execute(sql).df()
        return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]

    def one(self, sql: str) -> Any:
        [(value,)] = self.connection.execute(sql).fetchall()
        return value


@pytest.fixture(scope="module")
def published(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    bent = Bent(recorded, tmp_path_factory.mktemp("marts"))
    bent.build().again_on(NEXT, *{table.raw.name for table in TABLES.values()})
    touched: dict[str, int] = {}
    told: list[str] = []

    def traded(request: Request, reply: list[Record]) -> Any:
        if request.path.endswith("/0"):
            touched["grown"] = reply[0]["conid"]
            return [{**reply[0], "position": reply[0]["position"] + 5.0}, *reply[1:]]
        touched["gone"] = reply[0]["conid"]
        return reply[1:]

    def restated(_: Request, reply: Record) -> Any:
        told[:] = [reply["nav"]["dates"][-10]]
        reply["nav"]["data"][0]["navs"][-10] += RESTATED
        return reply

    def renewed(_: Request, reply: list[Record]) -> Any:
        return [{**reply[0], "novelty": {"a/b": 1}}, {"accountId": "U9", "novelty": 2}, *reply[1:]]

    def compared(_request: Request, _reply: Record) -> Any:
        return {"actions": [SPLIT], "restatements": [OTHERWISE]}

    bent.bend("corporate_actions", compared, day=NEXT)
    bent.bend("positions", traded, day=NEXT).bend("performance", restated, day=NEXT).bend("accounts", renewed, day=NEXT)
    bent.build(*(name for name in TABLES if name != "bars_1d"), day=NEXT)
    target = bent.lake.layout.warehouse_file
    tables = list(TABLES.values())
    sources = [table_source(table, bent.lake.tables) for table in tables]
    build(target, sources, read_marts(), beside_the_tables(tables, bent.lake.tables))
    with connected(target, read_only=True) as connection:
        yield Published(connection, **touched, restated=date.fromisoformat(_dashed(told[0])))


def _dashed(told: str) -> str:
    return f"{told[:4]}-{told[4:6]}-{told[6:]}"


def test_of_each_day_nav_daily_has_the_value_that_was_told_last(published: Published) -> None:
    [row] = published.rows(
        f"""
        select d.nav - n.nav as difference, d.told_on from nav_daily d
        join nav n on n.date = d.nav_day and n.trading_day = date '{DAY}'
        where d.nav_day = date '{published.restated}'
        """
    )
    assert row["difference"] == pytest.approx(RESTATED)
    assert row["told_on"].date() == NEXT


def test_nav_daily_has_each_day_once_and_changes_that_add_up(published: Published) -> None:
    [row] = published.rows(
        """
        select count(*) - count(distinct nav_day) as doubled, sum(change) as changes,
               arg_max(nav, nav_day) - arg_min(nav, nav_day) as difference, count(*) - count(change) as without
        from nav_daily
        """
    )
    assert (row["doubled"], row["without"]) == (0, 1)
    assert row["changes"] == pytest.approx(row["difference"])


def test_nav_daily_stands_beside_the_ledger_where_one_was_kept(published: Published) -> None:
    rows = published.rows("select nav, net_liquidation from nav_daily where net_liquidation is not null")
    assert rows
    assert all(row["nav"] == pytest.approx(row["net_liquidation"], rel=0.005) for row in rows)


def test_the_first_night_of_an_account_tells_no_change_of_quantity(published: Published) -> None:
    assert published.one(f"select count(quantity_change) from positions_history where trading_day = date '{DAY}'") == 0


def test_a_change_of_quantity_is_the_difference_from_the_night_before(published: Published) -> None:
    rows = published.rows(
        f"""
        select conid, quantity_change from positions_history
        where trading_day = date '{NEXT}' and quantity_change <> 0
        """
    )
    assert rows == [{"conid": published.grown, "quantity_change": 5.0}]


def test_what_was_sold_is_in_the_history_of_the_night_before_only(published: Published) -> None:
    rows = published.rows(f"select trading_day from positions_history where conid = {published.gone}")
    assert [row["trading_day"].date() for row in rows] == [DAY]


def test_positions_are_told_with_name_and_value_in_base_currency(published: Published) -> None:
    assert published.one("select count(*) from positions_history") == 115 + 114
    assert published.one("select count(*) from positions_history where full_name is null") == 0
    difference = published.one(
        """
        select max(abs(h.market_value_base - p.market_value * l.exchange_rate))
        from positions_history h join positions p using (trading_day, account_id, conid)
        join ledger l on l.trading_day = p.trading_day and l.account_id = p.account_id and l.currency = p.currency
        """
    )
    assert difference == 0


@pytest.mark.parametrize("dimension", ["asset_class", "currency", "sector"])
def test_exposure_in_each_dimension_adds_up_to_net_asset_value_and_the_value_of_futures(
    published: Published, dimension: str
) -> None:
    [row] = published.rows(
        f"""
        with futures as (
            select coalesce(sum(market_value_base), 0) as value from positions_history
            where trading_day = date '{DAY}' and asset_class = 'FUT'
        )
        select sum(share_of_nav) as share, sum(net_value) as net,
               any_value(1 + futures.value / l.net_liquidation) as due_share,
               any_value(l.net_liquidation + futures.value) as due_net
        from exposure e, futures, ledger l
        where e.trading_day = date '{DAY}' and e.dimension = '{dimension}'
          and l.trading_day = e.trading_day and l.currency = 'BASE'
        """
    )
    assert row["net"] == pytest.approx(row["due_net"], rel=1e-5)
    assert row["share"] == pytest.approx(row["due_share"], rel=1e-5)


def test_exposure_is_long_plus_short_and_its_gross_their_distance(published: Published) -> None:
    rows = published.rows("select * from exposure")
    assert any(row["short_value"] < 0 for row in rows)
    for row in rows:
        assert row["net_value"] == pytest.approx(row["long_value"] + row["short_value"])
        assert row["gross_value"] == pytest.approx(row["long_value"] - row["short_value"])


def test_a_field_that_nobody_knows_is_told_with_its_first_day_and_an_example_of_rejected_rows_too(
    published: Published,
) -> None:
    [row] = published.rows("select * from unknown_fields")
    assert (row["dataset"], row["field"]) == ("accounts", "novelty")
    assert row["first_day"].date() == row["last_day"].date() == NEXT
    assert row["first_seen_at"] == row["last_seen_at"]
    assert (row["rows"], row["rejected_rows"]) == (1, 1)
    assert row["example"] in {'{"a/b":1}', "2"}


def test_a_rejected_row_is_told_with_its_reasons_and_where_it_stands_in_raw(published: Published) -> None:
    [row] = published.rows("select * from rejected_rows")
    assert (row["dataset"], row["trading_day"].date()) == ("accounts", NEXT)
    assert row["reasons"] == "base_currency: currency is missing"
    assert '"novelty":2' in row["record"]
    assert Path(row["raw_file"]).exists()
    assert len(row["raw_sha256"]) == 64


@pytest.mark.parametrize("mart", read_marts(), ids=lambda mart: mart.name)
def test_every_column_of_a_mart_is_documented_and_every_documented_column_exists(
    published: Published, mart: Any
) -> None:
    columns = published.rows(f"select column_name as name from duckdb_columns() where table_name = '{mart.name}'")
    assert [name for name, _ in mart.column_docs] == [column["name"] for column in columns]
    assert mart.doc.endswith(".")
    assert all(doc.endswith((".", "...")) for _, doc in mart.column_docs)


@pytest.mark.parametrize("mart", read_marts(), ids=lambda mart: mart.name)
def test_a_mart_has_rows(published: Published, mart: Any) -> None:
    assert published.one(f'select count(*) from "{mart.name}"') > 0


@pytest.mark.parametrize("name", TABLES)
def test_a_table_lies_in_the_warehouse_with_rows_and_the_meaning_of_each_column(
    published: Published, name: str
) -> None:
    told = published.rows(f"select column_name as name, comment from duckdb_columns() where table_name = '{name}'")
    assert {row["name"]: row["comment"] for row in told} == {
        one.name: one.meaning for one in all_columns(TABLES[name].row)
    }
    assert published.one(f'select count(*) from "{name}"') > 0 or TABLES[name].raw.is_optional
