"""Runs whose process is dead must not keep the gateway from the next one.

A run holds its pool slot in Dagster's database. A process that is killed (kill -9, a power cut) never
gives it back, and the next run would wait for it, silently and for ever: only Dagster's daemon looks
for such runs, after hours, and a command needs no daemon. So each run, of a command or of the UI, locks a file named
after it: the system drops the lock with the process, and the next command, or the daemon within a minute, frees what
the dead one held. A run of the UI that was failed so is started again by Dagster (`run_retries` in `dagster.yaml`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import dagster as dg
from dagster._core.definitions.executor_definition import IN_PROC_CONFIG
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.executor.in_process import InProcessExecutor

from resources.locks import ALONE, AT_ONCE, locked
from resources.private import make_folder

DIED = "Its process was killed before it ended. What it landed is kept; run it again."


@contextmanager
def own_run(instance: dg.DagsterInstance) -> Iterator[str]:
    """The id for a run of this process, known to be alive until the block ends; the dead are freed first."""
    free_the_dead(instance)
    run_id = str(uuid4())
    with _alive(instance, run_id):
        yield run_id


class KnownAlive(InProcessExecutor):
    """All steps of a run in its process, which is known to be alive meanwhile; of a command `own_run` tells that."""

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        with _alive(plan_context.instance, plan_context.run_id):
            yield from super().execute(plan_context, execution_plan)


@dg.executor(name="in_process", config_schema=IN_PROC_CONFIG)
def in_process(init: dg.InitExecutorContext) -> KnownAlive:
    """Dagster's own executor of that name, watched."""
    own = dg.in_process_executor.executor_creation_fn
    assert own is not None
    made = own(init)
    return KnownAlive(made.retries, made.step_dependency_config)


def free_the_dead(instance: dg.DagsterInstance) -> None:
    """Fail the runs whose processes are gone, and free the pool slots that they held."""
    for path in sorted(_folder(instance).glob("*.lock")):
        _free_if_dead(instance, path)


@contextmanager
def _alive(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """A file has the name that is looked for only while it is locked."""
    folder = _folder(instance)
    make_folder(folder)
    path, unlocked = folder / f"{run_id}.lock", folder / f"{run_id}.new"
    with locked(unlocked):
        unlocked.rename(path)
        try:
            yield
        finally:
            path.unlink()


def _folder(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / "alive"


def _free_if_dead(instance: dg.DagsterInstance, path: Path) -> None:
    try:
        with locked(path, ALONE | AT_ONCE):
            run = instance.get_run_by_id(path.stem)
            if run is not None and not run.is_finished:
                instance.report_run_failed(run, DIED)
            instance.event_log_storage.free_concurrency_slots_for_run(path.stem)
            path.unlink(missing_ok=True)
    except BlockingIOError:
        return
