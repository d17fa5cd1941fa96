"""Results of checks: written down by hand, landed and asked for; and those of real runs, failed ones too."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.kit.beside import beside_the_tables
from assets.warehouse import read_marts, table_source
from resources.simulator.options import Options
from resources.simulator.server import serve
from resources.warehouse.build import build, connected
from tests.assets.bent import TABLES, Bent
from tests.assets.health.conftest import DAY, SCOPE, SMALL
from tests.assets.health.conftest import EVENING as NIGHT
from tests.assets.health.written import EVENING, FRIDAY, MONDAY, TUESDAY, Written
from tests.nights import Nights

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
DRAWN = next(mart for mart in read_marts() if mart.name == "data_quality")


def found(written: Written, day: date, at: datetime, *, passed: bool = True, **facts: Any) -> None:
    """A check of the ledger was made."""
    result = {
        "day": day, "first_day": day, "days": 1, "layer": "table", "dataset": "ledger", "check": "it_adds_up",
        "passed": passed, "severity": "ERROR", "offenders": 0 if passed else 2, "first_offenders": None,
        "run_id": "run-1", "job": "nightly", "is_rebuild": False,
    }  # fmt: skip
    written.nights.lake.checks.append({**result, **facts}, at=at)


def landed(written: Written, day: date) -> list[dict[str, Any]]:
    return written.landed("check_results", day).rows("check_results", day)


def quality(written: Written) -> list[Mapping[str, Any]]:
    """The mart, over what was landed."""
    target = written.folder / "w.duckdb"
    build(target, [table_source(TABLES["check_results"], written.nights.lake.tables)], [DRAWN])
    with connected(target, read_only=True) as connection:
        rows = connection.execute("from data_quality").df()
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def test_a_result_is_a_row_with_what_was_found(written: Written) -> None:
    told = {
        "residual": 1.25, "tolerance": 0.01, "residual_in_tolerances": 125.0, "compared": 3,
        "says": "account_id U…0001", "first_offenders": "| account_id |",
    }  # fmt: skip
    found(written, MONDAY, EVENING, passed=False, **told)
    [row] = landed(written, MONDAY)
    assert (row["checked_day"], row["first_checked_day"], row["days"]) == (MONDAY, MONDAY, 1)
    assert (row["dataset"], row["layer"], row["check_name"]) == ("ledger", "table", "it_adds_up")
    assert (row["has_passed"], row["severity"], row["offenders"]) == (False, "ERROR", 2)
    assert {name: row[name] for name in told} == told
    assert (row["evaluated_at"], row["checked_by_run_id"], row["job"]) == (EVENING, "run-1", "nightly")
    assert row["extra"] is None


def test_a_night_holds_all_that_no_night_has_taken_and_no_result_twice(written: Written) -> None:
    found(written, FRIDAY, EVENING, passed=False)
    found(written, FRIDAY, EVENING + MINUTE)
    assert [row["checked_day"] for row in landed(written, FRIDAY)] == [FRIDAY, FRIDAY]
    own = {row["dataset"] for row in landed(written, FRIDAY)}
    assert own == {"ledger", "check_results"}, "of these rows themselves, found after they were landed"
    found(written, FRIDAY, EVENING + 2 * MINUTE, is_rebuild=True)
    found(written, MONDAY, EVENING + 3 * MINUTE)
    ledger = [row for row in landed(written, MONDAY) if row["dataset"] == "ledger"]
    assert [(row["checked_day"], row["is_rebuild"]) for row in ledger] == [(FRIDAY, True), (MONDAY, False)]


def test_a_landing_made_again_holds_what_it_held_though_the_journal_was_cleared_away(written: Written) -> None:
    found(written, MONDAY, EVENING)
    before = landed(written, MONDAY)
    (written.nights.lake.layout.checks_folder / "all.jsonl").unlink()
    found(written, MONDAY, EVENING + MINUTE)
    assert [row["evaluated_at"] for row in before + landed(written, MONDAY)] == [EVENING, EVENING, EVENING + MINUTE]


def test_data_quality_has_the_last_result_of_a_day_and_counts_the_others(written: Written) -> None:
    found(written, FRIDAY, EVENING, passed=False, residual=3.0)
    found(written, FRIDAY, EVENING + MINUTE)
    landed(written, FRIDAY)
    found(written, MONDAY, EVENING, severity="WARN", passed=False)
    landed(written, MONDAY)
    rows = {row["trading_day"].date(): row for row in quality(written) if row["dataset"] == "ledger"}
    assert rows[FRIDAY]["has_passed"]
    assert rows[FRIDAY]["is_blocking"]
    assert (rows[FRIDAY]["evaluations"], rows[FRIDAY]["failures"]) == (2, 1)
    assert rows[FRIDAY]["residual"] is None or rows[FRIDAY]["residual"] != 3.0
    assert (rows[MONDAY]["has_passed"], rows[MONDAY]["is_blocking"]) == (False, False)


def test_what_a_run_judged_together_counts_for_each_night_in_its_range(written: Written) -> None:
    found(written, FRIDAY, EVENING, passed=False)
    found(written, MONDAY, EVENING + timedelta(seconds=1), passed=False)
    found(written, MONDAY, EVENING + MINUTE, first_day=FRIDAY, days=2, is_rebuild=True)
    found(written, TUESDAY, EVENING + 2 * MINUTE)
    landed(written, TUESDAY)
    rows = {row["trading_day"].date(): row for row in quality(written) if row["dataset"] == "ledger"}
    assert {day: (row["has_passed"], row["days"]) for day, row in rows.items()} == {
        FRIDAY: (True, 2),
        MONDAY: (True, 2),
        TUESDAY: (True, 1),
    }


@pytest.mark.slow
def test_the_night_that_is_published_holds_the_results_of_all_its_checks_but_of_their_own_table(tmp_path: Path) -> None:
    with serve(Options(clock=NIGHT, positions=5)) as gateway:
        nights = Nights(tmp_path, gateway, scope=SCOPE, choices=SMALL)
        outcome = nights.run("nightly", DAY)
    made = sum(one.passed + one.failed for one in outcome.datasets.values())
    own = outcome.datasets["check_results"].passed
    assert own > 0
    assert made > 2 * own, "of other tables too"
    told = nights.query(f"select * from data_quality where trading_day = date '{DAY}'")
    assert len(told) == made - own
    assert told["has_passed"].sum() == len(told) - len(outcome.failed_checks)
    assert set(told["job"]) == {"nightly"}


def test_a_check_that_fails_is_told_of_by_the_next_night_that_is_published(bent: Bent) -> None:
    at = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    failed = {
        "day": date(2026, 11, 23), "first_day": date(2026, 11, 23), "days": 1, "layer": "table", "dataset": "positions",
        "check": "key_is_unique", "passed": False, "severity": "ERROR", "offenders": 1, "run_id": "r", "job": "nightly",
        "is_rebuild": False,
    }  # fmt: skip
    bent.lake.checks.append(failed, at=at)
    assert [one["check"] for one in bent.lake.checks.of_landing(date(2026, 11, 24))] == ["key_is_unique"]


def test_the_relations_beside_the_tables_can_be_made_without_a_file() -> None:
    assert [one.name for one in beside_the_tables(list(TABLES.values()))] == ["rejected", "unknown_values"]
