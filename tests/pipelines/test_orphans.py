import fcntl
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from pipelines.orphans import DIED, free_the_dead, in_process, own_run
from tests.nights import dagster_home

pytestmark = pytest.mark.slow


@dg.op(pool="gateway")
def talk() -> None: ...


@dg.job
def talking() -> None:
    talk()


@dg.op
def look_for_the_dead(context: dg.OpExecutionContext) -> list[str]:
    free_the_dead(context.instance)
    return [path.stem for path in (Path(context.instance.root_directory) / "alive").iterdir()]


@dg.job(executor_def=in_process)
def looking() -> None:
    look_for_the_dead()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    dagster_home(tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as found:
        yield found


def _started_run(instance: dg.DagsterInstance) -> str:
    """A run that holds the gateway, with the lock file of a command."""
    run = instance.create_run_for_job(talking, run_id=str(uuid4()), status=dg.DagsterRunStatus.STARTED)
    instance.event_log_storage.initialize_concurrency_limit_to_default("gateway")
    claim = instance.event_log_storage.claim_concurrency_slot("gateway", run.run_id, "talk")
    assert claim.is_claimed
    folder = Path(instance.root_directory) / "alive"
    folder.mkdir(exist_ok=True)
    (folder / f"{run.run_id}.lock").touch()
    return run.run_id


def test_a_run_whose_process_is_dead_is_failed_and_gives_the_gateway_back(instance: dg.DagsterInstance) -> None:
    dead = _started_run(instance)
    with own_run(instance) as run_id:
        result = talking.execute_in_process(instance=instance, run_id=run_id)
    assert result.success
    run = instance.get_run_by_id(dead)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert DIED in {event.message for event in instance.all_logs(dead)}


def test_a_run_whose_process_lives_keeps_what_it_holds(instance: dg.DagsterInstance) -> None:
    alive = _started_run(instance)
    with (Path(instance.root_directory) / "alive" / f"{alive}.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with own_run(instance):
            run = instance.get_run_by_id(alive)
            assert run is not None
            assert run.status == dg.DagsterRunStatus.STARTED
            assert instance.event_log_storage.get_concurrency_info("gateway").active_run_ids == {alive}


def test_two_commands_at_once_do_not_take_each_other_for_dead(instance: dg.DagsterInstance) -> None:
    with own_run(instance) as first:
        instance.create_run_for_job(talking, run_id=first, status=dg.DagsterRunStatus.STARTED)
        with own_run(instance) as second:
            assert first != second
            run = instance.get_run_by_id(first)
            assert run is not None
            assert run.status == dg.DagsterRunStatus.STARTED


def test_the_dead_can_be_freed_by_who_runs_nothing(instance: dg.DagsterInstance) -> None:
    dead = _started_run(instance)
    free_the_dead(instance)
    run = instance.get_run_by_id(dead)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert instance.event_log_storage.get_concurrency_info("gateway").active_run_ids == set()
    free_the_dead(instance)


def test_nothing_is_left_behind(instance: dg.DagsterInstance) -> None:
    _started_run(instance)
    with own_run(instance):
        pass
    assert list((Path(instance.root_directory) / "alive").iterdir()) == []


def test_a_run_that_dagster_starts_is_known_to_be_alive_until_it_ends(instance: dg.DagsterInstance) -> None:
    with dg.execute_job(dg.reconstructable(looking), instance=instance) as result:
        assert result.success
        assert result.output_for_node("look_for_the_dead") == [result.run_id]
    assert list((Path(instance.root_directory) / "alive").iterdir()) == []
