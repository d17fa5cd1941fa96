from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from resources.simulator.flavour import Flavour
from resources.simulator.options import Options, build
from tests.resources.simulator.conftest import EVENING, Caller, Desk, Hand, make_desk


def test_every_reply_has_the_headers_of_the_gateway_and_the_mark_of_the_simulator(desk: Desk) -> None:
    headers = desk.client.get("/iserver/auth/status").headers
    assert headers["content-type"] == "application/json;charset=utf-8"
    assert headers["cache-control"] == "max-age=0, no-cache, no-store"
    assert headers["pragma"] == "no-cache"
    assert headers["vary"] == "Origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-response-time"] == "0ms"
    assert headers["x-simulator"] == "ibkr-warehouse"
    assert "content-length" not in headers


def test_the_date_is_the_simulated_one(desk: Desk) -> None:
    assert parsedate_to_datetime(desk.client.get("/tickle").headers["date"]) == EVENING


@pytest.mark.parametrize("prefix", ["/v1/api", "/v1/portal"])
def test_both_prefixes_lead_to_the_same_endpoints(desk: Desk, prefix: str) -> None:
    desk.client.prefix = prefix
    assert desk.client.get("/sso/validate").json["RESULT"] is True


def test_a_client_without_a_name_is_denied_in_html(desk: Desk) -> None:
    desk.client.headers = {}
    answer = desk.client.get("/tickle")
    assert answer.status == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert b"Access Denied" in answer.body


def test_a_post_must_say_its_length(desk: Desk) -> None:
    assert desk.client.call("POST", "/v1/api/tickle").status == 411
    assert desk.client.post("/tickle").status == 200
    assert desk.client.post("/tickle", {}).status == 200


def test_paths_outside_the_api_are_answered_in_words(desk: Desk) -> None:
    answer = desk.client.call("GET", "/v2/nothing", query={"a": "1 2"})
    assert (answer.status, answer.body) == (404, b"Unknown path /v2/nothing?a=1+2")


def test_unknown_endpoints_are_answered_in_json(desk: Desk) -> None:
    answer = desk.client.get("/portfolio2/nothing/at/all")
    desk.client.get("/portfolio/accounts")
    answer = desk.client.get("/portfolio2/nothing/at/all")
    assert (answer.status, answer.json) == (404, {"error": "Resource not found", "statusCode": 404})


def test_the_root_leads_to_the_login(desk: Desk) -> None:
    answer = desk.client.call("GET", "/")
    assert answer.status == 302
    assert answer.headers["location"].startswith("/sso/Login")


@pytest.mark.parametrize(
    "path", ["/iserver/auth/status", "/tickle", "/portfolio/accounts", "/pa/performance", "/nothing"]
)
def test_without_a_login_there_is_only_an_empty_401(desk: Desk, path: str) -> None:
    desk.simulation.session.log_out()
    answer = desk.client.get(path)
    assert (answer.status, answer.body) == (401, b"")


@pytest.mark.parametrize(
    "path", ["/portfolio/U9900001/ledger", "/portfolio/U9900001/positions/0", "/portfolio2/U9900001/positions"]
)
def test_portfolio_wants_its_accounts_listed_first(desk: Desk, path: str) -> None:
    answer = desk.client.get(path)
    assert answer.json == {"error": "Bad Request: Please query /portfolio/accounts first", "statusCode": 400}
    desk.client.get("/portfolio/subaccounts")
    assert desk.client.get(path).status == 200


def test_brokerage_endpoints_want_accounts_first(desk: Desk) -> None:
    path = "/iserver/marketdata/history"
    answer = desk.client.get(path)
    assert (answer.status, answer.json["error"]) == (400, "Bad Request: Please query /accounts first")
    desk.client.get("/iserver/accounts")
    assert "first" not in desk.client.get(path).body.decode()


def test_an_older_build_is_unprimed_with_a_500() -> None:
    desk = make_desk(flavour=Flavour(unprimed_status=500))
    answer = desk.client.get("/iserver/marketdata/history")
    assert (answer.status, answer.json["error"]) == (500, "Please query /accounts first")


def test_without_a_brokerage_session_there_is_no_bridge_but_the_portfolio_works(primed: Desk) -> None:
    primed.simulation.session.brokerage = False
    for path in ("/iserver/accounts", "/iserver/marketdata/history"):
        answer = primed.client.get(path)
        assert (answer.status, answer.json) == (400, {"error": "Bad Request: no bridge", "statusCode": 400})
    assert primed.client.get("/portfolio/U9900001/ledger").status == 200


def test_the_same_seed_gives_the_same_bytes() -> None:
    bodies = []
    for seed in (7, 7, 8):
        desk = make_desk(seed=seed)
        desk.prime()
        bodies.append(desk.client.get("/portfolio/U9900001/positions/0").body)
    assert bodies[0] == bodies[1] != bodies[2]


ANY = [
    ("GET", "/iserver/auth/status"),
    ("GET", "/sso/validate"),
    ("POST", "/tickle"),
    ("GET", "/iserver/accounts"),
    ("GET", "/portfolio/accounts"),
    ("GET", "/portfolio/U9900001/ledger"),
    ("POST", "/iserver/reauthenticate"),
]


@pytest.mark.parametrize(("method", "path"), ANY)
def test_a_trailing_slash_changes_nothing(primed: Desk, method: str, path: str) -> None:
    sent = {"content-length": "0"}
    plain, slashed = (primed.client.call(method, f"/v1/api{path}{end}", headers=sent) for end in ("", "/"))
    assert plain.status == 200
    assert slashed.status == 200
    assert slashed.body == plain.body


def test_cookies_and_the_wish_for_compression_are_ignored(primed: Desk) -> None:
    path = "/v1/api/portfolio/U9900001/ledger"
    plain = primed.client.call("GET", path)
    wishing = primed.client.call("GET", path, headers={"cookie": "api=somebody-else", "accept-encoding": "gzip, br"})
    assert wishing.body == plain.body
    assert not {"set-cookie", "content-encoding", "content-length"} & set(wishing.headers)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/sso/validate"), ("DELETE", "/tickle"), ("GET", "/iserver/auth/ssodh/init")]
)
def test_a_wrong_method_on_a_known_path_is_a_405(desk: Desk, method: str, path: str) -> None:
    assert desk.client.call(method, f"/v1/api{path}", headers={"content-length": "0"}).status == 405


def test_a_new_gateway_is_strict_about_pacing_and_ends_its_login_at_midnight() -> None:
    simulation, built = build(Options(clock=EVENING, positions=3), real=Hand(), present=lambda: EVENING)
    client = Caller(built)
    assert [client.get("/portfolio/accounts").status for _ in range(2)] == [200, 429]
    simulation.clock.advance(timedelta(hours=6))
    assert client.get("/portfolio/accounts").status == 401
