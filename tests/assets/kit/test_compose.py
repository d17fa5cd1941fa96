"""What Dagster makes of a dataset: steps that stop each other, and checks that look at what a run wrote."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import orjson
import pandas as pd
import pytest

from assets.kit.compose import check_definitions, table_asset
from assets.kit.declare import Check, check
from assets.kit.fetch import RawPages
from assets.kit.scope import Scope
from pipelines.definitions import declared, defs
from pipelines.outcome import Outcome
from resources.envelope import Request
from tests.assets.bent import DAY, TABLES, Bent
from tests.assets.conftest import EVENING
from tests.nights import PROFILE, Nights

pytestmark = pytest.mark.slow


@pytest.fixture
def nights(bent: Bent, tmp_path: Path) -> Nights:
    """Jobs over a recorded night that a test may bend before; nobody answers for the gateway."""
    folder = tmp_path / "runs"
    shutil.copytree(bent.lake.layout.folder, folder / PROFILE)
    return Nights(folder, scope={"watchlist": ["AAPL"]})


def _bent(bent: Bent, nights: Nights, dataset: str, change: Any) -> None:
    bent.bend(dataset, change)
    raw = nights.lake.layout.folder / "raw"
    shutil.rmtree(raw)
    shutil.copytree(bent.lake.layout.folder / "raw", raw)


def _reprocessed(nights: Nights) -> Outcome:
    return nights.run("reprocess", DAY.isoformat())


@pytest.mark.slow
def test_an_undisturbed_night_is_published(nights: Nights) -> None:
    outcome = _reprocessed(nights)
    assert outcome.is_success, outcome.failures
    assert nights.lake.layout.warehouse_file.exists()


def test_a_blocking_check_that_fails_keeps_the_night_from_being_published(bent: Bent, nights: Nights) -> None:
    def wrong(_: Request, reply: list[dict[str, Any]]) -> Any:
        return [{**reply[0], "mktValue": reply[0]["mktValue"] + 5.0}, *reply[1:]]

    _bent(bent, nights, "positions", wrong)
    outcome = _reprocessed(nights)
    assert not outcome.is_success
    [failed] = [check for check in outcome.failed_checks if check.is_blocking]
    assert (failed.name, failed.is_blocking) == ("market_value_is_quantity_times_price", True)
    assert len(nights.table("positions")) == 115, "the rows are kept to be looked at"
    assert not nights.lake.layout.warehouse_file.exists()


def _landed_again(nights: Nights, dataset: str, change: Any) -> None:
    """Another landing of the night, an hour later, whose replies say something else."""
    [path] = nights.lake.raw.landings(dataset, DAY.isoformat())
    at = EVENING + timedelta(hours=1)
    with nights.lake.raw.landing(dataset, DAY.isoformat(), at=at, run_id="again") as landing:
        for one in nights.lake.raw.read(path):
            landing.append(replace(one, body=orjson.dumps(change(orjson.loads(one.body)))))


def test_built_again_a_table_is_what_the_night_built_also_where_a_later_landing_was_in_doubt(nights: Nights) -> None:
    assert _reprocessed(nights).is_success
    before = nights.table("positions")
    _landed_again(nights, "positions", lambda reply: [reply[-1]] * 60)
    assert _reprocessed(nights).is_success
    pd.testing.assert_frame_equal(nights.table("positions"), before)


def test_a_table_that_is_built_alone_minds_the_checks_of_its_replies_and_says_so(bent: Bent, nights: Nights) -> None:
    _bent(bent, nights, "positions", lambda _, reply: [*reply, *reply[:1]])
    assert nights.materialize("positions", day=DAY.isoformat()).failures == [
        f"positions of {DAY}: a check says no to all replies that are in raw/positions, so there is nothing to build "
        "it from. Land them first: raw/positions."
    ]
    assert nights.lake.tables.files("positions") == []


def test_a_day_whose_only_replies_are_in_doubt_is_left_out_of_what_is_built_again(bent: Bent, nights: Nights) -> None:
    _bent(bent, nights, "positions", lambda _, reply: [*reply, *reply[:1]])
    assert "allocation" in {failed.dataset for failed in _reprocessed(nights).failed_checks}
    assert nights.lake.tables.files("positions") == []


def test_where_the_row_observed_first_stands_no_row_of_a_landing_in_doubt_does(bent: Bent, nights: Nights) -> None:
    """All tables are gone: what the checks look at is built first."""
    [path] = nights.lake.raw.landings("bars_1d", DAY.isoformat())
    good = list(nights.lake.raw.read(path))

    def of_another_and_dearer(_: Request, reply: dict[str, Any]) -> Any:
        return {**reply, "symbol": "ANOTHER", "data": [{**bar, "h": bar["h"] * 2} for bar in reply["data"]]}

    def a_stock(_: Request, reply: dict[str, Any]) -> Any:
        return {"secdef": [{**row, "assetClass": "STK"} for row in reply["secdef"]]}

    bent.bend("instruments", a_stock)
    _bent(bent, nights, "bars_1d", of_another_and_dearer)
    later = timedelta(hours=1)
    with nights.lake.raw.landing("bars_1d", DAY.isoformat(), at=EVENING + later, run_id="again") as landing:
        for one in good:
            landing.append(replace(one, received_at=one.received_at + later))
    outcome = _reprocessed(nights)
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert set(nights.table("bars_1d")["raw_sha256"]) <= {one.sha256 for one in good}


@pytest.mark.slow
def test_a_check_that_does_not_block_is_reported_and_the_night_is_published(bent: Bent, nights: Nights) -> None:
    _bent(bent, nights, "symbols", lambda _request, _reply: {"AAPL": []})
    outcome = _reprocessed(nights)
    failed = {one.name: one.is_blocking for one in outcome.failed_checks}
    assert failed["every_watched_symbol_stands_for_one_contract"] is False
    assert not any(failed.values())
    assert nights.lake.layout.warehouse_file.exists()


def test_a_table_without_replies_is_refused_in_plain_words(nights: Nights) -> None:
    shutil.rmtree(nights.lake.layout.raw_folder("ledger"))
    assert nights.materialize("ledger", day=DAY.isoformat()).failures == [
        f"ledger of {DAY}: no replies are in raw/ledger, so there is nothing to build it from. "
        "Land them first: raw/ledger."
    ]


def test_a_range_builds_the_days_that_have_replies_and_names_the_others(nights: Nights) -> None:
    assert nights.materialize("ledger", day="2026-11-20", last=DAY.isoformat()).is_success
    event = nights.instance.get_latest_materialization_event(dg.AssetKey("ledger"))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["days_without_replies"].value == "2026-11-20"


def test_unknown_fields_are_reported_on_the_materialization(bent: Bent, nights: Nights) -> None:
    _bent(bent, nights, "accounts", lambda _, reply: [{**reply[0], "novelty": 3}] if isinstance(reply, list) else reply)
    assert nights.materialize("accounts", day=DAY.isoformat()).is_success
    event = nights.instance.get_latest_materialization_event(dg.AssetKey("accounts"))
    assert event is not None
    assert event.asset_materialization is not None
    assert "| novelty | 3 |" in str(event.asset_materialization.metadata["unknown_fields"].value)


@pytest.mark.parametrize("is_blocking", [True, False])
def test_a_check_that_stumbles_over_what_came_has_failed_and_is_recorded(nights: Nights, is_blocking: bool) -> None:
    ledger = TABLES["ledger"]

    @check(ledger, is_blocking=is_blocking)
    def every_currency_is_a_number() -> str:
        """Each currency is a number. Does not block: it is a mistake."""
        return "select currency from ledger where currency::integer > 0"

    @check(ledger.raw, is_blocking=is_blocking)
    def every_reply_tells_a_shoe_size(raw: RawPages) -> Iterator[str]:
        """Each reply tells a shoe size. Does not block: it is a mistake."""
        yield from (page.json["shoe_size"] for page in raw.answers)

    checks = [
        definition
        for one in (every_currency_is_a_number, every_reply_tells_a_shoe_size)
        for definition in check_definitions(one.of, [one], TABLES)
    ]
    resources = {"lake": nights.lake, "scope": Scope()}
    job = dg.Definitions(assets=[table_asset(ledger)], asset_checks=checks, resources=resources)
    result = job.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=nights.instance, partition_key=DAY.isoformat(), raise_on_error=False
    )
    assert result.success is not is_blocking
    failed = {one["check"]: one["says"] for one in nights.lake.checks.of_landing(DAY) if not one["passed"]}
    assert failed["every_reply_tells_a_shoe_size"] == "it could not be made: KeyError 'shoe_size'"
    if not is_blocking:  # else there is no table to be looked at
        assert "it could not be made: ConversionException" in failed["every_currency_is_a_number"]


@pytest.mark.parametrize("declaration", declared().checks, ids=lambda declaration: declaration.name)
def test_each_check_blocks_in_dagster_as_it_is_declared(declaration: Check) -> None:
    specs = {spec.name: spec for one in defs.asset_checks or [] for spec in one.check_specs}
    assert specs[declaration.name].blocking is declaration.is_blocking
    assert specs[declaration.name].description == declaration.doc
