from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from assets.kit.listings import Listed, Listings, listed_on
from resources.lake.resource import Lake
from resources.lake.tables import TableStore

SHARE = {"conid": 1, "asset_class": "STK", "listing_exchange": "NASDAQ", "symbol": "AAPL"}
FUTURE = {"conid": 2, "asset_class": "FUT", "listing_exchange": "CME", "symbol": "ES"}
ENDS: dict[str, Any] = {"expiry_day": date(2026, 12, 18), "last_trading_day": date(2026, 12, 17)}
SCHEMA = pa.schema(
    [
        ("conid", pa.int64()),
        *((name, pa.string()) for name in ("asset_class", "listing_exchange", "symbol")),
        *((name, pa.date32()) for name in ("expiry_day", "last_trading_day")),
    ]
)


@pytest.fixture
def tables(tmp_path: Path) -> TableStore:
    """Definitions of two days; the future was sold on the first."""
    store = Lake(root=str(tmp_path), profile="made").tables
    told = {"2026-11-20": [SHARE, FUTURE | ENDS], "2026-11-23": [SHARE | {"listing_exchange": None}]}
    for day, rows in told.items():
        store.write("instruments", "trading_day", day, pa.Table.from_pylist(rows, schema=SCHEMA))
    return store


def test_contracts_are_known_as_on_the_day_with_the_end_of_their_life(tables: TableStore) -> None:
    share, future = listed_on(tables, date(2026, 11, 20))
    assert share == Listed(1, "NASDAQ", None, "AAPL")
    assert future == Listed(2, "CME", date(2026, 12, 17), None), "history has other names for futures"


def test_of_a_day_that_has_no_definitions_the_latest_count(tables: TableStore) -> None:
    assert listed_on(tables, date(2026, 11, 25)) == [Listed(1, None, None, "AAPL")]


def test_only_the_classes_asked_for_are_told(tables: TableStore) -> None:
    assert [one.conid for one in listed_on(tables, date(2026, 11, 20), {"FUT"})] == [2]


def test_without_definitions_there_are_no_contracts(tmp_path: Path) -> None:
    store = Lake(root=str(tmp_path), profile="made").tables
    assert listed_on(store, date(2026, 11, 20)) == []
    assert Listings(store).exchange_of(1) is None


def test_a_contract_that_is_gone_is_found_in_earlier_definitions_and_the_newest_counts(tables: TableStore) -> None:
    listings = Listings(tables)
    assert (listings.exchange_of(2), listings.exchange_of(1), listings.exchange_of(3)) == ("CME", None, None)
