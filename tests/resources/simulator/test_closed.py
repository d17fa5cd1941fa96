from datetime import timedelta

import pytest

from resources.simulator.flavour import Flavour, flavoured
from resources.simulator.lifetime import Lifetime
from tests.resources.simulator.conftest import EVENING, Desk, make_desk

ELEVEN_PM_TO_MIDNIGHT = timedelta(hours=5.5)


def loggedout(flavour: Flavour) -> Desk:
    desk = make_desk(positions=3, flavour=flavour)
    desk.simulation.session.log_out()
    return desk


@pytest.mark.parametrize("path", ["/iserver/accounts", "/portfolio/accounts", "/trsrv/secdef", "/tickle", "/nowhere"])
def test_without_a_login_there_is_an_empty_401_or_what_another_build_says(path: str) -> None:
    empty = loggedout(Flavour()).client.get(path)
    assert (empty.status, empty.body) == (401, b"")
    worded = loggedout(Flavour(unauthorised="json")).client.get(path)
    assert (worded.status, worded.json) == (401, {"error": "not authenticated", "statusCode": 401})
    page = loggedout(Flavour(unauthorised="html")).client.get(path)
    assert (page.status, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert b"Log in" in page.body


@pytest.mark.parametrize("words", ["no session", "failed to process request"])
def test_a_dead_tickle_may_be_a_200_with_an_error(words: str) -> None:
    desk = loggedout(flavoured("newest", [f"dead_tickle={words}"]))
    assert desk.client.post("/tickle").json == {"error": words}
    assert desk.client.get("/iserver/auth/status").status == 401


@pytest.mark.parametrize("status", [401, 410, 503])
def test_an_init_after_logout_differs_by_build(status: int) -> None:
    desk = make_desk(positions=3, flavour=Flavour(init_after_logout=status))  # type: ignore[arg-type]
    desk.client.post("/logout")
    answer = desk.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    assert (answer.status, answer.body) == (status, b"")


def test_an_init_before_any_login_is_a_401() -> None:
    desk = make_desk(positions=3)
    desk.simulation.session.log_out(ended="")
    assert desk.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True}).status == 401


def test_the_nightly_reset_is_met_in_all_its_forms_and_ends_without_a_login() -> None:
    desk = make_desk(at=EVENING + ELEVEN_PM_TO_MIDNIGHT - timedelta(seconds=1), positions=3, lifetime=Lifetime())
    assert desk.client.get("/tickle").status == 200
    desk.later(seconds=1)
    met = []
    for _ in range(6):
        answer = desk.client.get("/iserver/auth/status")
        met.append((answer.status, answer.headers.get("content-type", "nothing").partition(";")[0]))
        desk.later(minutes=1)
    assert met == [
        (401, "nothing"),
        (503, "nothing"),
        (500, "application/json"),
        (503, "text/html"),
        (401, "nothing"),
        (401, "nothing"),
    ]


def test_during_the_weekends_maintenance_a_status_says_that_the_backend_is_gone() -> None:
    saturday = EVENING + timedelta(days=4, hours=1.5)  # 20:00
    desk = make_desk(at=saturday, positions=3, lifetime=Lifetime())
    said = desk.client.get("/iserver/auth/status").json
    assert (said["authenticated"], said["connected"], said["competing"]) == (False, False, False)
    assert desk.client.get("/tickle").json["iserver"]["authStatus"]["connected"] is False
    assert desk.client.get("/iserver/accounts").json == {"error": "Service Unavailable", "statusCode": 503}
    portfolio = desk.client.get("/portfolio/accounts")
    assert (portfolio.status, portfolio.body) == (503, b"")
    assert desk.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True}).status == 500


def test_after_the_weekends_maintenance_an_init_is_enough_where_the_login_lived_on() -> None:
    saturday = EVENING + timedelta(days=4)
    lifetime = Lifetime(weekend_lasts=timedelta(hours=1))
    desk = make_desk(at=saturday, positions=3, lifetime=lifetime)
    desk.later(hours=2.6)
    assert desk.client.get("/iserver/auth/status").json["connected"] is True
    desk.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": False})
    assert desk.client.get("/iserver/accounts").status == 200
