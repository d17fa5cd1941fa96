import json
import re
import subprocess
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import dagster as dg
import pytest

from assets.kit.bars.periods import UNITS, most_bars
from assets.kit.bars.windows import SIZES
from assets.kit.schema import SQL
from assets.kit.scope import Scope
from assets.warehouse import read_marts
from pipelines.choices import BarSize
from pipelines.definitions import build_definitions, declared, resources_of
from pipelines.embedded import EmbeddedGateway
from pipelines.settings import DEFAULT_CONFIG, Choices, Environment, Settings, SettingsMistake, read_settings
from resources.gateway.resource import Gateway
from resources.lake.resource import Lake

ROOT = Path(__file__).parents[2]
DEFAULT = Settings(environment=Environment(), choices=Choices())
SPECS = dict(sorted((spec.key.to_user_string(), spec) for spec in build_definitions(DEFAULT).resolve_all_asset_specs()))
LOADED = """
import json, sys
said = []
sys.addaudithook(lambda event, _: said.append(event) if event in {"socket.connect", "socket.getaddrinfo"} else None)
import pipelines.definitions
print(json.dumps({"modules": sorted(sys.modules), "network": said}))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """What a fresh process has after it imported the code location: its modules, its network calls."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_it_can_be_loaded() -> None:
    dg.Definitions.validate_loadable(build_definitions(DEFAULT))


def test_it_loads_without_a_network(loaded: dict[str, list[str]]) -> None:
    assert loaded["network"] == []


@pytest.mark.parametrize(
    "package", ["pandera", "matplotlib", "exchange_calendars", "starlette", "uvicorn", "resources.simulator", "dlt"]
)
def test_it_loads_without_what_only_a_run_needs(loaded: dict[str, list[str]], package: str) -> None:
    assert [name for name in loaded["modules"] if f"{name}.".startswith(f"{package}.")] == []


def test_every_dataset_is_an_asset_of_its_replies_and_an_asset_of_its_rows() -> None:
    found = declared()
    assert {name for name in SPECS if name.startswith("raw/")} == {f"raw/{landing.name}" for landing in found.landings}
    assert {name for name in SPECS if "/" not in name} == {
        "warehouse",
        *(table.name for table in found.tables),
        *(mart.name for mart in read_marts()),
    }


def test_the_datasets_are_these() -> None:
    assert {table.name for table in declared().tables} == {
        *("accounts", "summary", "ledger", "allocation", "positions", "nav", "cumulative_returns", "period_returns"),
        *("transactions", "realized_gains", "transaction_windows"),
        *("instruments", "symbols", "bars_1d", "bar_coverage", "corporate_actions", "bar_restatements"),
        *("orders", "trades"),
        *("option_months", "option_strikes", "option_chains", "contract_details"),
        *("requests", "gateway_session", "parked_work", "check_results"),
        *("scanner_params", "scanner_runs", "quotes", "regulatory_snapshots"),
    }


def test_bars_of_each_size_chosen_are_in_a_night_and_in_a_history() -> None:
    choices = Choices.model_validate({"bars": {"sizes": ["1d", "5min"], "depths": {"5min": 9}, "outside_rth": True}})
    definitions = build_definitions(Settings(environment=Environment(), choices=choices))
    for job in ("nightly", "history"):
        keys = definitions.resolve_job_def(job).asset_layer.selected_asset_keys
        assert {dg.AssetKey(["raw", "bars_5min"]), dg.AssetKey("bars_5min"), dg.AssetKey("bars_1d")} <= keys
    scope = resources_of(Settings(environment=Environment(), choices=choices))["scope"]
    assert (scope.bars_depth("5min"), scope.bars_depth("1h"), scope.bars_outside_rth) == (9, 30, True)


def test_of_weeks_and_months_as_many_are_kept_as_one_request_gets() -> None:
    assert {name: Scope().bars_depth(name) for name in UNITS} == {name: most_bars(SIZES[name]) for name in UNITS}


def test_each_size_of_bars_that_can_be_chosen_can_be_planned() -> None:
    assert list(get_args(BarSize)) == list(SIZES)


@pytest.mark.parametrize("table", declared().tables, ids=lambda table: table.name)
def test_a_table_follows_from_its_replies(table: object) -> None:
    name, raw = table.name, table.raw.name  # type: ignore[attr-defined]
    looked_at = {"instruments"} if name == "bars_1d" else set()  # by the checks that it minds
    assert {dep.asset_key.to_user_string() for dep in SPECS[name].deps} == {f"raw/{raw}", *looked_at}
    assert SPECS[name].group_name == SPECS[f"raw/{raw}"].group_name


@pytest.mark.parametrize("name", SPECS)
def test_each_asset_has_a_description_a_group_kinds_and_an_owner(name: str) -> None:
    spec = SPECS[name]
    assert spec.description
    assert spec.group_name not in {None, "default"}
    assert spec.kinds
    assert spec.owners


