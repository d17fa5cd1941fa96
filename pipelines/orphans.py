"""Runs whose process is dead must not keep the gateway from the next one.

A run holds its pool slot in Dagster's database. A process that is killed (kill -9, a power cut) never
gives it back, and the next run would wait for it, silently and for ever: only Dagster's daemon looks
for such runs, after hours, and a command needs no daemon. So each command locks a file named after its
run: the system drops the lock with the process, and the next command, or the daemon within a minute, frees what the
dead one held.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import dagster as dg

from resources.locks import ALONE, AT_ONCE, locked
from resources.private import make_folder

DIED = "Its process was killed before it ended. What it landed is kept; run it again."


@contextmanager
def own_run(instance: dg.DagsterInstance) -> Iterator[str]:
    """The id for a run of this process, known to be alive until the block ends; the dead are freed first."""
    free_the_dead(instance)
    folder = _folder(instance)
    make_folder(folder)
    path = folder / f"{uuid4()}.lock"
    with locked(path):
        try:
            yield path.stem
        finally:
            path.unlink()


def free_the_dead(instance: dg.DagsterInstance) -> None:
    """Fail the runs of commands that are gone, and free the pool slots that they held."""
    for path in sorted(_folder(instance).glob("*.lock")):
        _free_if_dead(instance, path)


def _folder(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / "commands"


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
