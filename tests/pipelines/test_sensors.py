"""The real sensors of the real code location, evaluated as the daemon does; nothing that they ask for is run."""

import fcntl
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from pipelines.definitions import declared, published_keys
from pipelines.embedded import EmbeddedGateway
from pipelines.orphans import DIED
from pipelines.resume import RESUMES_TAG
from pipelines.sensors import ATTEMPTS, NOTHING_TO_KEEP, PUBLISHES_TAG
from tests.nights import dagster_home
from tests.pipelines.watched import DEFINITIONS, MONDAY, House, night, resumed

pytestmark = pytest.mark.slow

PUBLISHED = {key.to_user_string() for key in published_keys()}
FAILURE, STARTED, SUCCESS = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS
BEGINNING = dg.DagsterRunStatus.NOT_STARTED
OURS = [table for table in declared().tables if table.raw.time == "local"]
RECORDS = {name for table in OURS for name in (f"raw/{table.raw.name}", table.name)}
OF_A_RANGE = {name for table in OURS if table.raw.is_ranged for name in (f"raw/{table.raw.name}", table.name)}


def _looked(
    house: House, sensor: str = "resume_parked_work", *, instance: dg.DagsterInstance | None = None, **other: Any
) -> SensorExecutionData:
    resources = {**house.resources, **other}
    repository = DEFINITIONS.get_repository_def()
    with dg.build_sensor_context(
        instance=instance or house.instance, definitions=DEFINITIONS, resources=resources
    ) as context:
        return repository.get_sensor_def(sensor).evaluate_tick(context)


def _requests(house: House) -> list[dg.RunRequest]:
    return list(_looked(house).run_requests or [])


def _assets(request: dg.RunRequest) -> set[str]:
    """What it makes, but the day's own records, which every run that resumes a day tells anew."""
    chosen = {key.to_user_string() for key in request.asset_selection or ()}
    assert RECORDS & chosen in (RECORDS, OF_A_RANGE, set())
    return chosen - RECORDS


@pytest.mark.parametrize("sensor", ["session", "resume_parked_work"])
def test_both_run_by_themselves_every_minute(sensor: str) -> None:
    found = DEFINITIONS.get_repository_def().get_sensor_def(sensor)
    assert found.default_status is dg.DefaultSensorStatus.RUNNING
    assert found.minimum_interval_seconds == 60
    assert found.description


def test_nothing_is_asked_for_where_nothing_waits(house: House) -> None:
    told = _looked(house)
    assert (told.run_requests, told.skip_message) == ([], "Nothing waits.")


def test_what_waits_for_a_login_waits_on_while_there_is_none(house: House) -> None:
    house.simulator.control.log_out()
    house.look()
    house.park("ledger", "performance")
    told = _looked(house)
    assert (told.run_requests, told.skip_message) == ([], "2 pieces of work wait on.")


def test_a_run_is_asked_for_exactly_what_is_parked_with_what_follows_and_the_warehouse(house: House) -> None:
    house.park("ledger", "performance", run_id=night(house.instance, lands=False))
    house.look()
    [request] = _requests(house)
    tables = {"ledger", "nav", "cumulative_returns", "period_returns"}
    assert _assets(request) == {"raw/ledger", "raw/performance"} | tables | PUBLISHED
    assert request.tags["dagster/partition"] == "2026-11-23"
    assert request.run_key == f"resume {request.tags[RESUMES_TAG]} 0"


def test_such_a_run_can_be_made_of_the_resume_job(house: House) -> None:
    """What a request selects is a whole part of the job: no half of an asset that is made at once."""
    house.park("ledger", run_id=night(house.instance, lands=False))
    house.look()
    [request] = _requests(house)
    job = DEFINITIONS.resolve_job_def("resume").get_subset(asset_selection=set(request.asset_selection or ()))
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == _assets(request) | RECORDS
    assert {key.name for key in job.asset_layer.asset_graph.asset_check_keys} >= {"currencies_add_up_to_base"}


def test_what_is_lost_soonest_is_asked_for_first_and_goes_first(house: House) -> None:
    earlier = MONDAY - timedelta(days=3)
    house.park("bars_1d", day=earlier)
    house.park("performance", day=earlier)
    house.park("ledger")
    house.look()
    today, replayable = _requests(house)
    assert {"raw/ledger", "raw/performance"} <= _assets(today)
    assert today.tags["dagster/partition"] == "2026-11-23", "today's window holds the days before"
    assert _assets(replayable) >= {"raw/bars_1d", "bars_1d"}
    assert replayable.tags["dagster/partition"] == "2026-11-20"
    assert int(today.tags["dagster/priority"]) > int(replayable.tags["dagster/priority"])


def test_the_same_work_has_the_same_run_key_at_each_look_so_that_the_daemon_starts_it_once(house: House) -> None:
    house.park("ledger", "bars_1d")
    house.look()
    assert [one.run_key for one in _requests(house)] == [one.run_key for one in _requests(house)]


