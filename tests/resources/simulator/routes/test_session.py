import pytest

from resources.simulator.flavour import Flavour
from resources.simulator.lifetime import Lifetime
from tests.resources.simulator.conftest import EVENING, Desk, make_desk


def test_validate_tells_what_is_left_of_the_login(desk: Desk) -> None:
    said = desk.client.get("/sso/validate").json
    assert said["RESULT"] is True
    assert 0 < said["EXPIRES"] <= 600_000
    assert said["AUTH_TIME"] == said["lastAccessed"] == int(EVENING.timestamp() * 1000)
    assert desk.client.post("/sso/validate").status == 405


def test_status_answers_get_and_post_alike(desk: Desk) -> None:
    said = desk.client.post("/iserver/auth/status").json
    assert said == desk.client.get("/iserver/auth/status").json
    assert (said["authenticated"], said["established"], said["connected"], said["competing"]) == (
        True,
        True,
        True,
        False,
    )


def test_older_builds_do_not_tell_whether_the_bridge_stands() -> None:
    said = make_desk(flavour=Flavour(established=False)).client.get("/iserver/auth/status").json
    assert not {"established", "hardware_info"} & set(said)


def test_most_keys_vanish_when_the_brokerage_session_is_gone(desk: Desk) -> None:
    desk.simulation.session.brokerage = False
    said = desk.client.get("/iserver/auth/status").json
    assert set(said) == {"authenticated", "competing", "connected", "MAC"}
    assert said["authenticated"] is False
    assert said["connected"] is True


def test_init_revives_the_brokerage_session_which_must_be_primed_again(primed: Desk) -> None:
    primed.simulation.session.brokerage = False
    said = primed.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": False})
    assert said.json["authenticated"] is True
    assert "first" in primed.client.get("/iserver/marketdata/history").json["error"]


def test_init_wants_to_publish(desk: Desk) -> None:
    for body in (None, {}, {"publish": False, "compete": True}, ["publish"]):
        assert desk.client.post("/iserver/auth/ssodh/init", body).status == 500


def test_a_bridge_in_the_making_answers_after_some_polls(desk: Desk) -> None:
    session = desk.simulation.session
    session.brokerage, session.build_polls = False, 2
    desk.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    assert desk.client.get("/iserver/accounts").json["error"] == "Bad Request: no bridge"
    established = [desk.client.get("/iserver/auth/status").json["established"] for _ in range(3)]
    assert established == [False, False, True]
    assert desk.client.get("/iserver/accounts").status == 200


def test_a_competing_login_is_named_and_thrown_out_on_request(desk: Desk) -> None:
    desk.simulation.session.competing = True
    assert desk.client.get("/iserver/auth/status").json["competing"] is True
    refused = desk.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": False}).json
    assert refused["passed"] is False
    assert "compete" in refused["fail"]
    assert desk.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True}).json["authenticated"]


def test_reauthenticate_is_answered_by_the_gateway_itself(desk: Desk) -> None:
    assert desk.client.post("/iserver/reauthenticate").json == {"message": "triggered"}
    desk.simulation.session.log_out()
    assert desk.client.get("/iserver/reauthenticate").json == {"error": "not logged in"}


def test_tickle_carries_the_status_and_a_session_of_hex(desk: Desk) -> None:
    said = desk.client.post("/tickle").json
    assert int(said["session"], 16)
    assert len(said["session"]) == 32
    assert said["hmds"] == {"error": "no bridge"}
    status = desk.client.get("/iserver/auth/status").json
    assert status.pop("fail") == ""
    assert said["iserver"]["authStatus"] == status


def test_tickle_knows_the_history_service_once_it_is_open(primed: Desk) -> None:
    primed.client.post("/hmds/auth/init", {})
    assert primed.client.post("/tickle").json["hmds"]["authStatus"]["authenticated"]
    primed.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    assert primed.client.post("/tickle").json["hmds"] == {"error": "no bridge"}


