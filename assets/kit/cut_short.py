"""Whether a run was ended from outside (killed, stopped, its machine gone) and not by anything that it did itself.

Belongs here: reading that from Dagster's record. Does not: what follows from it (`kept.py`), freeing what such a run
held (`pipelines/orphans.py`). A run in which a step failed came to its own end: its check, or its landing, said no.
Of a run stopped by Ctrl-C Dagster records a failure too, of the step that was interrupted.
"""

from typing import Any

import dagster as dg

LATEST = 100
"""How many runs are looked through; an older one landed nothing that still counts."""


def was_cut_short(instance: dg.DagsterInstance, letters: str) -> bool:
    """By the first letters of its id; false of a run that is not known here."""
    run = next((run for run in instance.get_runs(limit=LATEST) if run.run_id.startswith(letters)), None)
    if run is None or run.status is dg.DagsterRunStatus.SUCCESS:
        return False
    if run.status is not dg.DagsterRunStatus.FAILURE:
        return True
    failed = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    events = (one.event_log_entry.dagster_event for one in failed)
    return all(event is not None and is_interruption(innermost(event.step_failure_data.error)) for event in events)


def innermost(error: Any) -> Any:
    """The error that a recorded one began with; None of none."""
    while error is not None and error.cause is not None:
        error = error.cause
    return error


def is_interruption(error: Any) -> bool:
    """Whether a recorded error is somebody's Ctrl-C, or the UI's terminate."""
    return error is not None and error.cls_name == "DagsterExecutionInterruptedError"
