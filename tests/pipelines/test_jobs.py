import dagster as dg
import pytest
from dagster._core.definitions.node_definition import NodeDefinition

from assets.kit.compose import REBUILD_TAG
from assets.warehouse import read_marts
from pipelines.definitions import build_definitions, declared
from pipelines.settings import Choices, Environment, Settings, SettingsMistake
from tests.nights import EVERYTHING

PUBLISHED = {"warehouse", *(mart.name for mart in read_marts())}
BARS = {"raw/bars_1d", "bars_1d", "raw/corporate_actions", "corporate_actions", "bar_restatements"}
TABLES = {table.name for table in declared().tables}
LOOKED_AT = [landing for landing in declared().landings if landing.is_intraday]
RAW = {f"raw/{landing.name}" for landing in declared().landings}
OPTIONAL = {key for one in declared().tables if one.raw.is_optional for key in (one.name, f"raw/{one.raw.name}")}
NIGHT = (RAW | TABLES | PUBLISHED) - OPTIONAL
HISTORY = BARS | {"raw/bar_coverage", "bar_coverage"}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(Settings(environment=Environment(), choices=Choices()))


def _assets(definitions: dg.Definitions, job: str) -> set[str]:
    layer = definitions.resolve_job_def(job).asset_layer
    return {key.to_user_string() for key in layer.selected_asset_keys}


def test_nightly_is_everything_but_what_is_optional(definitions: dg.Definitions) -> None:
    every = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert _assets(definitions, "nightly") == every - OPTIONAL == NIGHT


def test_what_is_optional_is_in_the_night_of_who_takes_it_in() -> None:
    definitions = build_definitions(Settings(environment=Environment(), choices=EVERYTHING))
    assert _assets(definitions, "nightly") == RAW | TABLES | PUBLISHED


def test_what_is_left_out_is_no_part_of_a_night_but_is_built_again_from_what_it_has() -> None:
    chosen = Settings(environment=Environment(), choices=Choices(leave_out=["performance"]))
    definitions = build_definitions(chosen)
    gone = {"raw/performance", "nav", "cumulative_returns", "period_returns"}
    assert _assets(definitions, "nightly") == NIGHT - gone
    assert _assets(definitions, "reprocess") == TABLES | PUBLISHED


def test_bars_that_a_night_leaves_out_can_be_fetched_by_hand() -> None:
    definitions = build_definitions(Settings(environment=Environment(), choices=Choices(leave_out=["bars_1d"])))
    assert _assets(definitions, "nightly") == NIGHT - BARS
    assert _assets(definitions, "history") == HISTORY | PUBLISHED


def test_what_is_only_found_by_looking_at_something_is_left_out_with_it() -> None:
    found = declared()
    left_out = {one.name for one in found.without(["bars_1d"])}
    assert {one.name for one in found.landings} - left_out == {"bars_1d", "corporate_actions"}
    assert "bars_1d" in {one.name for one in found.without(["corporate_actions"])}


@pytest.mark.parametrize(
    ("name", "problem"),
    [("performence", "there is no dataset 'performence'"), ("positions", "needs positions, so it cannot be left out")],
)
def test_what_cannot_be_left_out_is_told_in_one_line(name: str, problem: str) -> None:
    with pytest.raises(SettingsMistake, match=problem) as told:
        build_definitions(Settings(environment=Environment(), choices=Choices(leave_out=[name])))
    assert "\n" not in str(told.value)


def test_a_table_that_is_not_there_cannot_have_a_limit_of_its_own() -> None:
    chosen = Choices.model_validate({"hold_back": {"shares": {"position": 0.1}}})
    with pytest.raises(SettingsMistake, match="shares: there is no table 'position'. Choose of accounts, ") as told:
        build_definitions(Settings(environment=Environment(), choices=chosen))
    assert "\n" not in str(told.value)


def test_history_is_bars_and_the_warehouse(definitions: dg.Definitions) -> None:
    assert _assets(definitions, "history") == HISTORY | PUBLISHED


def test_a_look_during_the_day_publishes_nothing(definitions: dg.Definitions) -> None:
    found = _assets(definitions, "intraday")
    assert {"raw/scanner_runs", "scanner_runs"} <= found
    assert found == {f"raw/{one.name}" for one in LOOKED_AT} | {one.name for one in LOOKED_AT}


def test_reprocess_has_every_table_and_no_landing(definitions: dg.Definitions) -> None:
    assert _assets(definitions, "reprocess") == TABLES | PUBLISHED


def test_resume_can_make_all_that_can_be_parked_whatever_a_night_leaves_out(definitions: dg.Definitions) -> None:
    left_out = build_definitions(Settings(environment=Environment(), choices=Choices(leave_out=["performance"])))
    assert _assets(definitions, "resume") == _assets(left_out, "resume") == RAW | TABLES | PUBLISHED


def test_reprocess_needs_no_gateway(definitions: dg.Definitions) -> None:
    needed = {
        name: {key for op in definitions.resolve_job_def(name).all_node_defs for key in _resources_of(op)}
        for name in ("nightly", "reprocess")
    }
    assert needed == {"nightly": {"gateway", "lake", "scope"}, "reprocess": {"lake", "scope"}}


def test_reprocess_builds_again_what_is_there_already(definitions: dg.Definitions) -> None:
    assert definitions.resolve_job_def("reprocess").tags[REBUILD_TAG] == "true"
    assert REBUILD_TAG not in definitions.resolve_job_def("nightly").tags


@pytest.mark.parametrize(
    ("job", "assets"), [("nightly", TABLES - OPTIONAL), ("history", HISTORY & TABLES), ("reprocess", TABLES)]
)
def test_each_table_is_checked_before_it_is_published(definitions: dg.Definitions, job: str, assets: set[str]) -> None:
    layer = definitions.resolve_job_def(job).asset_layer
    checked = {key.asset_key.to_user_string() for key in layer.asset_graph.asset_check_keys}
    assert assets <= checked


@pytest.mark.parametrize("job", ["nightly", "intraday", "history", "reprocess", "resume"])
def test_each_job_says_what_it_does_and_is_run_by_day(definitions: dg.Definitions, job: str) -> None:
    definition = definitions.resolve_job_def(job)
    assert definition.description
    assert isinstance(definition.partitions_def, dg.DailyPartitionsDefinition)


def _resources_of(node: NodeDefinition) -> set[str]:
    return set(node.required_resource_keys) if isinstance(node, dg.OpDefinition) else set()
