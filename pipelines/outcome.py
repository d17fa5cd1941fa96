"""What a run did, read from its Dagster events: rows, requests, checks, seconds, failures. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from assets.kit.cut_short import innermost, is_interruption

STAGES = ("land", "build", "check", "publish")
STOPPED = "Stopped. What was landed is kept; run it again."


@dataclass(slots=True)
class Dataset:
    """One dataset's part of a run."""

    rows: int | None = None
    rejected: int = 0
    requests: int = 0
    passed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check that did not pass."""

    name: str
    dataset: str
    offenders: int
    is_blocking: bool
    says: str = ""


@dataclass(frozen=True, slots=True)
class Waits:
    """A landing that was parked, and why."""

    dataset: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """A run in numbers."""

    is_success: bool
    run_id: str
    datasets: dict[str, Dataset] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    requests: int = 0
    run_requests: int = 0  # the session's own included
    beyond_fewest: int = 0
    bytes: int = 0
    waited_seconds: float = 0.0
    warehouse: str | None = None
    failed_checks: list[FailedCheck] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    parked: list[Waits] = field(default_factory=list)
    has_landed: bool = False

    @property
    def was_stopped(self) -> bool:
        """Whether a person stopped it (Ctrl-C, or the UI)."""
        return STOPPED in self.failures


def outcome_of(events: Iterable[dg.DagsterEvent], *, is_success: bool, run_id: str) -> Outcome:
    """Sum up a run's events."""
    outcome = Outcome(is_success=is_success, run_id=run_id)
    last: dict[tuple[str, ...], dg.DagsterEvent] = {}
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION and event.asset_key:
            last[tuple(event.asset_key.path)] = event
        elif event.event_type in _TOLD_BY:
            _TOLD_BY[event.event_type](outcome, event)
    for path, event in last.items():  # a run over a range tells each day the same sums
        _materialized(outcome, path, event)
    return outcome


def stage_of(step: str) -> str:
    """The stage a step belongs to, by the name the kit gives it."""
    if step.endswith("_checks"):
        return "check"
    if step.startswith("raw__"):
        return "land"
    return "publish" if step == "warehouse" else "build"


def failure_of(event: dg.DagsterEvent) -> str:
    """Why a step failed, in the words of the error that speaks to a person, or the error's own."""
    data = event.step_failure_data
    told = data.user_failure_data.description if data.user_failure_data else None
    if told:
        return str(told)
    return _words(str(event.step_key), data.error)


def _is_failed_check(error: Any) -> bool:
    """A blocking check that failed ends its step and the run too; the check itself says more."""
    found = innermost(error)
    return found is not None and found.cls_name == "DagsterAssetCheckFailedError"


def _words(where: str, error: Any) -> str:
    """The innermost words of an error that was not written for a person."""
    found = innermost(error)
    if is_interruption(found):
        return STOPPED
    words = " ".join(found.message.split()).rstrip(".") if found else "no reason was recorded"
    return f"{where}: {words}. This is a mistake in the software; the run page in `make dev` has the trace."


def metadata_of(event: dg.DagsterEvent) -> dict[str, Any]:
    """The plain values of a materialization's metadata."""
    found = event.step_materialization_data.materialization.metadata
    return {name: value.value for name, value in found.items()}


def name_of(path: Sequence[str]) -> str:
    """The dataset an asset belongs to."""
    return path[-1]


def _materialized(outcome: Outcome, path: Sequence[str], event: dg.DagsterEvent) -> None:
    facts = metadata_of(event)
    if path[0] == "warehouse":
        outcome.warehouse = facts["dagster/uri"]
        return
    dataset = outcome.datasets.setdefault(name_of(path), Dataset())
    if path[0] == "raw":
        outcome.has_landed = outcome.has_landed or bool(facts.get("pages"))
        dataset.requests += facts.get("requests", 0)
        outcome.requests += facts.get("requests", 0)
        outcome.run_requests = max(outcome.run_requests, facts.get("run_requests", 0))
        outcome.beyond_fewest = max(outcome.beyond_fewest, facts.get("run_requests_beyond_fewest", 0))
        outcome.bytes += facts.get("bytes", 0)
        outcome.waited_seconds += facts.get("waited_seconds", 0.0)
    else:
        dataset.rows = facts.get("rows", facts.get("dagster/row_count"))
        dataset.rejected += facts.get("rejected", 0)


def _observed(outcome: Outcome, event: dg.DagsterEvent) -> None:
    observation = event.asset_observation_data.asset_observation
    reason = observation.metadata.get("parked")
    if reason is not None:
        outcome.parked.append(Waits(name_of(observation.asset_key.path), str(reason.value)))


def _checked(outcome: Outcome, event: dg.DagsterEvent) -> None:
    found = event.asset_check_evaluation_data
    dataset = outcome.datasets.setdefault(name_of(found.asset_key.path), Dataset())
    if found.passed:
        dataset.passed += 1
        return
    dataset.failed += 1
    offenders, says = found.metadata.get("offenders"), found.metadata.get("says")
    outcome.failed_checks.append(
        FailedCheck(
            name=found.check_name,
            dataset=name_of(found.asset_key.path),
            offenders=offenders.value if offenders and isinstance(offenders.value, int) else 0,
            is_blocking=found.severity == dg.AssetCheckSeverity.ERROR,
            says=str(says.value) if says else "",
        )
    )


def _succeeded(outcome: Outcome, event: dg.DagsterEvent) -> None:
    outcome.seconds[stage_of(event.step_key or "")] += event.step_success_data.duration_ms / 1000


def _failed(outcome: Outcome, event: dg.DagsterEvent) -> None:
    if not _is_failed_check(event.step_failure_data.error):
        outcome.failures.append(failure_of(event))


def _ended_badly(outcome: Outcome, event: dg.DagsterEvent) -> None:
    error = event.job_failure_data.error
    if not outcome.failures and not _is_failed_check(error):
        outcome.failures.append(_words("the run", error))


_TOLD_BY: Mapping[dg.DagsterEventType, Callable[[Outcome, dg.DagsterEvent], None]] = {
    dg.DagsterEventType.ASSET_OBSERVATION: _observed,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION: _checked,
    dg.DagsterEventType.STEP_SUCCESS: _succeeded,
    dg.DagsterEventType.STEP_FAILURE: _failed,
    dg.DagsterEventType.RUN_FAILURE: _ended_badly,
}