@pytest.mark.parametrize("status", [BEGINNING, STARTED])
def test_nothing_is_asked_for_a_second_time_while_a_run_is_at_it(house: House, status: dg.DagsterRunStatus) -> None:
    """Nor when half of it has landed since, or more became due: either makes another piece of it."""
    ledger, positions = house.park("ledger", "positions")
    house.look()
    [request] = _requests(house)
    assets = [one for one in _assets(request) if one not in PUBLISHED]
    resumed(house.instance, status, *assets, "warehouse", digest=request.tags[RESUMES_TAG])
    assert _requests(house) == []
    house.nights.lake.parked.end(positions, "landed", "by that run", at=ledger.parked_at)
    house.park("bars_1d")
    assert [_assets(one) - PUBLISHED for one in _requests(house)] == [{"raw/bars_1d", "bars_1d"}]


def test_a_run_that_fails_is_tried_three_times_in_all(house: House) -> None:
    house.park("ledger")
    house.look()
    keys = []
    for _ in range(ATTEMPTS):
        [request] = _requests(house)
        keys.append(request.run_key)
        resumed(house.instance, FAILURE, "raw/ledger", "ledger", digest=request.tags[RESUMES_TAG])
    assert len(set(keys)) == ATTEMPTS == 3
    assert _requests(house) == []
    assert [work.dataset for work in house.nights.lake.parked.waiting()] == ["ledger"], "it is on record still"


def test_work_that_is_parked_again_is_another_try(house: House) -> None:
    house.park("ledger", run_id=night(house.instance, lands=False))
    house.look()
    [first] = _requests(house)
    again = resumed(house.instance, SUCCESS, "raw/ledger", "ledger", "warehouse", digest=first.tags[RESUMES_TAG])
    house.park("ledger", run_id=again.run_id)
    [second] = _requests(house)
    assert second.run_key != first.run_key


def test_a_night_that_parked_a_part_is_published_once_with_what_there_is(house: House) -> None:
    house.simulator.control.compete()
    house.look()
    run_id = night(house.instance)
    house.park("bars_1d", waits_for="Competing", run_id=run_id)
    [request] = _requests(house)
    assert (request.run_key, _assets(request)) == (f"publish {run_id}", PUBLISHED)
    assert request.tags[PUBLISHES_TAG] == run_id
    assert RESUMES_TAG not in request.tags
    house.instance.create_run_for_job(
        DEFINITIONS.resolve_job_def("resume"), run_id=str(uuid4()), status=BEGINNING, tags=request.tags
    )
    assert _requests(house) == []


@pytest.mark.parametrize(
    "parked_in",
    [
        pytest.param({"fails": True}, id="a night with a failure"),
        pytest.param({"lands": False}, id="a night that landed nothing"),
    ],
)
def test_such_a_night_is_not_published(house: House, parked_in: dict[str, bool]) -> None:
    house.simulator.control.compete()
    house.look()
    house.park("bars_1d", waits_for="Competing", run_id=night(house.instance, **parked_in))
    assert _requests(house) == []


def test_what_a_failed_night_parked_lands_and_is_not_published(house: House) -> None:
    house.park("ledger", run_id=night(house.instance, fails=True))
    house.look()
    [request] = _requests(house)
    assert _assets(request) == {"raw/ledger", "ledger"}


@pytest.mark.parametrize("sensor", ["session", "resume_parked_work"])
def test_the_embedded_simulator_has_nothing_to_keep_and_is_not_started_for_it(house: House, sensor: str) -> None:
    gateway = EmbeddedGateway()
    house.park("ledger")
    told = _looked(house, sensor, gateway=gateway)
    assert (told.run_requests, told.skip_message) == ([], NOTHING_TO_KEEP)
    assert gateway._client is None


def test_the_session_sensor_says_how_the_session_stands(house: House) -> None:
    told = _looked(house, "session")
    assert told.run_requests == []
    assert told.skip_message == "ready since 2026-11-23 23:30 UTC."


def test_the_session_sensor_brings_up_a_brokerage_session_that_died(house: House) -> None:
    house.simulator.control.drop()
    assert _looked(house, "session").skip_message == "ready since 2026-11-23 23:30 UTC."
    assert house.simulator.control.session()["authenticated"]


def test_the_session_sensor_frees_what_dead_commands_held_and_nothing_else(house: House, tmp_path: Path) -> None:
    home = dagster_home(tmp_path / "home")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        dead, alive = (resumed(instance, STARTED, "raw/ledger", digest=one) for one in ("dead", "alive"))
        storage = instance.event_log_storage
        storage.set_concurrency_slots("gateway", 2)
        (home / "alive").mkdir()
        for run in (dead, alive):
            assert storage.claim_concurrency_slot("gateway", run.run_id, "raw__ledger").is_claimed
            (home / "alive" / f"{run.run_id}.lock").touch()
        with (home / "alive" / f"{alive.run_id}.lock").open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            _looked(house, "session", instance=instance)
        assert storage.get_concurrency_info("gateway").active_run_ids == {alive.run_id}
        statuses = {run.run_id: run.status for run in instance.get_runs()}
        assert statuses == {dead.run_id: FAILURE, alive.run_id: STARTED}
        assert DIED in {event.message for event in instance.all_logs(dead.run_id)}
