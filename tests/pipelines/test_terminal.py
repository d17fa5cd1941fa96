import io
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shlex import quote

import dagster as dg
import duckdb
import pytest
from rich.console import Console

from pipelines.outcome import Dataset, FailedCheck, Outcome
from pipelines.terminal import LOGGER, print_summary, terminal_logger
from tests.nights import dagster_home

ROOT = Path(__file__).parents[2]


def _told(outcome: Outcome, width: int = 100) -> str:
    text = io.StringIO()
    print_summary(outcome, Console(file=text, width=width))
    return text.getvalue()


def _outcome(warehouse: str = "data/simulator/warehouse/ibkr.duckdb") -> Outcome:
    return Outcome(
        is_success=True,
        run_id="r",
        datasets={
            "positions": Dataset(rows=1158, rejected=2, requests=3, passed=7, failed=1),
            "accounts": Dataset(rows=1, passed=6),
            "performance": Dataset(requests=1),
        },
        seconds={"land": 2.0, "build": 0.44, "check": 1.06, "publish": 0.78},
        requests=4,
        bytes=2_340_000,
        waited_seconds=0.3,
        warehouse=warehouse,
    )


def test_each_dataset_is_a_line_with_rows_rejected_requests_and_checks() -> None:
    lines = {line.split()[0]: line.split()[1:] for line in _told(_outcome()).splitlines() if line.strip()}
    assert lines["positions"] == ["1,158", "2", "3", "7", "1"]
    assert lines["accounts"] == ["1", "6"]
    assert lines["total"] == ["1,159", "2", "4", "13", "1"]
    assert lines["dataset"] == ["rows", "rejected", "requests", "checks", "passed", "failed"]


def test_datasets_with_rows_come_first_in_the_order_of_names() -> None:
    told = _told(_outcome())
    assert told.index("accounts") < told.index("positions") < told.index("performance")


def test_requests_are_told_with_the_share_of_the_pacing_budget() -> None:
    assert "requests  4 in 2.0 s, 2.3 MB: 20% of the 10/s allowed; 0.3 s were waits" in _told(_outcome())


@pytest.mark.parametrize(("beyond", "told"), [(0, "none beyond the fewest"), (2, "2 beyond the fewest")])
def test_requests_of_the_session_and_those_that_were_not_needed_are_told(beyond: int, told: str) -> None:
    outcome = replace(_outcome(), run_requests=7, beyond_fewest=beyond)
    assert f"3 more for the session; {told} there can be" in _told(outcome)


def test_seconds_are_told_per_stage() -> None:
    assert "seconds   land 2.0   build 0.4   check 1.1   publish 0.8" in _told(_outcome())


def test_a_run_that_asked_nothing_tells_no_budget() -> None:
    told = _told(Outcome(is_success=True, run_id="r", datasets={"bars_1d": Dataset(rows=10)}))
    assert "allowed" not in told
    assert "seconds" in told


