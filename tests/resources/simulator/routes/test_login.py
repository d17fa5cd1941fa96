from datetime import timedelta

import pytest

from resources.simulator.lifetime import Lifetime
from tests.resources.simulator.conftest import EVENING, Answer, Desk, make_desk

LENGTH = {"content-type": "application/x-www-form-urlencoded"}


def send(desk: Desk, path: str, form: str, **query: str) -> Answer:
    headers = {**LENGTH, "content-length": str(len(form))}
    return desk.client.call("POST", path, form.encode(), query=query, headers=headers)


def get(desk: Desk, path: str, **query: str) -> Answer:
    return desk.client.call("GET", path, query=query)


def challenged(desk: Desk) -> str:
    """The number of the open question, after user name and password."""
    answer = send(desk, "/sso/Login", "user_name=somebody&password=secret")
    assert answer.status == 303
    path, _, number = answer.headers["location"].partition("?id=")
    assert path == "/sso/Challenge"
    return number


@pytest.fixture
def desk() -> Desk:
    """A gateway before its login."""
    desk = make_desk(positions=3)
    desk.simulation.session.log_out(ended="")
    return desk


def test_the_root_leads_to_the_login_form(desk: Desk) -> None:
    answer = get(desk, "/")
    assert (answer.status, answer.headers["location"]) == (302, "/sso/Login?forwardTo=22&RL=1&ip2loc=US")
    form = get(desk, "/sso/Login")
    assert form.status == 200
    assert form.headers["content-type"].startswith("text/html")
    assert b'type="password"' in form.body


def test_a_name_and_a_password_alone_log_nobody_in(desk: Desk) -> None:
    number = challenged(desk)
    assert b"Approve" in get(desk, "/sso/Challenge", id=number).body
    assert not desk.simulation.session.logged_in
    assert get(desk, "/sso/Dispatcher").headers["location"].startswith("/sso/Login")


@pytest.mark.parametrize("answer", ["answer=approve", "answer=code&code=123+456"])
def test_the_second_factor_completes_the_login_and_the_gateway_primes_itself(desk: Desk, answer: str) -> None:
    done = send(desk, "/sso/Challenge", answer, id=challenged(desk))
    assert (done.status, done.headers["location"]) == (303, "/sso/Dispatcher")
    said = get(desk, "/sso/Dispatcher")
    assert (said.status, said.body) == (200, b"Client login succeeds")
    assert said.headers["content-type"].startswith("text/plain")
    assert desk.client.get("/iserver/auth/status").json["authenticated"] is True
    assert "first" not in desk.client.get("/iserver/marketdata/history").body.decode(), "accounts were asked for"
    assert "first" in desk.client.get("/portfolio/U9900001/ledger").body.decode(), "but not the portfolio's"


def test_a_login_denied_on_the_phone_leaves_nobody_logged_in(desk: Desk) -> None:
    number = challenged(desk)
    answer = send(desk, "/sso/Challenge", "answer=deny", id=number)
    assert answer.status == 401
    assert b"denied on the phone" in answer.body
    assert b"no longer valid" in send(desk, "/sso/Challenge", "answer=approve", id=number).body
    assert not desk.simulation.session.logged_in


@pytest.mark.parametrize("code", ["12345", "abcdef", ""])
def test_a_wrong_code_may_be_tried_again(desk: Desk, code: str) -> None:
    number = challenged(desk)
    answer = send(desk, "/sso/Challenge", f"answer=code&code={code}", id=number)
    assert answer.status == 401
    assert b"six digits" in answer.body
    assert send(desk, "/sso/Challenge", "answer=code&code=654321", id=number).status == 303


@pytest.mark.parametrize("number", ["7", "x", ""])
def test_a_question_that_was_never_asked_cannot_be_answered(desk: Desk, number: str) -> None:
    assert send(desk, "/sso/Challenge", "answer=approve", id=number).status == 401
    assert get(desk, "/sso/Challenge", id=number).status == 401
    assert not desk.simulation.session.logged_in


def test_a_question_waits_three_minutes(desk: Desk) -> None:
    number = challenged(desk)
    desk.later(minutes=3)
    assert send(desk, "/sso/Challenge", "answer=approve", id=number).status == 401


def test_nobody_logs_in_while_the_service_is_down() -> None:
    desk = make_desk(at=EVENING + timedelta(hours=5.55), positions=3, lifetime=Lifetime())
    answer = send(desk, "/sso/Login", "user_name=a&password=b")
    assert answer.status == 503
    assert b"not available" in answer.body
    desk.later(minutes=5)
    assert send(desk, "/sso/Login", "user_name=a&password=b").status == 303


def test_nobody_logs_in_after_too_many_inits() -> None:
    desk = make_desk(positions=3)
    for _ in range(21):
        desk.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    assert send(desk, "/sso/Login", "user_name=a&password=b").status == 503


def test_a_login_after_midnight_lasts_until_the_next_one() -> None:
    desk = make_desk(positions=3, lifetime=Lifetime())
    desk.later(hours=6)
    assert desk.client.get("/tickle").status == 401
    send(desk, "/sso/Challenge", "answer=approve", id=challenged(desk))
    assert desk.client.get("/tickle").status == 200
    desk.later(hours=24)
    assert desk.client.get("/tickle").status == 401


def test_the_logout_page_logs_out() -> None:
    desk = make_desk(positions=3)
    assert get(desk, "/sso/Logout").body == b"Client logout succeeded"
    assert desk.client.get("/tickle").status == 401


def test_the_demo_page_tells_whether_somebody_is_logged_in(desk: Desk) -> None:
    assert b"Nobody is logged in" in get(desk, "/demo").body
    desk.simulation.session.log_in(EVENING)
    assert b"Somebody is logged in" in get(desk, "/demo").body


@pytest.mark.parametrize("path", ["/nothing", "/sso/nothing", "/gw/api/v1/accounts", "/oauth2/token", "/v1/api"])
def test_any_other_path_is_unknown_in_words_that_repeat_it(desk: Desk, path: str) -> None:
    answer = get(desk, path, a="1", b="2")
    assert (answer.status, answer.body.decode()) == (404, f"Unknown path {path}?a=1&b=2")
