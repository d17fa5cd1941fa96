"""What a dataset that cannot be trusted does to a run: nothing follows from it, and the reason is told."""

from pathlib import Path

import dagster as dg
import pytest

from assets.warehouse import read_marts
from pipelines.outcome import Outcome
from tests.assets.shrunk import FRIDAY, MONDAY, TUESDAY, Shrunk

pytestmark = pytest.mark.slow

MARTS = [mart.name for mart in read_marts()]


@pytest.fixture
def shrunk(tmp_path: Path) -> Shrunk:
    shrunk = Shrunk(tmp_path)
    shrunk.landed(FRIDAY, U1234567=30).built(FRIDAY)
    return shrunk


def _run(shrunk: Shrunk, day: str) -> Outcome:
    return shrunk.nights.materialize("positions", "check_results", "raw/check_results", "warehouse", *MARTS, day=day)


def test_a_table_whose_rows_are_all_rejected_blocks_what_follows_and_says_why(shrunk: Shrunk) -> None:
    shrunk.landed(MONDAY, unreadable=5, U1234567=5)
    outcome = _run(shrunk, MONDAY.isoformat())
    assert not outcome.is_success
    assert outcome.warehouse is None
    says = {one.name: (one.is_blocking, one.says) for one in outcome.failed_checks}
    assert says["not_every_row_was_rejected"] == (
        True,
        "reason quantity: position cannot be read as float, rows 5",
    )


def test_what_is_held_back_blocks_publication_with_one_line_until_it_is_accepted(shrunk: Shrunk) -> None:
    assert _run(shrunk.landed(FRIDAY, U1234567=30), FRIDAY.isoformat()).is_success
    published = shrunk.lake.layout.warehouse_file.stat().st_ino
    outcome = _run(shrunk.landed(MONDAY, U1234567=4), MONDAY.isoformat())
    assert not outcome.is_success
    [failed] = outcome.failed_checks
    assert (failed.name, failed.is_blocking) == ("nothing_is_held_back", True)
    assert failed.says == shrunk.waiting(MONDAY).reason
    assert outcome.failures == []
    assert shrunk.lake.layout.warehouse_file.stat().st_ino == published
    assert _metadata(shrunk, "held_back") == failed.says

    shrunk.accept(MONDAY)
    outcome = _run(shrunk, MONDAY.isoformat())
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert _metadata(shrunk, "accepted").endswith("accepted at 2024-11-27 01:02 UTC")
    told = shrunk.nights.query(
        "select has_passed, says from check_results where check_name = 'nothing_is_held_back' order by evaluated_at"
    )
    assert list(told["has_passed"]) == [True, False, True], "the night that was blocked is told of by the next"
    assert told["says"][1] == failed.says


def test_of_several_days_in_one_run_the_one_that_is_held_back_is_named(shrunk: Shrunk) -> None:
    shrunk.landed(MONDAY, U1234567=4).landed(TUESDAY, U1234567=31)
    outcome = shrunk.nights.materialize("positions", day=FRIDAY.isoformat(), last=TUESDAY.isoformat())
    assert [(one.name, one.offenders) for one in outcome.failed_checks] == [("nothing_is_held_back", 1)]
    assert [shrunk.standing(day) for day in (FRIDAY, MONDAY, TUESDAY)] == [30, None, 31]


def _metadata(shrunk: Shrunk, name: str) -> str:
    event = shrunk.nights.instance.get_latest_materialization_event(dg.AssetKey("positions"))
    assert event is not None
    assert event.asset_materialization is not None
    return str(event.asset_materialization.metadata[name].value)
