"""What a run may hold of what others need: pool slots and runs in Dagster's record, locks of the pacing budget."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import dagster as dg


def held(home: Path, data: Path) -> list[str]:
    """Everything that is held now, in words; nothing when all is free."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return [*_unfinished(instance), *_slots(instance), *_locks(data)]


def _unfinished(instance: dg.DagsterInstance) -> list[str]:
    return [f"run {run.run_id}: {run.status}" for run in instance.get_runs() if not run.is_finished]


def _slots(instance: dg.DagsterInstance) -> Iterator[str]:
    storage = instance.event_log_storage
    pools = storage.get_concurrency_keys()
    assert "gateway" in pools
    for pool in sorted(pools):
        info = storage.get_concurrency_info(pool)
        yield from (f"slot of {pool}: {slot.step_key}" for slot in info.claimed_slots)
        yield from (f"queue of {pool}: {step.step_key}" for step in info.pending_steps)


def _locks(data: Path) -> Iterator[str]:
    locks = sorted((data / ".gateways").rglob("*.lock"))
    assert locks, "nothing was ever locked"
    for path in locks:
        with path.open() as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield f"lock {path.name}"
