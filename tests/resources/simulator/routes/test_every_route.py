"""Every endpoint against what no client should send: a refusal is an answer, an exception is none."""

import json
import re
from collections.abc import Iterator
from datetime import date

import pytest

from resources.simulator.app import FAMILIES
from resources.simulator.flavour import Flavour
from tests.resources.simulator.conftest import FIRST, Desk, make_desk

pytestmark = pytest.mark.slow

SOUND: dict[str, object] = {
    "acctId": FIRST,
    "acctIds": [FIRST],
    "accountId": FIRST,
    "assetClass": "STK",
    "bar": "1d",
    "cOID": "mine",
    "code": "priceAbove",
    "compete": True,
    "conid": 265598,
    "conids": [265598],
    "confirmed": True,
    "currency": "USD",
    "days": 3,
    "exchange": "SMART",
    "fields": "31",
    "filter": [],
    "filters": [],
    "instrument": "STK",
    "isBuy": True,
    "location": "STK.US.MAJOR",
    "locations": "STK.US.MAJOR",
    "maxItems": 5,
    "messageIds": ["o163"],
    "month": "DEC26",
    "name": "",
    "page": 0,
    "period": "1M",
    "publish": True,
    "scanCode": "TOP_PERC_GAIN",
    "secType": "STK",
    "since": 0,
    "sort": "mktValue",
    "source": "USD",
    "startTime": "20261124-18:00:00",
    "strike": 100,
    "symbol": "AAPL",
    "symbols": "AAPL",
    "target": "EUR",
    "type": "TOP_PERC_GAIN",
    "value": 1,
}
ORDER: dict[str, object] = {
    "acctId": FIRST,
    "cOID": "mine",
    "conid": 265598,
    "orderType": "TRAIL",
    "parentId": "other",
    "price": 1,
    "auxPrice": 1,
    "quantity": 1,
    "side": "BUY",
    "tif": "DAY",
    "trailingAmt": 1,
    "trailingType": "amt",
}
ODD_WORDS = ["9" * 5000, "9" * 25, "\u0663", "1e999", "\0\n", ""]
ODD_VALUES: list[object] = [*ODD_WORDS, {"a": [1]}, [{}], None, -1, 1e308, 2**64, True]
TESTED = make_desk(
    accounts=2, adviser=True, opened=date(2026, 11, 2), flavour=Flavour(performance_get=True, regsnapshot=True)
)
ENDPOINTS = sorted(
    {
        (method, route.path)
        for family in FAMILIES
        for route in family.routes(TESTED.simulation)
        for method in set(route.methods or ()) - {"HEAD"}
    }
)


def oddities(method: str) -> Iterator[tuple[dict[str, str], object]]:
    """Sound queries and bodies in which one thing is odd."""
    if method != "POST":
        words = {
            name: ",".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in SOUND.items()
        }
        yield from (({**words, name: odd}, None) for name in words for odd in ODD_WORDS[:3])
        return
    orders = [({**ORDER, name: odd}, ORDER) for name in ORDER for odd in ODD_VALUES]
    yield from (({}, {**SOUND, name: odd}) for name in SOUND for odd in ODD_VALUES)
    yield from (({}, {"orders": listed}) for listed in orders)


def answered(desk: Desk, method: str, path: str, query: dict[str, str], body: object) -> bool:
    session = desk.simulation.session
    session.logged_in = session.brokerage = session.primed = session.portfolio_primed = session.hmds = True
    content = b"" if body is None else json.dumps(body).encode()
    sent = {"content-length": str(len(content))}
    answer = desk.client.call(method, f"/v1/api{path}", content, query=query, headers=sent)
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return not is_json or answer.json is not None


@pytest.mark.parametrize(("method", "pattern"), ENDPOINTS)
def test_nothing_is_too_odd_to_be_answered(method: str, pattern: str) -> None:
    for odd in ODD_WORDS:
        for name in re.findall(r"{(\w+)}", pattern):
            path = pattern.replace(f"{{{name}}}", odd).replace("{account}", FIRST)
            assert answered(TESTED, method, re.sub(r"{\w+}", "1", path), {}, None)
    path = re.sub(r"{\w+}", "1", pattern.replace("{account}", FIRST))
    assert all(answered(TESTED, method, path, query, body) for query, body in oddities(method))


@pytest.mark.parametrize("body", [b"{", b"\xff", b"NaN", b"[" * 100_000, b'{"a":' * 3_000, b"9" * 6_000])
def test_what_is_no_json_is_answered_too(body: bytes) -> None:
    TESTED.prime()
    sent = {"content-length": str(len(body))}
    for path in (
        "/portfolio/allocation",
        "/pa/performance",
        "/iserver/account/U9900001/orders",
        "/iserver/scanner/run",
    ):
        assert TESTED.client.call("POST", f"/v1/api{path}", body, headers=sent).status == 400