def test_tickle_names_no_server_when_the_brokerage_session_is_gone(desk: Desk) -> None:
    desk.simulation.session.brokerage = False
    status = desk.client.post("/tickle").json["iserver"]["authStatus"]
    assert status["authenticated"] is False
    assert status["message"] == ""
    assert status["serverInfo"] == {"serverName": None, "serverVersion": None}


def test_after_logout_everything_is_401(desk: Desk) -> None:
    assert desk.client.post("/logout").json == {"status": True}
    assert desk.client.get("/tickle").status == 401


INIT = "/iserver/auth/ssodh/init"
WISHES = {"publish": True, "compete": True}


def seen(desk: Desk) -> tuple[bool, bool, bool]:
    said = desk.client.get("/iserver/auth/status").json
    return said["authenticated"], said["connected"], said["competing"]


def test_every_row_of_the_state_table_can_be_had() -> None:
    desk = make_desk(positions=3, lifetime=Lifetime())
    session = desk.simulation.session
    assert seen(desk) == (True, True, False)
    desk.later(minutes=6)
    assert seen(desk) == (False, True, False)
    session.competing = True
    assert seen(desk) == (False, True, True)
    session.competing, session.connected = False, False
    assert seen(desk) == (False, False, False)
    assert desk.client.post(INIT, {"publish": True, "compete": False}).status == 500
    assert desk.client.post(INIT, WISHES).status == 200
    assert seen(desk) == (True, True, False)
    desk.later(hours=6)
    assert desk.client.get("/iserver/auth/status").status == 401


def test_while_the_brokerage_session_is_dead_the_login_lives() -> None:
    desk = make_desk(positions=3, lifetime=Lifetime())
    desk.prime()
    desk.later(minutes=6)
    assert desk.client.get("/portfolio/U9900001/ledger").status == 200
    assert desk.client.get("/sso/validate").json["RESULT"] is True
    answer = desk.client.get("/iserver/accounts")
    assert (answer.status, answer.json) == (400, {"error": "Bad Request: no bridge", "statusCode": 400})


def test_a_tickle_a_minute_keeps_a_session_through_the_evening() -> None:
    desk = make_desk(positions=3, lifetime=Lifetime())
    for _ in range(300):
        desk.later(minutes=1)
        said = desk.client.post("/tickle").json
        assert said["iserver"]["authStatus"]["authenticated"] is True
        assert 0 < said["ssoExpires"] <= 600_000


def test_what_is_left_of_the_login_runs_down_and_renews_itself(desk: Desk) -> None:
    left = []
    for _ in range(3):
        desk.later(minutes=4)
        left.append(desk.client.get("/tickle").json["ssoExpires"])
    assert left == [360_000, 120_000, 480_000]


def test_no_bridge_may_be_a_401_of_not_authenticated() -> None:
    desk = make_desk(positions=3, flavour=Flavour(unbridged_status=401))
    desk.simulation.session.brokerage = False
    answer = desk.client.get("/iserver/accounts")
    assert (answer.status, answer.json) == (401, {"error": "not authenticated", "statusCode": 401})


def test_a_bridge_is_built_within_seconds_of_the_init(desk: Desk) -> None:
    desk.simulation.session.build_seconds = 8
    assert desk.client.post(INIT, WISHES).json["established"] is False
    assert desk.client.get("/iserver/accounts").json["error"] == "Bad Request: no bridge"
    desk.later(seconds=8)
    assert desk.client.get("/iserver/auth/status").json["established"] is True
    assert desk.client.get("/iserver/accounts").status == 200


def test_an_init_that_cannot_reach_the_backend_works_when_tried_again(desk: Desk) -> None:
    desk.simulation.session.init_failures = 1
    answers = [desk.client.post(INIT, WISHES) for _ in range(2)]
    assert [answer.status for answer in answers] == [500, 200]
    assert "connect" in answers[0].json["error"]


