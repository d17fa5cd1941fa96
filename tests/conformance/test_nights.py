"""What every dataset must do in a night, whatever the account: land again the same, hold nothing, hold several."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assets.kit.declare import ByDay, Table
from assets.kit.schema import PROVENANCE
from assets.warehouse import read_marts
from pipelines.definitions import declared
from pipelines.outcome import Outcome
from resources.lake.parked import Parked
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.desk import buys_late
from tests.nights import ACTIVE, EVERYTHING, Nights, rest

pytestmark = pytest.mark.slow
FOUND = declared()
MARTS = [mart.name for mart in read_marts()]
DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
WAITED = Parked("performance", (date(2026, 11, 23),), "Postponed", "a limit of minutes", EVENING, None, "earlier")
SCOPE: dict[str, Any] = {"watchlist": ["AAPL", "IBM"], "bars_asset_classes": ["STK"], "bars_depth_days": 5}
SCOPE |= {"options_underlyings": ["IBM"], "options_requests": 3}  # held: its price is told before any bars are
SCOPE |= {"details_requests": 2, "scanner_runs": [ACTIVE]}
NOTHING: dict[str, Any] = {**SCOPE, "watchlist": [], "options_underlyings": []}
OF_A_LANDING = {one.name for one in PROVENANCE} - {"extra"}
OF_AN_INSTANT = {"reckoned_at"}  # the gateway's own clock in a reply
Landed = tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]


def _named(one: Any) -> str:
    return str(getattr(one, "name", one))


def _tables(nights: Nights) -> dict[str, pd.DataFrame]:
    return {table.name: nights.table(table.name) for table in FOUND.tables if nights.lake.tables.files(table.name)}


def _assert_clean(outcome: Outcome) -> None:
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert outcome.failed_checks == []


@pytest.fixture(scope="module")
def landed_twice(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """The tables after a first and after a second landing of one partition."""
    with serve(Options(clock=EVENING, positions=5)) as gateway:
        buys_late(gateway)
        nights = Nights(tmp_path_factory.mktemp("twice"), gateway, scope=SCOPE, choices=EVERYTHING)
        nights.lake.parked.park(WAITED)
        _assert_clean(nights.run("nightly", DAY))
        first = _tables(nights)
        rest(gateway)
        _assert_clean(nights.run("nightly", DAY))
    return first, _tables(nights)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """A night of an account that holds nothing."""
    with serve(Options(clock=EVENING, positions=0)) as gateway:
        nights = Nights(tmp_path_factory.mktemp("empty"), gateway, scope=NOTHING, choices=EVERYTHING)
        _assert_clean(nights.run("nightly", DAY))
    return nights


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """A night of two accounts."""
    keys = [key for table in FOUND.tables for key in (table.name, f"raw/{table.raw.name}")]
    with serve(Options(clock=EVENING, positions=5, accounts=2)) as gateway:
        nights = Nights(tmp_path_factory.mktemp("several"), gateway, scope=SCOPE)
        _assert_clean(nights.materialize(*keys, "warehouse", *MARTS, day=DAY))
        rest(gateway)
        yield nights


BETWEEN_NIGHTS = {"corporate_actions", "bar_restatements"}  # tests/assets/market/test_corporate_actions.py has some
OF_A_DAY = [one for one in FOUND.tables if one.raw.time != "local" and not one.raw.is_intraday]


@pytest.mark.parametrize("table", OF_A_DAY, ids=_named)
def test_a_second_landing_gives_equal_rows(landed_twice: Landed, table: Table) -> None:
    first, second = (
        rows[table.name].drop(columns=list(OF_A_LANDING | OF_AN_INSTANT), errors="ignore") for rows in landed_twice
    )
    assert len(first) > 0 or table.raw.is_optional
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("table", [one for one in FOUND.tables if one.raw.is_intraday], ids=_named)
def test_a_second_landing_of_the_same_day_is_kept_beside_the_first(landed_twice: Landed, table: Table) -> None:
    first, second = (rows[table.name].astype(object).set_index(list(table.key)) for rows in landed_twice)
    assert 0 < len(first) < len(second)
    pd.testing.assert_frame_equal(first, second.loc[first.index])


@pytest.mark.parametrize("table", [one for one in FOUND.tables if one.raw.time == "local"], ids=_named)
def test_a_second_landing_of_our_own_records_holds_the_first(landed_twice: Landed, table: Table) -> None:
    first, second = (rows[table.name].set_index(list(table.key)) for rows in landed_twice)
    kept = [name for name in first.columns if name not in OF_A_LANDING]
    assert len(first) > 0 or table.name in BETWEEN_NIGHTS
    pd.testing.assert_frame_equal(first[kept], second.loc[first.index, kept])


@pytest.mark.parametrize("table", [one for one in FOUND.tables if isinstance(one.storage, ByDay)], ids=_named)
def test_a_snapshot_has_a_partition_also_of_an_account_that_holds_nothing(empty: Nights, table: Table) -> None:
    assert empty.lake.tables.values(table.name) == [DAY]
    assert empty.lake.tables.rejected_files(table.name) == []


@pytest.mark.parametrize(("table", "rows"), [("positions", 0), ("accounts", 1)])
def test_an_account_that_holds_nothing_is_an_account(empty: Nights, table: str, rows: int) -> None:
    assert len(empty.table(table)) == rows


@pytest.mark.parametrize("name", ["accounts", "summary", "ledger", "positions", "nav", "cumulative_returns"])
def test_each_account_of_a_login_is_kept_apart(several: Nights, name: str) -> None:
    assert set(several.table(name)["account_id"]) == {"U9900001", "U9900002"}


def test_of_several_accounts_only_the_chosen_are_asked_for(several: Nights, tmp_path: Path) -> None:
    scope = {**SCOPE, "accounts": ["U9900002"]}
    nights = Nights(tmp_path, several.gateway, scope=scope)
    _assert_clean(nights.materialize("raw/ledger", "ledger", day=DAY))
    assert set(nights.table("ledger")["account_id"]) == {"U9900002"}