@pytest.mark.parametrize("name", [name for name in SPECS if "/" not in name and name != "warehouse"])
def test_each_table_and_mart_tells_type_and_meaning_of_each_column(name: str) -> None:
    columns = SPECS[name].metadata["dagster/column_schema"].columns
    assert len(columns) > 2
    assert [column.name for column in columns if not column.description] == []
    assert {column.type for column in columns} <= {*SQL.values(), "VARCHAR[]"}
    assert {column.name: column.type for column in columns}.get("trading_day", "DATE") == "DATE"


@pytest.mark.parametrize("name", [name for name in SPECS if name.startswith("raw/")] + ["positions"])
def test_each_dataset_has_a_partition_per_day_today_included(name: str) -> None:
    assert isinstance(SPECS[name].partitions_def, dg.DailyPartitionsDefinition)


def test_only_landings_use_the_gateway_and_one_at_a_time() -> None:
    nodes = build_definitions(DEFAULT).resolve_job_def("resume").all_node_defs
    ops = [node for node in nodes if isinstance(node, dg.OpDefinition)]
    assert {op.name for op in ops if "gateway" in op.required_resource_keys} == {
        f"raw__{landing.name}" for landing in declared().landings
    }
    assert {op.pool for op in ops if op.name.startswith("raw__")} == {"gateway"}


def test_the_schedule_runs_the_nightly_job_at_the_chosen_time() -> None:
    choices = Choices.model_validate({"schedule": {"nightly_at": "19:45"}})
    [schedule] = build_definitions(Settings(environment=Environment(), choices=choices)).schedules or []
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert (schedule.job_name, schedule.cron_schedule) == ("nightly", "45 19 * * 1-5")


def test_the_daemon_watches_the_session_and_the_parked_work_without_being_told_to() -> None:
    found = build_definitions(DEFAULT).sensors or []
    assert sorted(one.name for one in found) == ["resume_parked_work", "session"]
    assert {one.default_status for one in found} == {dg.DefaultSensorStatus.RUNNING}


def test_without_a_url_the_gateway_is_the_embedded_simulator() -> None:
    assert isinstance(resources_of(DEFAULT)["gateway"], EmbeddedGateway)


def test_with_a_url_the_gateway_is_that_one(tmp_path: Path) -> None:
    environment = Environment(gateway_url="https://localhost:5000/v1/api", gateway_cert=tmp_path / "a.pem")
    gateway = resources_of(Settings(environment=environment, choices=Choices()))["gateway"]
    assert type(gateway) is Gateway
    assert gateway.address() == ("https://localhost:5000/v1/api", str(tmp_path / "a.pem"))


def test_the_settings_reach_the_resources(tmp_path: Path) -> None:
    environment = Environment(data=tmp_path, profile="paper")
    choices = Choices.model_validate({"watchlist": ["AAPL"], "exchange": "XLON", "bars": {"depth_days": 9}})
    found = resources_of(Settings(environment=environment, choices=choices))
    assert found["lake"].layout.folder == tmp_path / "paper"
    assert (found["scope"].accounts, found["scope"].watchlist, found["scope"].exchange) == ([], ["AAPL"], "XLON")
    assert found["scope"].bars_depth_days == 9


def test_what_the_owner_tolerates_reaches_the_checks() -> None:
    choices = Choices.model_validate({"tolerances": {"currencies_add_up_to_base": {"amount": 2}}})
    settings = Settings(environment=Environment(), choices=choices)
    scope = build_definitions(settings).resources["scope"]  # type: ignore[index]
    assert scope.process_config_and_initialize().tolerances == {"currencies_add_up_to_base": {"amount": 2.0}}


def test_a_tolerance_of_no_such_check_is_a_mistake() -> None:
    choices = Choices.model_validate({"tolerances": {"base_adds_up": {"amount": 2}}})
    with pytest.raises(SettingsMistake, match="tolerances: there is no check 'base_adds_up' that tolerates anything"):
        build_definitions(Settings(environment=Environment(), choices=choices))


def test_the_file_that_ships_shows_what_each_identity_tolerates() -> None:
    shown = re.findall(r"^# (\w+ = \{ amount = .*\})$", DEFAULT_CONFIG.read_text(), flags=re.MULTILINE)
    told = tomllib.loads("\n".join(shown))
    own = {one.name: one.tolerance for one in declared().checks if one.tolerance is not None}
    assert list(told) == sorted(own), "add a line to [tolerances] of pipelines/ibkr.toml"
    assert told == {name: asdict(tolerance) for name, tolerance in own.items()}


def test_accounts_to_keep_reach_a_run_but_no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBKR_ACCOUNTS", "U9900001, U9900002")
    settings = read_settings()
    assert settings.environment.accounts == ["U9900001", "U9900002"]
    scope = resources_of(settings)["scope"]
    assert "U990" not in repr(scope.accounts)
    assert scope.process_config_and_initialize().wished_accounts == ["U9900001", "U9900002"]


def test_resources_can_be_replaced(tmp_path: Path) -> None:
    other = Lake(root=str(tmp_path), profile="other")
    resources = build_definitions(DEFAULT, resources={"lake": other}).resources or {}
    assert resources["lake"] is other
    assert set(resources) == {"gateway", "lake", "scope"}
