from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from resources.simulator.app import application
from resources.simulator.control import Control
from resources.simulator.limits.limiter import Limiter
from resources.simulator.options import Options, build
from resources.simulator.routes.control import ACTIONS
from tests.resources.simulator.conftest import EVENING, Answer, Caller, Desk, Hand, make_desk
from tests.resources.simulator.replay.test_recording import envelope, lines

ROOT = "/simulator"


def ask(desk: Desk, method: str, path: str, body: Any = None, *, query: dict[str, str] | None = None) -> Answer:
    content = b"" if body is None else orjson.dumps(body)
    return desk.client.call(method, f"{ROOT}{path}", content, query=query)


def test_it_explains_itself(desk: Desk) -> None:
    for path in ("", "/"):
        told = ask(desk, "GET", path).json
        assert set(told["actions"]) == {f"{action.method} {ROOT}{action.path}" for action in ACTIONS}
    told = ask(desk, "GET", "/openapi").json
    assert told["openapi"] == "3.1.0"
    assert set(told["paths"]["/simulator/faults"]) == {"get", "post", "put", "delete"}
    assert "advance" in str(told["paths"]["/simulator/clock"]["post"]["requestBody"])


def test_the_state_tells_everything_at_a_glance(desk: Desk) -> None:
    told = ask(desk, "GET", "/state").json
    assert told["kind"] == "world"
    assert told["clock"]["new_york"] == "2026-11-24T18:30:00-05:00"
    assert told["session"]["logged_in"] is True
    assert told["accounts"] == ["U9900001"]
    assert told["sizes"]["positions"] == 30
    assert told["flavour"]["unprimed_status"] == 400
    assert told["faults"] == []


@pytest.mark.parametrize(
    ("body", "later"),
    [
        ({"advance": 90}, timedelta(seconds=90)),
        ({"advance": "PT15M"}, timedelta(minutes=15)),
        ({"to": "2026-11-25"}, timedelta(days=1)),
        ({"to": "2026-11-25T00:00:00Z"}, timedelta(minutes=30)),
        ({"advance": 60, "rate": 0}, timedelta(minutes=1)),
        ({"rate": 60}, timedelta()),
    ],
)
def test_the_clock_can_be_moved_ahead(desk: Desk, body: Any, later: timedelta) -> None:
    answer = ask(desk, "POST", "/clock", body)
    assert answer.status == 200
    assert desk.simulation.clock.now() == EVENING + later
    assert answer.json["now"] == (EVENING + later).isoformat()
    assert answer.json["rate"] == body.get("rate", 1)


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("POST", "/clock", {"advance": -1}, "only moves forward"),
        ("POST", "/clock", {"to": "2020-01-01"}, "time only moves forward"),
        ("POST", "/clock", {"to": "soon"}, "to: read the clock 'soon'"),
        ("POST", "/clock", {"advance": "P9000D"}, "the simulated world ends"),
        ("POST", "/clock", {"to": "9999-12-31T23:59"}, "no calendar reaches that far"),
        ("POST", "/clock", {"advance": 1, "to": "2027-01-01"}, 'say {"advance": seconds}'),
        ("POST", "/clock", {"advance": 1, "to": "2027-01-01", "rate": 2}, 'say {"advance": seconds}'),
        ("POST", "/clock", {}, 'say {"advance": seconds}'),
        ("POST", "/clock", {"rate": -1}, "rate: Input should be greater"),
        ("POST", "/clock", {"forward": 1}, "forward: Extra inputs"),
        ("POST", "/clock", [], "the whole: Input should be"),
        ("POST", "/clock", None, "the body is not JSON"),
        ("POST", "/faults", [{"faults": ["slwo"]}], "rules[1].faults[1]: Input tag 'slwo'"),
        ("PUT", "/faults", {"night": "lovely"}, "night: 'lovely' is not one. Choose from bad, "),
        ("POST", "/faults", {"night": 1}, "night: '1' is not one"),
    ],
)
def test_wrong_input_is_one_line_and_changes_nothing(
    desk: Desk, method: str, path: str, body: Any, problem: str
) -> None:
    answer = ask(desk, method, path, body)
    assert answer.status == 400
    assert problem in answer.json["error"]
    assert "\n" not in answer.json["error"]
    assert (desk.simulation.clock.now(), desk.simulation.faults.standing) == (EVENING, [])


