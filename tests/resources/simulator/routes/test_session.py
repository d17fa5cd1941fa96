from resources.simulator.flavour import Flavour
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


def test_tickle_names_no_server_when_the_brokerage_session_is_gone(desk: Desk) -> None:
    desk.simulation.session.brokerage = False
    status = desk.client.post("/tickle").json["iserver"]["authStatus"]
    assert status["authenticated"] is False
    assert status["message"] == ""
    assert status["serverInfo"] == {"serverName": None, "serverVersion": None}


def test_after_logout_everything_is_401(desk: Desk) -> None:
    assert desk.client.post("/logout").json == {"status": True}
    assert desk.client.get("/tickle").status == 401
