"""The nightly job as a whole, against the simulator over HTTPS."""

import shutil
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from assets.warehouse import read_marts
from pipelines.definitions import declared
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.end_to_end.conftest import DAY, EVENING, WATCHED, Night
from tests.nights import USUAL_TABLES, Nights, rest

pytestmark = pytest.mark.slow
OBSERVATION = ["observed_at", "raw_sha256", "run_id", "reckoned_at"]


def test_a_night_lands_builds_checks_and_publishes_everything(night: Night) -> None:
    assert night.outcome.is_success, (night.outcome.failures, night.outcome.failed_checks)
    assert night.outcome.failed_checks == []
    assert night.outcome.datasets["positions"].rows == 120
    assert all(night.outcome.datasets[table.name].passed >= 3 for table in USUAL_TABLES)


def test_every_table_and_mart_is_in_the_warehouse(night: Night) -> None:
    names = set(night.nights.query("from (show tables)")["name"])
    marts = {mart.name for mart in read_marts()}
    assert names == {table.name for table in declared().tables} | marts


def test_a_night_asks_no_more_than_it_must(night: Night) -> None:
    requests = {name: one.requests for name, one in night.outcome.datasets.items() if one.requests}
    fixed = {"summary": 1, "ledger": 1, "allocation": 1, "performance": 1, "symbols": 1, "instruments": 1}
    assert {name: requests[name] for name in fixed} == fixed
    assert requests["positions"] == 3, "two pages, and the full one again"
    assert (requests["orders"], requests["trades"]) == (2, 2), "the first of a session is cold"
    assert "accounts" not in requests, "the session had asked already"


def test_the_accounts_positions_cash_and_performance_tell_one_net_asset_value(night: Night) -> None:
    [row] = night.nights.query(
        f"""
        select n.nav, l.net_liquidation, l.cash,
               (select sum(market_value_base) from positions_history where asset_class <> 'FUT') as held
        from nav_daily n join ledger l on l.trading_day = n.nav_day and l.currency = 'BASE'
        where n.nav_day = date '{DAY}'
        """
    ).to_dict("records")
    assert row["nav"] == pytest.approx(row["net_liquidation"], abs=0.01)
    assert row["held"] + row["cash"] == pytest.approx(row["net_liquidation"], rel=1e-6)


def test_the_same_partition_run_twice_gives_the_same_rows(night: Night, tmp_path: Path) -> None:
    shutil.copytree(night.nights.data, tmp_path, dirs_exist_ok=True)
    with serve(Options(clock=EVENING, positions=120)) as gateway:
        rest(gateway)
        nights = Nights(tmp_path, gateway, scope=WATCHED)
        again = nights.run("nightly", DAY)
        assert again.is_success, again.failures
    told = [table.name for table in USUAL_TABLES if table.raw.time != "local" and not table.raw.is_intraday]
    assert set(nights.table("positions")["run_id"]) == {again.run_id}
    for name in told:
        _assert_same(night.nights.table(name), nights.table(name))


def test_materializations_tell_rows_requests_bytes_and_columns(night: Night) -> None:
    instance, definitions = night.nights.instance, night.nights.definitions()
    landed = instance.get_latest_materialization_event(dg.AssetKey(["raw", "positions"]))
    built = instance.get_latest_materialization_event(dg.AssetKey("positions"))
    assert landed is not None
    assert built is not None
    facts = {name: one.value for name, one in landed.asset_materialization.metadata.items()}  # type: ignore[union-attr]
    assert facts["requests"] == 3
    assert facts["bytes"] > 10_000  # type: ignore[operator]
    built_facts = {name: one.value for name, one in built.asset_materialization.metadata.items()}  # type: ignore[union-attr]
    assert built_facts["rows"] == 120
    assert built_facts["dagster/partition_row_count"] == 120
    spec = next(one for one in definitions.resolve_all_asset_specs() if one.key == dg.AssetKey("positions"))
    columns = {one.name: one for one in spec.metadata["dagster/column_schema"].columns}
    assert columns["price"].description == "Last price, of bonds in percent of par. Unit: `currency` per unit."


def test_account_ids_are_masked_in_what_dagster_records(night: Night) -> None:
    events = night.nights.instance.all_logs(night.outcome.run_id)
    assert len(events) > 100
    assert not [event for event in events if "U9900001" in event.message]


def _assert_same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    kept = [name for name in left.columns if name not in OBSERVATION]
    pd.testing.assert_frame_equal(left[kept], right[kept])
