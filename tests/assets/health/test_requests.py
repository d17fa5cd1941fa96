import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resources.envelope import Request
from tests.assets.bent import Bent
from tests.assets.health.conftest import DAY, Night
from tests.assets.health.written import ENDS, EVENING, FRIDAY, MONDAY, OPENS, TUESDAY, Written
from tests.nights import Nights

pytestmark = pytest.mark.slow

SECOND = timedelta(seconds=1)
CHECKS = ("only_listed_calls_were_made", "no_limit_was_broken", "the_budget_was_kept")


def _ids(written: Written, day: Any = MONDAY) -> list[str]:
    return [row["request_id"] for row in written.rows("requests", day)]


@pytest.mark.slow
def test_a_night_holds_its_own_calls_of_every_dataset(night: Night) -> None:
    assert night.outcome.is_success, night.outcome.failures
    assert night.outcome.failed_checks == []
    rows = night.nights.table("requests")
    counted = rows["dataset"].value_counts()
    asked = {name: one.requests for name, one in night.outcome.datasets.items() if one.requests}
    assert asked
    assert set(asked) <= set(counted.index)
    assert set(rows["asked_by_run_id"]) == {night.outcome.run_id}
    assert (rows["verdict"] == "Answered").all()


@pytest.mark.slow
def test_every_call_that_reached_the_gateway_is_there_once(night: Night) -> None:
    assert night.nights.materialize("raw/requests", "requests", day=DAY).is_success
    rows = night.nights.table("requests")
    received = Counter(f"{asked.method} {asked.path}" for asked in night.gateway.simulation.requests)
    assert Counter(rows["method"] + " " + rows["path"]) == received
    assert len(received) > 5


@pytest.mark.slow
def test_a_night_without_a_login_tells_what_it_asked_in_vain(lapsed: Night) -> None:
    rows = lapsed.nights.table("requests")
    assert set(rows["verdict"]) == {"LoginRequired"}
    assert set(rows["status"]) == {401}
    assert set(rows["dataset"]) == {"session"}
    assert not [one for one in lapsed.outcome.failed_checks if one.name in CHECKS]


@pytest.mark.slow
def test_the_calls_of_all_accounts_are_kept_whichever_accounts_are_chosen(night: Night, tmp_path: Path) -> None:
    shutil.copytree(night.nights.data, tmp_path, dirs_exist_ok=True)
    chosen = Nights(tmp_path, night.gateway, scope={"accounts": ["U9900001"]})
    assert chosen.materialize("raw/requests", "requests", day=DAY).is_success
    rows = chosen.table("requests")
    assert rows["account_id"].isna().any()
    assert len(rows) >= len(night.nights.table("requests"))


def test_a_call_is_one_row_from_leaving_to_answer(written: Written) -> None:
    query = {"conid": "265598", "period": "1y"}
    written.sent(
        "a", EVENING, method="GET", path="/iserver/marketdata/history", query=query, purpose="bars_1d",
        counted_as="GET /iserver/marketdata/history", waited_seconds=1.5, waited_for="all requests, 10 per s",
    )  # fmt: skip
    written.ended("a", EVENING + timedelta(seconds=2.5), bytes=900)
    [row] = written.landed("requests").rows("requests")
    assert (row["seconds"], row["bytes"], row["status"], row["verdict"]) == (2.5, 900, 200, "Answered")
    assert (row["endpoint"], row["dataset"], row["conid"]) == ("GET /iserver/marketdata/history", "bars_1d", 265598)
    assert row["query"] == '{"conid":"265598","period":"1y"}'
    assert (row["waited_seconds"], row["waited_for"]) == (1.5, "all requests, 10 per s")
    assert (row["asked_by_run_id"], row["extra"]) == ("run-1", None)


@pytest.mark.parametrize(
    ("request_of", "account_id", "conid"),
    [
        ({"path": "/portfolio/U9900001/position/265598"}, "U9900001", 265598),
        ({"path": "/portfolio/accounts"}, None, None),
        ({"path": "/trsrv/secdef", "query": {"conids": "265598"}}, None, 265598),
        ({"path": "/trsrv/secdef", "query": {"conids": "265598,272093"}}, None, None),
        ({"method": "POST", "path": "/pa/performance", "body": {"acctIds": ["U9900001"]}}, "U9900001", None),
        ({"method": "POST", "path": "/pa/performance", "body": {"acctIds": ["U1", "U2"]}}, None, None),
        ({"method": "POST", "path": "/iserver/account", "body": {"acctId": "U9900001"}}, "U9900001", None),
    ],
)
def test_the_account_and_the_contract_are_those_that_the_request_names(
    written: Written, request_of: dict[str, Any], account_id: str | None, conid: int | None
) -> None:
    [row] = written.answered("a", EVENING, **request_of).landed("requests").rows("requests")
    assert (row["account_id"], row["conid"]) == (account_id, conid)


def test_a_call_without_an_end_is_under_way_until_one_is_written(written: Written) -> None:
    [row] = written.sent("a", EVENING).landed("requests").rows("requests")
    assert (row["verdict"], row["ended_at"], row["seconds"], row["status"]) == ("UnderWay", None, None, None)
    [row] = written.ended("a", EVENING + SECOND).landed("requests").rows("requests")
    assert (row["verdict"], row["seconds"]) == ("Answered", 1.0)