def test_what_is_not_there_and_what_is_not_done_so(desk: Desk) -> None:
    assert ask(desk, "GET", "/nothing").status == 404
    assert ask(desk, "DELETE", "/clock").json == {"error": "DELETE /simulator/clock: use GET, POST"}
    assert ask(desk, "POST", "/").status == 404


def test_a_login_comes_and_goes(desk: Desk) -> None:
    assert ask(desk, "POST", "/logout").json["logged_in"] is False
    assert desk.client.get("/tickle").status == 401
    assert ask(desk, "POST", "/login").json["logged_in"] is True
    assert desk.client.get("/tickle").status == 200


def test_another_client_takes_the_brokerage_session(primed: Desk) -> None:
    ask(primed, "POST", "/compete")
    assert primed.client.get("/iserver/auth/status").json["competing"] is True
    assert primed.client.get("/iserver/accounts").json["error"] == "Bad Request: no bridge"


def test_the_brokerage_session_dies_and_the_login_lives(primed: Desk) -> None:
    ask(primed, "POST", "/drop")
    assert primed.client.get("/iserver/accounts").json["error"] == "Bad Request: no bridge"
    assert primed.client.get("/portfolio/accounts").status == 200
    assert primed.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": False}).status == 200
    assert primed.client.get("/iserver/accounts").status == 200


def test_a_lost_link_to_the_backend_wants_an_init_that_competes(primed: Desk) -> None:
    ask(primed, "POST", "/disconnect")
    status = primed.client.get("/iserver/auth/status").json
    assert [status[name] for name in ("authenticated", "connected", "competing")] == [False, False, False]
    assert primed.client.get("/iserver/accounts").json["error"] == "Bad Request: no bridge"
    assert primed.client.get("/portfolio/accounts").status == 200
    assert primed.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": False}).status == 500
    assert primed.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True}).status == 200
    assert primed.client.get("/iserver/accounts").status == 200


@pytest.mark.parametrize("path", ["/compete", "/drop", "/disconnect"])
def test_without_a_login_there_is_no_brokerage_session_to_take(desk: Desk, path: str) -> None:
    ask(desk, "POST", "/logout")
    answer = ask(desk, "POST", path)
    assert (answer.status, answer.json["error"]) == (
        409,
        "nobody is logged in, so there is no brokerage session. POST /simulator/login first",
    )


def test_requests_are_listed_and_its_own_are_not_among_them(desk: Desk) -> None:
    desk.client.get("/tickle")
    desk.client.get("/portfolio/accounts")
    assert [asked["path"] for asked in ask(desk, "GET", "/requests").json] == ["/tickle", "/portfolio/accounts"]
    assert [asked["number"] for asked in ask(desk, "GET", "/requests", query={"since": "1"}).json] == [2]
    [tickle] = ask(desk, "GET", "/requests", query={"path": "/tick*"}).json
    assert (tickle["status"], tickle["at"], tickle["touched"]) == (200, "2026-11-24T23:30:00Z", [])
    assert ask(desk, "GET", "/requests", query={"since": "last"}).status == 400
    assert ask(desk, "DELETE", "/requests").json == {"received": 2, "kept": 0}
    assert ask(desk, "GET", "/requests").json == []


