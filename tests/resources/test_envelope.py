from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.envelope import Envelope, Request, read_line

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


def _envelope(body: bytes, request: Request | None = None) -> Envelope:
    return Envelope(request or Request("GET", "/tickle", {}), 200, {"Date": "x"}, body, NOW, "run-1")


@given(body=st.binary(max_size=60), query=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3))
def test_any_body_comes_back_byte_for_byte(body: bytes, query: dict[str, str]) -> None:
    envelope = _envelope(body, Request("POST", "/pa/performance", query, {"acctIds": ["U9900001"]}))
    line = envelope.to_line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert read_line(line) == envelope


def test_the_line_is_the_documented_envelope() -> None:
    record = orjson.loads(_envelope(b'{"a":1}').to_line())
    assert sorted(record) == ["body", "headers", "received_at", "request", "run_id", "sha256", "status"]
    assert sorted(record["request"]) == ["body", "method", "path", "query"]
    assert record["body"] == '{"a":1}'


def test_an_altered_body_is_refused() -> None:
    line = _envelope(b'{"cash":100}').to_line().replace(b"100", b"900")
    with pytest.raises(ValueError, match="was altered"):
        read_line(line)


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"request":{}}', b"not json"])
def test_a_line_that_is_no_envelope_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="not an envelope"):
        read_line(line)


def test_a_request_is_told_without_account_ids() -> None:
    asked = Request("GET", "/portfolio/U9900001/ledger", {"acctIds": "DU1234567"})
    assert str(asked) == "GET /portfolio/U…0001/ledger?acctIds=DU…4567"


def test_what_a_request_is_called_is_kept_with_it_and_is_no_part_of_what_it_asks() -> None:
    named = Request("POST", "/iserver/scanner/run", {}, {"type": "HALTED"}, name="halted")
    assert read_line(_envelope(b"{}", named).to_line()).request.name == "halted"
    assert named.key == Request("POST", "/iserver/scanner/run", {}, {"type": "HALTED"}).key
    assert str(named) == "POST /iserver/scanner/run"


def test_requests_that_ask_the_same_have_one_key() -> None:
    one = Request("GET", "/trsrv/secdef", {"a": "1", "b": "2"})
    assert one.key == Request("GET", "/trsrv/secdef", {"b": "2", "a": "1"}).key
    assert one.key != Request("POST", "/trsrv/secdef", {"a": "1", "b": "2"}).key
