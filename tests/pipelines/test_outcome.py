import signal
import threading
from collections.abc import Iterator

import dagster as dg
import pytest

from pipelines.outcome import STOPPED, Dataset, FailedCheck, Outcome, Waits, name_of, outcome_of, stage_of

DAYS = dg.DailyPartitionsDefinition("2026-11-01")
ONE_RUN = dg.BackfillPolicy.single_run()


@dg.asset(key=["raw", "apples"], partitions_def=DAYS, backfill_policy=ONE_RUN)
def raw_apples() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"requests": 3, "bytes": 500, "waited_seconds": 0.25})


@dg.asset(partitions_def=DAYS, deps=[raw_apples], backfill_policy=ONE_RUN)
def apples() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 12, "rejected": 2})


@dg.multi_asset_check(
    name="apples_checks",
    specs=[
        dg.AssetCheckSpec("are_round", asset="apples", blocking=True),
        dg.AssetCheckSpec("are_red", asset="apples"),
        dg.AssetCheckSpec("are_ripe", asset="apples", blocking=True),
    ],
)
def apples_checks() -> Iterator[dg.AssetCheckResult]:
    yield dg.AssetCheckResult(passed=True, check_name="are_round", asset_key="apples")
    yield dg.AssetCheckResult(
        passed=False,
        check_name="are_red",
        asset_key="apples",
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"offenders": 4},
    )
    yield dg.AssetCheckResult(passed=False, check_name="are_ripe", asset_key="apples", metadata={"offenders": 1})


@dg.multi_asset(name="warehouse", specs=[dg.AssetSpec("warehouse", deps=[apples]), dg.AssetSpec("juice")])
def warehouse() -> Iterator[dg.MaterializeResult[None]]:
    yield dg.MaterializeResult(asset_key="warehouse", metadata={"dagster/uri": "data/ibkr.duckdb"})
    yield dg.MaterializeResult(asset_key="juice", metadata={"dagster/row_count": 7})


@dg.asset(partitions_def=DAYS)
def spoken() -> None:
    raise dg.Failure("GET /ledger: 401, nobody is logged in. Log in.", allow_retries=False)


@dg.asset(partitions_def=DAYS)
def unspoken() -> None:
    try:
        _ = dict[str, str]()["colour"]
    except KeyError as error:
        raise ValueError("two\nlines.") from error


def _ran(*assets: object, first: str = "2026-11-23", last: str | None = None) -> Outcome:
    definitions = dg.Definitions(
        assets=[one for one in assets if not isinstance(one, dg.AssetChecksDefinition)],  # type: ignore[misc]
        asset_checks=[one for one in assets if isinstance(one, dg.AssetChecksDefinition)],
        executor=dg.in_process_executor,
    )
    bounds = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last or first}
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        partition_key=None if last else first,
        tags=bounds if last else None,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )
    return outcome_of(result.all_events, is_success=result.success, run_id=result.run_id)


@pytest.fixture(scope="module")
def good() -> Outcome:
    return _ran(raw_apples, apples, warehouse)


@pytest.fixture(scope="module")
def checked() -> Outcome:
    return _ran(raw_apples, apples, apples_checks, warehouse)


def test_rows_rejected_rows_and_requests_come_together_under_the_datasets_name(good: Outcome) -> None:
    assert good.is_success
    assert good.datasets == {"apples": Dataset(rows=12, rejected=2, requests=3), "juice": Dataset(rows=7)}


def test_what_the_network_cost_is_summed_up(good: Outcome) -> None:
    assert (good.requests, good.bytes, good.waited_seconds) == (3, 500, 0.25)


def test_the_warehouse_is_named(good: Outcome) -> None:
    assert good.warehouse == "data/ibkr.duckdb"


def test_each_stage_took_some_time(checked: Outcome, good: Outcome) -> None:
    assert list(good.seconds) == ["land", "build", "check", "publish"]
    assert min(good.seconds["land"], good.seconds["build"], good.seconds["publish"]) > 0
    assert good.seconds["check"] == 0
    assert checked.seconds["publish"] == 0, "a blocking check kept it from starting"