@pytest.mark.parametrize("folder", ["plain", "with space", "[red] brackets", "Zoë", "Zoë's $HOME"])
def test_the_command_it_ends_with_queries_the_warehouse(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "ibkr.duckdb"
    path.parent.mkdir()
    with duckdb.connect(path) as connection:
        connection.execute("create table nav_daily as select date '2026-11-23' as nav_day, 1234567.5 as nav")
    told = _told(_outcome(str(path)), width=60)
    assert f"warehouse {path}\n" in told
    [command] = [line.strip() for line in told.splitlines() if line.startswith("  .venv/bin/python")]
    assert command.startswith(".venv/bin/python ")
    done = subprocess.run(
        ["bash", "-c", command.replace(".venv/bin/python", quote(sys.executable), 1)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert "1234567.5" in done.stdout


def test_after_a_failure_no_warehouse_is_offered() -> None:
    outcome = _outcome()
    outcome.is_success, outcome.warehouse = False, None
    told = _told(outcome)
    assert "Look into it" not in told
    assert "Nothing was published: a warehouse from before stays as it is." in told


@pytest.mark.parametrize(
    ("is_blocking", "words"), [(True, "blocks what follows"), (False, "does not block")], ids=["blocking", "not"]
)
def test_a_failed_check_is_a_sentence_with_the_number_of_offenders(is_blocking: bool, words: str) -> None:
    outcome = _outcome()
    outcome.failed_checks.append(FailedCheck("no_key_is_twice", "positions", 3, is_blocking=is_blocking))
    assert f"positions: no key is twice: not so for 3 ({words})" in _told(outcome)


def test_a_failure_is_one_line_however_long_and_told_once() -> None:
    outcome = Outcome(is_success=False, run_id="r")
    reason = "GET /portfolio/U…0001/ledger: 401, [nobody] is logged in. " + "Log in, then run again. " * 9
    outcome.failures += [reason, reason]
    told = _told(outcome, width=60)
    assert [line for line in told.splitlines() if "✗" in line] == [f"✗ {reason}"]


def test_a_finished_step_is_a_line_with_its_stage_and_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    @dg.asset(key=["raw", "apples"])
    def raw_apples() -> None: ...

    @dg.asset(deps=[raw_apples])
    def apples() -> None:
        raise dg.Failure("rotten")

    @dg.asset(deps=[apples])
    def juice() -> None: ...

    definitions = dg.Definitions(
        assets=[raw_apples, apples, juice], executor=dg.in_process_executor, loggers={LOGGER: terminal_logger}
    )
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        run_config={"loggers": {LOGGER: {"config": {}}}}, raise_on_error=False
    )
    [landed, failed] = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"  ✓ land    raw/apples +\d+\.\d\d s", landed)
    assert re.fullmatch(r"  ✗ build   apples +failed", failed)


def test_what_is_parked_is_a_line_and_its_reason_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    reason = {"parked": "GET /apples: 401, nobody is logged in. Log in [at the gateway]."}

    @dg.asset(key=["raw", "apples"], output_required=False)
    def raw_apples(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        context.log_event(dg.AssetObservation(context.asset_key, metadata=reason))
        yield from ()

    @dg.asset(key=["raw", "pears"], output_required=False)
    def raw_pears(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        context.log_event(dg.AssetObservation(context.asset_key, metadata=reason))
        yield from ()

    @dg.asset(deps=[raw_apples])
    def apples() -> None: ...

    definitions = dg.Definitions(
        assets=[raw_apples, raw_pears, apples], executor=dg.in_process_executor, loggers={LOGGER: terminal_logger}
    )
    definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        run_config={"loggers": {LOGGER: {"config": {}}}}
    )
    told, *steps = capsys.readouterr().out.splitlines()
    assert told == "  … GET /apples: 401, nobody is logged in. Log in [at the gateway]."
    assert [line.split() for line in steps] == [["…", "land", f"raw/{name}", "waits"] for name in ("apples", "pears")]


def test_what_a_step_warns_of_is_a_line_while_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    @dg.asset
    def apples(context: dg.AssetExecutionContext) -> None:
        context.log.info("this is for the UI")
        context.log.warning("POST /apples, 1 per 900 s: waiting [15.3] minutes")

    definitions = dg.Definitions(assets=[apples], executor=dg.in_process_executor, loggers={LOGGER: terminal_logger})
    definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        run_config={"loggers": {LOGGER: {"config": {}}}}
    )
    told, finished = capsys.readouterr().out.splitlines()
    assert told == "  … POST /apples, 1 per 900 s: waiting [15.3] minutes"
    assert "✓ build   apples" in finished


def test_waiting_for_another_run_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dagster_home(tmp_path)

    @dg.asset(pool="gateway")
    def apples() -> None: ...

    @dg.asset(pool="gateway")
    def pears() -> None: ...

    definitions = dg.Definitions(
        assets=[apples, pears], executor=dg.in_process_executor, loggers={LOGGER: terminal_logger}
    )
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default("gateway")
        assert storage.claim_concurrency_slot("gateway", "another run", "step").is_claimed
        release = threading.Timer(2.0, storage.free_concurrency_slots_for_run, ["another run"])
        release.start()
        definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, run_config={"loggers": {LOGGER: {"config": {}}}}
        )
        release.join()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  … another run uses gateway; waiting for it"
    assert ["✓" in line for line in lines[1:]] == [True, True]
