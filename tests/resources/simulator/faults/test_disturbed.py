"""Faults on whole exchanges, through the application but without a socket."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from resources.simulator.clock import Clock
from resources.simulator.faults.disturbed import Disturbed
from resources.simulator.faults.faults import Faults
from resources.simulator.faults.files import parse_rules
from tests.resources.simulator.conftest import EVENING, Answer, Desk, Hand, make_desk

POSITIONS = "/portfolio/U9900001/positions"


def disturb(desk: Desk, *faults: Any, path: str = "/portfolio/U9900001/*", **rule: Any) -> None:
    desk.simulation.faults.replace(parse_rules({"path": path, "faults": faults, **rule}))


def conids(answer: Answer) -> list[int]:
    return [row["conid"] for row in answer.json]


@pytest.fixture
def paged() -> Desk:
    desk = make_desk(positions=150)
    desk.prime()
    return desk


def test_a_disturbed_reply_still_has_the_headers_of_the_gateway(primed: Desk) -> None:
    disturb(primed, "added_fields")
    answer = primed.client.get("/portfolio/U9900001/ledger")
    assert answer.headers["x-simulator"] == "ibkr-warehouse"
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert "content-length" not in answer.headers
    assert answer.json["BASE"]["novelty"] == {"since": "10.47"}


def test_a_timeout_can_pass_on_the_simulated_clock_alone(primed: Desk) -> None:
    disturb(primed, {"fault": "timed_out", "waits": False})
    answer = primed.client.get("/portfolio/U9900001/ledger")
    assert (answer.status, answer.body) == (503, b"")
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-response-time"] == "10000ms"
    assert answer.headers["date"] == "Tue, 24 Nov 2026 23:30:10 GMT"
    assert primed.simulation.clock.now() == EVENING + timedelta(seconds=10)


def test_what_answers_instead_leaves_the_endpoint_unasked(desk: Desk) -> None:
    disturb(desk, "logged_out", path="/portfolio/accounts", times=1)
    assert desk.client.get("/portfolio/accounts").status == 401
    assert desk.simulation.session.portfolio_primed is False
    assert desk.client.get("/portfolio/accounts").status == 200
    assert desk.simulation.session.portfolio_primed is True


def test_a_cut_reply_was_asked_for_all_the_same(desk: Desk) -> None:
    disturb(desk, "reset", path="/portfolio/accounts")
    with pytest.raises(ConnectionResetError):
        desk.client.get("/portfolio/accounts")
    assert desk.simulation.session.portfolio_primed is True


def test_the_date_alone_is_skewed_not_the_clock(primed: Desk) -> None:
    disturb(primed, {"fault": "skewed", "seconds": 60})
    assert primed.client.get("/portfolio/U9900001/ledger").headers["date"] == "Tue, 24 Nov 2026 23:31:00 GMT"
    assert primed.simulation.clock.now() == EVENING


def test_a_page_is_repeated(paged: Desk) -> None:
    disturb(paged, "repeated")
    first, second = (conids(paged.client.get(f"{POSITIONS}/{page}")) for page in (0, 1))
    assert len(first) == 100
    assert second == first


@pytest.mark.parametrize(("direction", "seen_twice", "missed"), [("down", 2, 0), ("up", 0, 2)])
def test_rows_move_over_between_two_pages(paged: Desk, direction: str, seen_twice: int, missed: int) -> None:
    honest = [conid for page in (0, 1) for conid in conids(paged.client.get(f"{POSITIONS}/{page}"))]
    disturb(paged, {"fault": "shifted", "rows": 2, "direction": direction}, skip=1)
    shifted = [conid for page in (0, 1) for conid in conids(paged.client.get(f"{POSITIONS}/{page}"))]
    assert len(shifted) - len(set(shifted)) == seen_twice
    assert len(set(honest) - set(shifted)) == missed


def test_a_stale_reply_says_what_was_first_said(primed: Desk) -> None:
    disturb(primed, "stale")
    path = "/portfolio/U9900001/ledger"
    first = primed.client.get(path).body
    primed.simulation.clock.advance(timedelta(days=1))
    assert primed.client.get(path).body == first
    primed.simulation.faults.clear()
    assert primed.client.get(path).body != first


def test_faults_apply_one_after_the_other(primed: Desk) -> None:
    disturb(primed, "empty", {"fault": "malformed", "how": "tail"})
    assert primed.client.get(f"{POSITIONS}/0").body == b"[]\nClient logout succeeded"


def test_errors_of_the_gateway_itself_are_not_bent(desk: Desk) -> None:
    disturb(desk, "missing_fields")
    assert desk.client.get("/portfolio/U9900001/ledger").json["error"].endswith("query /portfolio/accounts first")


def test_a_rule_is_below_either_prefix(primed: Desk) -> None:
    disturb(primed, "throttled")
    primed.client.prefix = "/v1/portal"
    assert primed.client.get("/portfolio/U9900001/ledger").status == 429


def test_waiting_is_shorter_on_a_faster_clock() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def endpoint(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None:
        return None

    faults = Faults()
    faults.add(parse_rules({"faults": [{"fault": "slow", "seconds": 3}]}))
    for rate in (1.0, 60.0, 0.0):
        step = Disturbed(endpoint, faults, Clock(EVENING, real=Hand(), rate=rate), sleep)
        asyncio.run(step({"type": "http", "method": "GET", "path": "/x", "query_string": b""}, receive, send))
    assert waited == [3.0, 0.05]
