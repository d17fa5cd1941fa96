"""What a reply means, from its status and bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.envelope import Request
from resources.gateway import errors
from resources.gateway.wire import decipher

ASKED = Request("GET", "/iserver/marketdata/history", {"conid": "265598"})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"", errors.LoginRequired),
        (401, b"Unauthorized", errors.LoginRequired),
        (401, b"<html>Unauthorized</html>", errors.LoginRequired),
        (302, b"", errors.LoginRequired),
        (302, b"<html>Moved</html>", errors.LoginRequired),
        (401, b'{"error":"not authenticated","statusCode":401}', errors.SessionLost),
        (400, b'{"error":"Bad Request: no bridge","statusCode":400}', errors.SessionLost),
        (400, b'{"error":"Bad Request: Please query /accounts first","statusCode":400}', errors.NotPrimed),
        (500, b'{"error":"Please query /accounts first"}', errors.NotPrimed),
        (400, b'{"error":"Bad Request: invalid accountId","statusCode":400}', errors.Refused),
        (200, b'{"error":"no session"}', errors.LoginRequired),
        (200, b'{"error":"failed to process request"}', errors.LoginRequired),
        (500, b'{"error":"failed to process request"}', errors.Unavailable),
        (200, b'{"error":"not logged in"}', errors.LoginRequired),
        (200, b'{"error":"No symbol found"}', errors.Refused),
        (200, b'{"error":"Chart data unavailable"}', errors.NoData),
        (200, b'{"error":"OrderID 1 doesn\'t exist"}', errors.Refused),
        (200, b"", errors.Garbled),
        (200, b"  ", errors.Garbled),
        (200, b'{"half":', errors.Garbled),
        (200, b'{"v":NaN}', errors.Garbled),
        (200, b"<html>hello</html>", errors.Garbled),
        (200, b"<html>Login</html>", errors.LoginRequired),
        (403, b"<HTML>Access Denied, reference 1</HTML>", errors.Refused),
        (403, b"Access Denied", errors.Refused),
        (404, b"Access Denied", errors.Refused),
        (403, b'{"error":"not permitted"}', errors.Refused),
        (404, b'{"error":"Chart data unavailable"}', errors.NoData),
        (500, b'{"error":"Chart data unavailable"}', errors.NoData),
        (500, b'{"error":"No data."}', errors.NoData),
        (503, b'{"error":"Order 123 is not found","statusCode":503}', errors.NoData),
        (404, b"Unknown path /x", errors.Gone),
        (404, b"", errors.Gone),
        (404, b'{"error":"Resource not found","statusCode":404}', errors.Gone),
        (405, b"", errors.Refused),
        (410, b"", errors.Refused),
        (429, b"", errors.Throttled),
        (429, b'{"error":"too many requests"}', errors.Throttled),
        (500, b'{"error":"unknown"}', errors.Unavailable),
        (503, b"", errors.Unavailable),
        (503, b"<html>We are down for maintenance</html>", errors.Unavailable),
        (503, b'{"error":"Service Unavailable","statusCode":503}', errors.Unavailable),
    ],
)
def test_a_no_is_named_by_what_to_do_about_it(status: int, body: bytes, kind: type[errors.GatewayError]) -> None:
    with pytest.raises(errors.GatewayError) as raised:
        decipher(ASKED, status, body)
    assert type(raised.value) is kind
    told = str(raised.value)
    assert told.startswith("GET /iserver/marketdata/history?conid=265598: ")
    assert told.endswith(".")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        (b"[]", []),
        (b'{"orders":[],"snapshot":false}', {"orders": [], "snapshot": False}),
        (b'{"hmds":{"error":"no bridge"}}', {"hmds": {"error": "no bridge"}}),
        (b'{"rules":{"error":"closed"}}', {"rules": {"error": "closed"}}),
        (b'{"error":null,"a":1}', {"error": None, "a": 1}),
    ],
)
def test_a_good_reply_is_decoded_and_inner_errors_are_not_its_own(body: bytes, meaning: object) -> None:
    assert decipher(ASKED, 200, body) == meaning


@given(status=st.integers(100, 599), body=st.binary(max_size=80))
def test_whatever_comes_is_a_value_or_an_error_that_speaks_to_a_person(status: int, body: bytes) -> None:
    told = "GET /iserver/marketdata/history"
    try:
        decipher(ASKED, status, body)
    except errors.GatewayError as error:
        told = str(error)
    assert told.startswith("GET /iserver/marketdata/history")
    assert len(told) < 600
