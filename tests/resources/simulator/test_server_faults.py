"""Faults and the control plane over real sockets: what only a server can do wrong."""

import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import pytest

from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.resources.simulator.conftest import EVENING
from tests.resources.simulator.test_server import pinned

LEDGER = "/v1/api/portfolio/U9900001/ledger"
AGENT = {"User-Agent": "test"}


@pytest.fixture(scope="module", params=[True, False], ids=["https", "http"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    with serve(Options(clock=EVENING, positions=3, pacing=False, tls=request.param)) as running:
        yield running


@pytest.fixture
def connection(running: Running) -> Iterator[HTTPConnection]:
    running.control.clear_faults()
    port = urlsplit(running.url).port
    assert port is not None
    made = HTTPConnection("127.0.0.1", port, timeout=60)
    if running.certificate is not None:
        made = pinned(port, running.certificate)
    made.request("GET", "/v1/api/portfolio/accounts", headers=AGENT)
    made.getresponse().read()
    yield made
    made.close()


def send(connection: HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    content = None if body is None else json.dumps(body)
    connection.request(method, path, content)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_a_connection_is_dropped_before_the_reply(running: Running, connection: HTTPConnection) -> None:
    running.control.add_faults({"faults": ["reset"], "times": 1})
    assert connection.sock is not None
    kept_alive = connection.sock
    with pytest.raises((ConnectionResetError, RemoteDisconnected)):
        fetch(connection)
    assert connection.sock is not kept_alive
    assert fetch(connection)[0] == 200, "a new connection is served"


def test_a_reset_is_a_reset_and_no_orderly_end() -> None:
    with serve(Options(clock=EVENING, positions=3, pacing=False, tls=False)) as running:
        running.control.add_faults({"faults": ["reset"]})
        with socket.create_connection(("127.0.0.1", urlsplit(running.url).port or 0), timeout=60) as plain:
            plain.sendall(b"GET /v1/api/tickle HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                plain.recv(1)


def test_a_connection_is_dropped_in_the_middle_of_the_reply(running: Running, connection: HTTPConnection) -> None:
    whole = fetch(connection)[1]
    running.control.add_faults({"faults": [{"fault": "reset", "sent": 0.5}], "times": 1})
    connection.request("GET", LEDGER, headers=AGENT)
    answer = connection.getresponse()
    assert answer.status == 200
    with pytest.raises((IncompleteRead, ConnectionResetError)) as cut:
        answer.read()
    if isinstance(cut.value, IncompleteRead):
        assert whole.startswith(cut.value.partial)
    connection.close()
    assert fetch(connection)[1] == whole


def test_a_cut_request_is_on_record_without_a_status(running: Running, connection: HTTPConnection) -> None:
    running.control.clear_requests()
    running.control.add_faults({"faults": ["reset"], "times": 1})
    with pytest.raises((ConnectionResetError, RemoteDisconnected)):
        fetch(connection)
    fetch(connection)
    cut, good = running.control.requests()
    assert (cut["status"], cut["touched"]) == (None, ["reset"])
    assert (good["status"], good["touched"]) == (200, [])


def test_a_truncated_reply_ends_in_order_and_the_connection_goes_on(
    running: Running, connection: HTTPConnection
) -> None:
    whole = fetch(connection)[1]
    running.control.add_faults({"faults": ["truncated"], "times": 1})
    assert fetch(connection)[1] == whole[: len(whole) // 2]
    assert fetch(connection)[1] == whole


def test_a_timeout_closes_the_connection(running: Running, connection: HTTPConnection) -> None:
    running.control.add_faults({"faults": [{"fault": "timed_out", "seconds": 0.2}]})
    began = time.monotonic()
    connection.request("GET", LEDGER, headers=AGENT)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (503, b"")
    assert answer.headers["connection"] == "close"
    assert time.monotonic() - began >= 0.2


def test_a_slow_reply_holds_nobody_else_up(running: Running, connection: HTTPConnection) -> None:
    running.control.add_faults({"faults": [{"fault": "slow", "seconds": 30}], "path": "*/ledger"})
    connection.request("GET", LEDGER, headers=AGENT)
    port = urlsplit(running.url).port or 0
    other = pinned(port, running.certificate) if running.certificate else HTTPConnection("127.0.0.1", port, timeout=60)
    other.request("GET", "/v1/api/tickle", headers=AGENT)
    assert other.getresponse().status == 200
    other.close()


def test_the_control_plane_answers_from_outside(running: Running, connection: HTTPConnection) -> None:
    status, told = send(connection, "POST", "/simulator/faults", {"path": "*/ledger", "faults": ["truncated"]})
    assert (status, told[0]["path"]) == (200, "*/ledger")
    fetch(connection)
    [latest] = send(connection, "GET", "/simulator/requests?path=*/ledger")[1][-1:]
    assert latest["touched"] == ["truncated"]
    before = send(connection, "GET", "/simulator/state")[1]["clock"]["now"]
    assert send(connection, "POST", "/simulator/clock", {"advance": "PT1M"})[1]["now"] > before
    assert send(connection, "POST", "/simulator/clock", {"advance": -5})[0] == 400
    assert send(connection, "DELETE", "/simulator/faults") == (200, [])
    assert running.control.faults() == []


def fetch(connection: HTTPConnection) -> tuple[int, bytes]:
    connection.request("GET", LEDGER, headers=AGENT)
    answer = connection.getresponse()
    return answer.status, answer.read()
