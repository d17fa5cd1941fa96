"""Nothing that trades can be reached, neither by writing an endpoint nor by filling in a listed one."""

from urllib.parse import unquote

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from resources.envelope import Request
from resources.gateway.allowed import ALLOWED, Tier
from resources.gateway.endpoint import Endpoint
from resources.gateway.errors import NotListed

LEDGER = Endpoint("/portfolio/{account_id}/ledger")
TRADING = [
    ("POST", "/iserver/account/U9900001/orders"),
    ("POST", "/iserver/account/U9900001/orders/whatif"),
    ("POST", "/iserver/account/U9900001/order"),
    ("POST", "/iserver/account/U9900001/order/whatif"),
    ("POST", "/iserver/account/U9900001/order/12345"),
    ("DELETE", "/iserver/account/U9900001/order/12345"),
    ("DELETE", "/iserver/account/U9900001/order/-1"),
    ("POST", "/iserver/account/orders"),
    ("POST", "/iserver/account/orders/U9900001"),
    ("POST", "/iserver/reply/0a1b2c3d"),
    ("POST", "/iserver/questions/suppress"),
    ("POST", "/iserver/questions/suppress/reset"),
    ("POST", "/iserver/notification"),
    ("POST", "/iserver/account/U9900001/alert"),
    ("POST", "/iserver/account/U9900001/alert/activate"),
    ("DELETE", "/iserver/account/U9900001/alert/7"),
    ("POST", "/iserver/account/allocation/group"),
    ("PUT", "/iserver/account/allocation/group"),
    ("POST", "/iserver/account/allocation/group/delete"),
    ("POST", "/iserver/account/allocation/presets"),
    ("POST", "/iserver/dynaccount"),
    ("POST", "/iserver/watchlist"),
    ("DELETE", "/iserver/watchlist"),
    ("POST", "/portfolio/U9900001/positions/invalidate"),
    ("POST", "/fyi/settings/BA"),
    ("DELETE", "/fyi/deliveryoptions/1"),
    ("POST", "/logout"),
    ("PUT", "/portfolio/U9900001/ledger"),
    ("DELETE", "/portfolio/U9900001/ledger"),
]


@pytest.mark.parametrize(("method", "path"), TRADING)
def test_no_listed_endpoint_can_be_filled_in_to_trade_or_change_the_account(method: str, path: str) -> None:
    assert [pair for pair in ALLOWED if Endpoint(pair[1], method=pair[0]).answers(Request(method, path, {}))] == []
    with pytest.raises(NotListed):
        Endpoint(path, method=method)


def test_everything_listed_is_a_get_or_one_of_the_posts_that_change_nothing() -> None:
    assert {path for method, path in ALLOWED if method != "GET"} == {
        "/iserver/auth/status",
        "/iserver/auth/ssodh/init",
        "/iserver/reauthenticate",
        "/iserver/account",
        "/tickle",
        "/pa/performance",
        "/pa/allperiods",
        "/pa/transactions",
        "/iserver/scanner/run",
    }


@pytest.mark.parametrize(("method", "path"), sorted(ALLOWED))
def test_what_needs_only_a_login_is_what_the_reference_says_works_without_a_brokerage_session(
    method: str, path: str
) -> None:
    session = {
        "/sso/validate",
        "/iserver/auth/status",
        "/iserver/auth/ssodh/init",
        "/iserver/reauthenticate",
        "/tickle",
    }
    works = path in session or path.startswith(("/portfolio/", "/portfolio2/", "/pa/", "/trsrv/"))
    assert ALLOWED[method, path] is (Tier.LOGIN if works else Tier.BROKERAGE)
    assert Endpoint(path, method=method).tier is ALLOWED[method, path]


@given(st.text())
@example("../../iserver/account/U9900001/orders")
@example("..%2F..%2Fiserver")
@example("%2e%2e")
@example("U9900001/../..")
@example("U1?x=1")
@example("U1#")
@example("U1;/../")
@example("..\\..")
@example("{account_id}")
def test_no_value_reaches_another_path_even_as_the_http_library_spells_it(value: str) -> None:
    try:
        asked = LEDGER.request(account_id=value)
    except NotListed:
        assert value in {"", ".", ".."}
        return
    prepared = requests.Request("GET", f"http://127.0.0.1{asked.path}").prepare()
    before, filled, after = (parse_url(prepared.url or "").path or "").removeprefix("/").split("/")
    assert (before, after) == ("portfolio", "ledger")
    assert unquote(filled) == value