def test_a_range_of_days_counts_its_requests_and_rows_once() -> None:
    outcome = _ran(raw_apples, apples, first="2026-11-02", last="2026-11-20")
    assert outcome.datasets == {"apples": Dataset(rows=12, rejected=2, requests=3)}
    assert (outcome.requests, outcome.bytes) == (3, 500)


def test_checks_are_counted_and_the_failed_ones_named(checked: Outcome) -> None:
    assert not checked.is_success
    assert (checked.datasets["apples"].passed, checked.datasets["apples"].failed) == (1, 2)
    assert sorted(checked.failed_checks, key=lambda check: check.name) == [
        FailedCheck("are_red", "apples", offenders=4, is_blocking=False),
        FailedCheck("are_ripe", "apples", offenders=1, is_blocking=True),
    ]


def test_a_failed_blocking_check_is_not_told_a_second_time_as_a_failure(checked: Outcome) -> None:
    assert checked.failures == []


def test_nothing_is_published_after_a_failed_blocking_check(checked: Outcome) -> None:
    assert checked.warehouse is None


def test_a_failure_written_for_a_person_is_told_as_it_is() -> None:
    assert _ran(spoken).failures == ["GET /ledger: 401, nobody is logged in. Log in."]


def test_any_other_failure_is_one_line_with_the_step_and_where_the_trace_is() -> None:
    [reason] = _ran(unspoken).failures
    assert reason.startswith("unspoken: ")
    assert reason.endswith("This is a mistake in the software; the run page in `make dev` has the trace.")
    assert "\n" not in reason


@dg.asset(key=["raw", "cherries"], partitions_def=DAYS, output_required=False)
def raw_cherries(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    context.log_event(
        dg.AssetObservation(context.asset_key, partition=context.partition_key, metadata={"parked": "Log in."})
    )
    context.log_event(dg.AssetObservation(context.asset_key, metadata={"weather": "fine"}))
    yield from ()


@dg.asset(partitions_def=DAYS, deps=[raw_cherries])
def cherries() -> None:
    raise AssertionError("there is nothing to build it from")


def test_a_landing_that_was_parked_is_told_with_the_reason_and_is_no_failure() -> None:
    outcome = _ran(raw_cherries, cherries)
    assert outcome.is_success
    assert outcome.parked == [Waits("cherries", "Log in.")]
    assert (outcome.failures, outcome.datasets, outcome.has_landed) == ([], {}, False)


@pytest.mark.parametrize(("pages", "has_landed"), [(2, True), (0, False)])
def test_a_run_has_landed_something_when_a_landing_has_pages(pages: int, has_landed: bool) -> None:
    @dg.asset(key=["raw", "plums"], partitions_def=DAYS)
    def raw_plums() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"pages": pages})

    assert _ran(raw_plums).has_landed is has_landed


def test_a_run_that_did_nothing_is_empty() -> None:
    outcome = outcome_of([], is_success=True, run_id="r")
    assert outcome == Outcome(is_success=True, run_id="r")
    assert sum(outcome.seconds.values()) == 0


@pytest.mark.parametrize(
    ("step", "stage"),
    [
        ("raw__positions", "land"),
        ("positions", "build"),
        ("positions_checks", "check"),
        ("raw_positions_checks", "check"),
        ("warehouse", "publish"),
    ],
)
def test_a_step_belongs_to_a_stage_by_its_name(step: str, stage: str) -> None:
    assert stage_of(step) == stage


@pytest.mark.parametrize("path", [["raw", "positions"], ["positions"]])
def test_replies_and_rows_belong_to_one_dataset(path: list[str]) -> None:
    assert name_of(path) == "positions"


def test_a_run_that_was_stopped_by_hand_is_no_mistake_in_the_software() -> None:
    @dg.asset
    def endless() -> None:
        signal.raise_signal(signal.SIGINT)
        threading.Event().wait(10)

    result = dg.materialize([endless], raise_on_error=False)
    outcome = outcome_of(result.all_events, is_success=result.success, run_id=result.run_id)
    assert outcome.failures == [STOPPED]
    assert outcome.was_stopped
