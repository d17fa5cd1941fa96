from datetime import timedelta

import pytest

from tests.assets.bent import DAY, Bent
from tests.assets.health.conftest import Night
from tests.assets.health.written import ENDS, EVENING, FRIDAY, MONDAY, OPENS, TUESDAY, Written

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


def test_work_that_was_landed_in_the_end_says_when_and_by_whom(bent: Bent) -> None:
    [row] = bent.build("parked_work").rows("parked_work").to_dict("records")
    assert (row["dataset"], row["first_day"], row["last_day"], row["days"]) == ("performance", DAY, DAY, 1)
    assert (row["waits_for"], row["ending"], row["parked_by_run_id"]) == ("Postponed", "landed", "earlier")
    assert row["why"].startswith("by run ")
    assert row["parked_at"] < row["resumes_at"] < row["ended_at"]
    assert row["extra"] is None


def test_work_that_waits_has_no_end(written: Written) -> None:
    written.parked(EVENING, days=(FRIDAY, MONDAY))
    [row] = written.landed("parked_work").rows("parked_work")
    assert (row["first_day"], row["last_day"], row["days"]) == (FRIDAY, MONDAY, 2)
    assert (row["ended_at"], row["ending"], row["why"], row["resumes_at"]) == (None, None, None, None)
    assert row["reason"] == "Nobody is logged in. Log in."


def test_work_stands_in_each_day_on_which_it_waited(written: Written) -> None:
    work = written.parked(OPENS - HOUR, days=(FRIDAY,))
    written.parked(ENDS + HOUR, days=(TUESDAY,))
    written.nights.lake.parked.end(work, "landed", "by run 2", at=EVENING)
    found = {day: written.landed("parked_work", day).rows("parked_work", day) for day in (FRIDAY, MONDAY, TUESDAY)}
    assert {day: [(row["last_day"], row["ending"]) for row in rows] for day, rows in found.items()} == {
        FRIDAY: [(FRIDAY, "landed")],
        MONDAY: [(FRIDAY, "landed")],
        TUESDAY: [(TUESDAY, None)],
    }


def test_a_later_landing_of_the_day_tells_the_end(written: Written) -> None:
    work = written.parked(EVENING)
    assert written.landed("parked_work").rows("parked_work")[0]["ending"] is None
    written.nights.lake.parked.end(work, "refused", "the dataset is no more", at=EVENING + HOUR)
    [row] = written.landed("parked_work").rows("parked_work")
    assert (row["ending"], row["why"], row["ended_at"]) == ("refused", "the dataset is no more", EVENING + HOUR)


@pytest.mark.parametrize(("ending", "failed"), [("landed", []), ("lost", ["nothing_was_lost"])])
def test_work_that_was_lost_fails_and_does_not_block(written: Written, ending: str, failed: list[str]) -> None:
    work = written.parked(EVENING)
    written.nights.lake.parked.end(work, ending, "the next day opened", at=ENDS - HOUR)  # type: ignore[arg-type]
    outcome = written.run("parked_work")
    assert outcome.is_success, outcome.failures
    assert [one.name for one in outcome.failed_checks] == failed


@pytest.mark.slow
def test_a_night_without_a_login_tells_what_waits_for_one(lapsed: Night) -> None:
    rows = lapsed.nights.table("parked_work")
    assert {"ledger", "positions", "allocation"} <= set(rows["dataset"])
    assert set(rows["waits_for"]) == {"LoginRequired"}
    assert rows["ending"].isna().all()
