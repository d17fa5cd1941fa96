from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from resources.envelope import Request
from resources.gateway.refusals import refused_requests
from resources.journal import Journal

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
LEDGER = Request("GET", "/portfolio/U9900001/ledger", {"a": "1"})
RANGE = Request("POST", "/pa/performance", {}, {"period": "1Y"})


def _call(journal: Journal, request: Request, verdict: str | None, *, run_id: str, at: datetime = NOW) -> None:
    call_id = f"{run_id} {request.key} {verdict}"
    asked = {"method": request.method, "path": request.path, "query": dict(request.query), "body": request.body}
    journal.append({"id": call_id, "sent_at": at, "run_id": run_id, **asked}, at=at)
    if verdict is not None:
        journal.append({"id": call_id, "ended_at": at, "verdict": verdict}, at=at)


@pytest.mark.parametrize("verdict", ["Answered", "Unavailable", "NoData", "LoginRequired", "Throttled", None])
def test_only_a_refusal_is_final(tmp_path: Path, verdict: str | None) -> None:
    journal = Journal(tmp_path)
    _call(journal, LEDGER, verdict, run_id="one")
    _call(journal, RANGE, "Refused", run_id="one")
    assert refused_requests(journal, {"one"}, now=NOW) == {RANGE.key}


@pytest.mark.parametrize(("tries", "found"), [(set(), 0), ({"another"}, 0), ({"one"}, 1), ({"one", "another"}, 1)])
def test_only_earlier_tries_of_the_same_run_count(tmp_path: Path, tries: set[str], found: int) -> None:
    journal = Journal(tmp_path)
    _call(journal, LEDGER, "Refused", run_id="one")
    assert len(refused_requests(journal, tries, now=NOW)) == found


def test_what_was_refused_before_midnight_is_remembered_and_what_was_days_ago_is_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    _call(journal, LEDGER, "Refused", run_id="one", at=NOW)
    assert refused_requests(journal, {"one"}, now=NOW + timedelta(hours=8)) == {LEDGER.key}
    assert refused_requests(journal, {"one"}, now=NOW + timedelta(days=3)) == set()


@pytest.mark.parametrize("odd", [{}, {"verdict": "Refused"}, {"id": None, "verdict": "Refused"}])
def test_records_of_another_kind_are_passed_over(tmp_path: Path, odd: dict[str, Any]) -> None:
    journal = Journal(tmp_path)
    journal.append(odd, at=NOW)
    _call(journal, LEDGER, "Refused", run_id="one")
    assert refused_requests(journal, {"one"}, now=NOW) == {LEDGER.key}