def test_faults_are_added_replaced_and_taken_out(desk: Desk) -> None:
    [told] = ask(desk, "POST", "/faults", {"name": "t", "path": "/tickle", "faults": ["throttled"]}).json
    assert told == {
        "number": 1,
        "met": 0,
        "struck": 0,
        "name": "t",
        "path": "/tickle",
        "faults": [{"fault": "throttled"}],
    }
    assert desk.client.get("/tickle").status == 429
    assert ask(desk, "GET", "/faults").json[0]["struck"] == 1
    assert len(ask(desk, "POST", "/faults", {"night": "flaky_pages"}).json) == 1
    assert [rule["number"] for rule in ask(desk, "GET", "/faults").json] == [1, 2]
    assert [rule["number"] for rule in ask(desk, "DELETE", "/faults/t").json] == [2]
    assert ask(desk, "DELETE", "/faults/t").json["error"].endswith("In force: first asking")
    assert len(ask(desk, "PUT", "/faults", [{"faults": ["slow"]}]).json) == 1
    assert ask(desk, "DELETE", "/faults").json == []
    assert desk.client.get("/tickle").status == 200


def test_without_pacing_no_limit_is_told(desk: Desk) -> None:
    nothing = {"enforced": False, "broken": [], "refused": 0, "boxed_until": None}
    assert ask(desk, "GET", "/limits").json == ask(desk, "DELETE", "/limits").json == nothing


def test_broken_limits_are_told_and_forgiven() -> None:
    desk = make_desk(positions=3, limiter=Limiter())
    assert [desk.client.get("/sso/validate").status for _ in range(3)] == [200, 429, 429]
    told = ask(desk, "GET", "/limits").json
    [broken] = told["broken"]
    assert (told["enforced"], told["refused"], broken["request"]) == (True, 2, "GET /sso/validate")
    assert told["boxed_until"] == broken["until"] == "2026-11-24T23:45:00Z"
    forgiven = ask(desk, "DELETE", "/limits").json
    assert forgiven == {**told, "boxed_until": None}
    assert desk.client.get("/sso/validate").status == 200


def test_a_dropped_brokerage_session_says_so(desk: Desk) -> None:
    ask(desk, "POST", "/drop")
    assert (desk.simulation.session.brokerage, desk.simulation.session.ended) == (False, "dropped")


def test_it_can_be_switched_off(desk: Desk) -> None:
    client = Caller(application(desk.simulation, control=False))
    answer = client.call("GET", "/simulator/state")
    assert (answer.status, answer.body) == (404, b"Unknown path /simulator/state")


def test_it_lies_outside_of_the_api(desk: Desk) -> None:
    assert desk.client.get("/simulator/state").status == 404


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("", 200),
        ("https://localhost:5000", 200),
        ("https://127.0.0.1:5000", 200),
        ("https://example.com", 403),
        ("http://[", 403),
    ],
)
def test_a_page_from_elsewhere_cannot_steer_it(desk: Desk, origin: str, status: int) -> None:
    assert desk.client.call("POST", f"{ROOT}/logout", headers={"origin": origin}).status == status
    assert desk.simulation.session.logged_in is (status != 200)


def test_a_recording_can_be_steered_too(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(envelope("/portfolio/U9900007/ledger", "{}")))
    _, app = build(Options(replay=tmp_path), real=Hand(), present=lambda: EVENING)
    client = Caller(app)
    told = client.call("GET", f"{ROOT}/state").json
    assert (told["kind"], told["sizes"]["contracts"], told["charges"]) == ("recording", None, None)
    client.call("POST", f"{ROOT}/faults", orjson.dumps({"faults": ["failing"], "path": "/portfolio/*"}))
    assert client.get("/portfolio/accounts").status == 500
    assert client.call("GET", f"{ROOT}/requests").json[0]["touched"] == ["failing"]
    client.call("POST", f"{ROOT}/logout")
    assert client.call("GET", f"{ROOT}/state").json["session"]["logged_in"] is False


def test_the_same_handle_serves_tests_in_the_same_process() -> None:
    desk = make_desk()
    control = Control(desk.simulation)
    control.add_faults({"faults": ["bridgeless"], "path": "/iserver/accounts"})
    assert desk.client.get("/iserver/accounts").json["error"] == "Bad Request: no bridge"
    assert [asked["touched"] for asked in control.requests()] == [["bridgeless"]]
    assert control.clear_faults() == []
