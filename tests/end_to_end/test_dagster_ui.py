"""Dagster's own commands and its UI load and run this project from a fresh home, and nobody is told of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.config import PoolGranularity
from playwright.sync_api import Browser, Page, expect

from resources.calendar.trading_days import trading_calendar
from resources.warehouse.build import connected
from tests.end_to_end.dagster_dev import Dev, dagster_dev
from tests.nights import NOT_IN_REAL_TIME, dagster_home

pytestmark = [pytest.mark.slow, pytest.mark.long]
ROOT = Path(__file__).parents[2]
SMALL = f'watchlist = ["AAPL"]\nleave_out = {json.dumps(NOT_IN_REAL_TIME)}\n'
SMALL += '[bars]\ndepth_days = 5\nasset_classes = ["CASH"]\n'
CALENDAR = trading_calendar("XNYS")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A fresh home for Dagster, as make sets it up."""
    return dagster_home(tmp_path)


def _dagster(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "dagster", *words],
        cwd=ROOT,
        env={**os.environ, "DAGSTER_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_workspace_is_valid_from_a_fresh_home(home: Path) -> None:
    done = _dagster(home, "definitions", "validate", "-w", "workspace.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation successful for code location ibkr" in done.stdout + done.stderr
    assert not (home / ".telemetry").exists(), "telemetry would have kept an id"


def test_a_wrong_setting_is_named_by_dagsters_commands_too(home: Path) -> None:
    done = _dagster(home, "definitions", "validate", "-w", "workspace.yaml", IBKR_GATEWAY_URL="localhost")
    assert done.returncode != 0
    assert "IBKR_GATEWAY_URL='localhost': use a URL such as" in done.stdout + done.stderr


def test_telemetry_is_off_and_one_run_at_a_time_talks_to_the_gateway(home: Path) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert not instance.telemetry_enabled
        pools = instance.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, pools.pool_granularity) == (1, PoolGranularity.OP)


@dataclass(frozen=True)
class Evening:
    """A UI in which the latest trading day was landed."""

    dev: Dev
    day: str
    statuses: list[str]


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    day = CALENDAR.latest_closed(datetime.now(UTC)).isoformat()
    with dagster_dev(tmp_path_factory.mktemp("ui"), SMALL) as dev:
        run = dev.run("nightly", day)
        yield Evening(dev, day, list(dev.ended(runIds=[run]).values()))


def _days_before(day: str, count: int) -> list[str]:
    """Calendar days, as the UI offers them."""
    last = datetime.fromisoformat(day).date()
    return [(last - timedelta(days=back)).isoformat() for back in range(count, 0, -1)]


def test_a_nightly_run_from_the_queue_lands_and_publishes_the_latest_day(evening: Evening) -> None:
    assert evening.statuses == ["SUCCESS"]
    with connected(evening.dev.data / "simulator" / "warehouse" / "ibkr.duckdb", read_only=True) as connection:
        [(days, rows)] = connection.execute("select max(trading_day), count(*) from positions").fetchall()
    assert (days.isoformat(), rows) == (evening.day, 158)


def test_a_backfill_of_bars_is_one_run_and_one_of_the_ledger_is_refused_in_plain_words(evening: Evening) -> None:
    dev = evening.dev
    days = _days_before(evening.day, 12)
    bars = dev.backfill(["raw/bars_1d", "bars_1d"], days)
    ledger = dev.backfill(["raw/ledger", "ledger"], days)
    assert list(dev.ended(tags=[{"key": "dagster/backfill", "value": bars}]).values()) == ["SUCCESS"]
    [(refused, status)] = dev.ended(tags=[{"key": "dagster/backfill", "value": ledger}]).items()
    assert status == "FAILURE"
    [reason] = dev.failures(refused)
    assert "days cannot be landed. First: ledger of " in reason
    assert "the gateway tells it only on the day itself" in reason


def test_dagsters_own_command_lands_a_range_of_bars_in_one_run(evening: Evening) -> None:
    folder = evening.dev.data.parent
    days = _days_before(evening.day, 40)[:10]
    done = _dagster(
        folder / "home",
        *("asset", "materialize", "-m", "pipelines.definitions", "--select", "raw/bars_1d,bars_1d"),
        *("--partition-range", f"{days[0]}...{days[-1]}"),
        IBKR_DATA=str(evening.dev.data),
        IBKR_CONFIG=str(folder / "own.toml"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Quote of bars_1d: contracts: " in done.stderr
    assert "done (100%), over" in done.stderr
    with dg.DagsterInstance.from_config(str(folder / "home")) as instance:
        of_days = {"dagster/asset_partition_range_start": days[0], "dagster/asset_partition_range_end": days[-1]}
        assert len(instance.get_runs(dg.RunsFilter(tags=of_days))) == 1
        for key in (["raw", "bars_1d"], ["bars_1d"]):
            assert instance.get_materialized_partitions(dg.AssetKey(key)) >= set(days)


@pytest.fixture(scope="module")
def page(evening: Evening, browser: Browser) -> Page:
    page = browser.new_page(base_url=evening.dev.url)
    page.set_default_timeout(300_000)
    return page


def test_an_assets_page_shows_in_a_browser_what_it_is_and_asks_nobody_else(evening: Evening, page: Page) -> None:
    elsewhere: list[str] = []
    page.on("request", lambda asked: None if _is_local(asked.url, evening.dev.url) else elsewhere.append(asked.url))
    page.goto("/assets/positions")
    for told in (
        "What each account held.",
        "account-owner",
        "which wants a login; at most 10 per s with all others; in pages of 100",
        "Time: perishable: can only be asked for on the day itself.",
        "Fails if more than",
        "Quantity x price x multiplier.",
        "greater than 0",
        evening.day,
    ):
        expect(page.get_by_text(told).filter(visible=True).first).to_be_visible(timeout=300_000)
    check = "market_value_is_quantity_times_price"
    page.goto(f"/assets/positions?view=checks&checkDetail={check}")
    for told in (
        check,
        "This is a blocking asset check",
        "Market value agrees with",
        "Passed",
        "residual_in_tolerances",
    ):
        expect(page.get_by_text(told).filter(visible=True).first).to_be_visible(timeout=300_000)
    assert elsewhere == []


def test_a_days_page_shows_its_rows_with_account_ids_shortened(evening: Evening, page: Page) -> None:
    page.goto(f"/assets/positions?view=partitions&partition={evening.day}")
    page.get_by_text("[Show Markdown]").filter(visible=True).first.click()
    expect(page.get_by_text("U…0001").filter(visible=True).first).to_be_visible(timeout=300_000)
    assert "U9900001" not in page.content()


def _is_local(url: str, base: str) -> bool:
    return url.startswith((base, base.replace("http", "ws", 1), "data:", "blob:"))
