import pytest

from resources.simulator import gate
from resources.simulator.flavour import Flavour, flavoured
from resources.simulator.session import Session
from tests.resources.simulator.conftest import EVENING, FIRST, make_desk


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/api/tickle", "/tickle"),
        ("/v1/portal/iserver/accounts", "/iserver/accounts"),
        ("/v1/portal//trsrv/stocks", "/trsrv/stocks"),
        ("/v1/api/iserver//accounts//", "/iserver/accounts"),
        ("/v1/apitickle", None),
        ("/v1/api", None),
        ("/tickle", None),
    ],
)
def test_an_endpoint_lies_below_a_prefix(path: str, found: str | None) -> None:
    assert gate.endpoint(path) == found


def test_a_chunked_post_needs_no_length() -> None:
    assert gate.malformed("POST", {"user-agent": "x", "transfer-encoding": "chunked"}) is None
    assert gate.malformed("GET", {"user-agent": "x"}) is None


@pytest.mark.parametrize(
    "path", ["/iserver/auth/status", "/iserver/auth/ssodh/init", "/iserver/reauthenticate", "/tickle"]
)
def test_a_dead_brokerage_session_can_be_asked_about_and_revived(path: str) -> None:
    assert gate.refused(path, Session(EVENING, brokerage=False), Flavour()) is None


@pytest.mark.parametrize("path", ["/trsrv/secdef", "/pa/performance", "/sso/validate", "/portfolio/accounts"])
def test_what_needs_a_login_only_needs_nothing_else(path: str) -> None:
    assert gate.refused(path, Session(EVENING, brokerage=False), Flavour()) is None


@pytest.mark.parametrize(
    ("status", "end", "body"),
    [
        (401, "ledger", b""),
        (200, "ledger", b"{}"),
        (200, "positions/0", b"[]"),
        (400, "ledger", b'{"error":"Bad Request: Please query /portfolio/accounts first","statusCode":400}'),
    ],
)
def test_a_portfolio_before_its_accounts_is_refused_in_one_of_three_ways(status: int, end: str, body: bytes) -> None:
    desk = make_desk(positions=3, flavour=flavoured("newest", [f"unlisted_status={status}"]))
    answer = desk.client.get(f"/portfolio/{FIRST}/{end}")
    assert (answer.status, answer.body) == (status, body)
    desk.client.get("/portfolio/accounts")
    assert len(desk.client.get(f"/portfolio/{FIRST}/{end}").json) > 0