def test_a_call_belongs_to_the_day_that_opened_last(written: Written) -> None:
    written.sent("before", OPENS - SECOND).sent("first", OPENS).sent("last", ENDS - SECOND).sent("next", ENDS)
    for day, ids in ((FRIDAY, ["before"]), (MONDAY, ["first", "last"]), (TUESDAY, ["next"])):
        assert _ids(written.landed("requests", day), day) == ids


def test_the_day_of_an_answered_call_is_told_by_the_gateways_clock(written: Written) -> None:
    written.sent("a", OPENS - SECOND).ended("a", OPENS - SECOND, answered_at=OPENS)
    [row] = written.landed("requests").rows("requests")
    assert (row["request_id"], row["told_at"], row["sent_at"]) == ("a", OPENS, OPENS - SECOND)


def test_the_day_of_a_call_without_an_answer_is_told_by_our_clock_set_right(written: Written) -> None:
    years = timedelta(days=2000)
    written.sent("a", EVENING - years).sent("b", EVENING)
    written.observed(EVENING, "gateway down", clock_ahead_seconds=years.total_seconds())
    assert _ids(written.landed("requests")) == ["a"]


def test_a_later_landing_adds_what_came_after_and_keeps_what_the_journal_lost(written: Written) -> None:
    written.answered("a", EVENING).landed("requests")
    shutil.rmtree(written.gateway_folder)
    written.answered("b", EVENING + SECOND).landed("requests")
    assert _ids(written) == ["a", "b"]


def test_a_day_of_many_calls_is_kept_in_pages(written: Written) -> None:
    for number in range(2100):
        written.sent(f"{number:04}", OPENS + number * SECOND)
    written.landed("requests")
    [path] = written.nights.lake.raw.landings("requests", MONDAY.isoformat())
    assert [str(one.request)[-6:] for one in written.nights.lake.raw.read(path)] == ["page=0", "page=1", "page=2"]
    assert len(_ids(written)) == 2100


def test_a_recorded_night_passes_every_check(bent: Bent) -> None:
    bent.build("requests")
    for name in CHECKS:
        assert bent.verdict(name).has_passed, name
    assert bent.rows("requests")["extra"].isna().all()


@pytest.mark.parametrize(
    "call",
    [
        {"method": "POST", "path": "/iserver/account/U9900001/orders"},
        {"method": "DELETE", "path": "/iserver/account/U9900001/order/1"},
        {"method": "POST", "path": "/portfolio/accounts"},
    ],
    ids=lambda call: f"{call['method']} {call['path']}",
)
def test_a_call_that_is_not_listed_fails(bent: Bent, call: dict[str, str]) -> None:
    def traded(_: Request, calls: list[dict[str, Any]]) -> Any:
        return [calls[0] | call, *calls[1:]]

    [offender] = bent.bend("requests", traded).build("requests").verdict("only_listed_calls_were_made").offenders
    assert (offender["method"], "U9900001" in offender["path"]) == (call["method"], False)


def test_a_429_fails(bent: Bent) -> None:
    def throttled(_: Request, calls: list[dict[str, Any]]) -> Any:
        return [calls[0] | {"status": 429, "verdict": "Throttled"}, *calls[1:]]

    assert bent.bend("requests", throttled).build("requests").verdict("no_limit_was_broken").count == 1


@pytest.mark.parametrize(("calls", "offenders"), [(10, 0), (11, 1), (13, 3)])
def test_more_than_ten_calls_in_a_second_fail(written: Written, calls: int, offenders: int) -> None:
    for number in range(calls):
        written.sent(f"{number:02}", EVENING + number * timedelta(milliseconds=70), counted_as=f"{number}")
    outcome = written.run("requests")
    assert outcome.is_success, "it does not block"
    assert [(one.name, one.offenders) for one in outcome.failed_checks] == (
        [("the_budget_was_kept", offenders)] if offenders else []
    )


@pytest.mark.parametrize(("apart", "fails"), [(5.1, False), (4.9, True)])
def test_two_calls_closer_than_their_limit_fail(written: Written, apart: float, *, fails: bool) -> None:
    written.sent("a", EVENING, limit_seconds=5.0).sent("other", EVENING + SECOND, counted_as="GET /other")
    written.sent("b", EVENING + timedelta(seconds=apart), limit_seconds=5.0)
    assert [one.name for one in written.run("requests").failed_checks] == ["the_budget_was_kept"] * fails


def test_a_call_that_never_left_counts_against_no_limit(written: Written) -> None:
    nobody = {"verdict": "Unreachable", "status": None, "answered_at": None}
    written.sent("a", EVENING, limit_seconds=5.0).ended("a", EVENING + SECOND, **nobody)
    written.sent("b", EVENING + 2 * SECOND, limit_seconds=5.0)
    assert written.run("requests").failed_checks == []


def test_a_limit_is_kept_across_the_open_too(written: Written) -> None:
    limit = {"counted_as": "POST /pa/performance", "limit_seconds": 900.0}
    written.sent("a", OPENS - timedelta(minutes=10), **limit).sent("b", OPENS + timedelta(minutes=1), **limit)
    assert written.run("requests", FRIDAY).failed_checks == []
    assert [one.name for one in written.run("requests").failed_checks] == ["the_budget_was_kept"]
