"""Real runs that ended in each way there is, as Dagster recorded them."""

import signal
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster import DagsterRunStatus as Status

from assets.kit.cut_short import was_cut_short


@dg.op(config_schema=dg.Field(str, default_value="well"))
def end(context: dg.OpExecutionContext) -> None:
    if context.op_config == "badly":
        raise ValueError("a mistake")
    if context.op_config == "stopped":
        signal.raise_signal(signal.SIGINT)


@dg.job
def ending() -> None:
    end()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def _ended(instance: dg.DagsterInstance, how: str) -> str:
    ending.execute_in_process(instance=instance, run_config={"ops": {"end": {"config": how}}}, raise_on_error=False)
    [run] = instance.get_runs()
    return run.run_id[:8]


@pytest.mark.parametrize(("how", "is_cut_short"), [("well", False), ("badly", False), ("stopped", True)])
def test_a_run_that_ended_by_itself_was_not_cut_short_and_a_stopped_one_was(
    instance: dg.DagsterInstance, how: str, is_cut_short: bool
) -> None:
    assert was_cut_short(instance, _ended(instance, how)) is is_cut_short


@pytest.mark.parametrize("status", [Status.STARTED, Status.CANCELED])
def test_a_run_that_is_still_recorded_as_running_or_was_canceled_was_cut_short(
    instance: dg.DagsterInstance, status: Status
) -> None:
    run = instance.create_run_for_job(ending, status=status)
    assert was_cut_short(instance, run.run_id[:8])


def test_a_run_that_was_found_dead_was_cut_short(instance: dg.DagsterInstance) -> None:
    run = instance.create_run_for_job(ending, status=Status.STARTED)
    instance.report_run_failed(run, "its process is gone")
    assert was_cut_short(instance, run.run_id[:8])


def test_a_run_that_is_not_known_here_counts_as_ended(instance: dg.DagsterInstance) -> None:
    assert not was_cut_short(instance, "12345678")