def test_inits_without_a_pause_are_refused_and_succeed_after_one(desk: Desk) -> None:
    assert [desk.client.post(INIT, WISHES).status for _ in range(22)] == [200] * 20 + [500] * 2
    desk.later(minutes=1)
    assert desk.client.post(INIT, WISHES).status == 200


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_wishes_in_the_query_give_a_session_that_never_gets_a_bridge(desk: Desk, body: bytes) -> None:
    length = {"content-length": str(len(body))}
    answer = desk.client.call(
        "POST", f"/v1/api{INIT}", body, query={"publish": "true", "compete": "true"}, headers=length
    )
    assert answer.json["authenticated"] is True
    for _ in range(3):
        desk.later(minutes=1)
        assert desk.client.get("/iserver/auth/status").json["authenticated"] is True
        assert desk.client.get("/iserver/accounts").json["error"] == "Bad Request: no bridge"
    desk.client.post(INIT, WISHES)
    assert desk.client.get("/iserver/accounts").status == 200


@pytest.mark.parametrize(
    ("flavour", "keys"),
    [
        (Flavour(init_reply="passed"), {"passed", "authenticated", "connected", "competing"}),
        (Flavour(init_reply="wait"), {"wait"}),
        (Flavour(init_reply="challenge"), {"challenge"}),
    ],
)
def test_an_init_says_different_things_in_different_builds(flavour: Flavour, keys: set[str]) -> None:
    desk = make_desk(positions=3, flavour=flavour)
    said = desk.client.post(INIT, WISHES).json
    assert keys <= set(said)
    assert len(keys) > 1 or set(said) == keys
    assert desk.client.get("/iserver/accounts").status == 200


def test_the_first_status_after_a_login_may_deny_it_once() -> None:
    desk = make_desk(positions=3, flavour=Flavour(first_status_false=True))
    assert [seen(desk)[0] for _ in range(3)] == [False, True, True]
    desk.simulation.session.log_in(EVENING)
    assert desk.client.get("/tickle").json["iserver"]["authStatus"]["authenticated"] is False
    assert seen(desk)[0] is True


def test_a_status_without_a_session_may_have_a_nameless_server() -> None:
    desk = make_desk(positions=3, flavour=Flavour(null_server=True))
    desk.simulation.session.brokerage = False
    said = desk.client.get("/iserver/auth/status").json
    assert said["serverInfo"] == {"serverName": None, "serverVersion": None}
    assert said["authenticated"] is False


def test_an_old_tickle_confirms_itself_and_knows_no_history_service() -> None:
    said = make_desk(flavour=Flavour(tickle_confirms=True, hmds_in_tickle=False)).client.get("/tickle").json
    assert said["iserver"]["tickle"] is True
    assert said["iserver"]["authStatus"]["authenticated"] is True
    assert "hmds" not in said


def test_an_old_logout_is_followed_by_words_that_are_no_json() -> None:
    answer = make_desk(flavour=Flavour(logout_tail=True)).client.post("/logout")
    assert answer.body == b'{"status":true}\nClient logout succeeded'


def test_reauthenticate_does_not_throw_anybody_out(desk: Desk) -> None:
    desk.simulation.session.competing = True
    assert desk.client.post("/iserver/reauthenticate").json == {"message": "triggered"}
    assert seen(desk) == (False, True, True)


def test_reauthenticate_knows_that_the_login_ended_at_midnight() -> None:
    desk = make_desk(positions=3, lifetime=Lifetime())
    desk.later(hours=6)
    assert desk.client.post("/iserver/reauthenticate").json == {"error": "not logged in"}


def test_reauthenticating_primes_as_the_gateway_does_after_a_login() -> None:
    desk = make_desk()
    desk.simulation.session.lose("test")
    assert desk.client.get("/iserver/account/orders").status == 400
    desk.client.post("/iserver/reauthenticate")
    assert desk.client.get("/iserver/account/orders").status == 200
