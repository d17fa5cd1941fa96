import socket
import ssl
import warnings
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from resources.simulator.options import OptionError, Options
from resources.simulator.server import Running, serve
from tests.resources.simulator.conftest import EVENING

QUICK = Options(clock=EVENING, positions=3)


def pinned(port: int, certificate: Path) -> HTTPSConnection:
    """A connection to whoever has exactly that certificate: nothing else about it can be verified."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
    connection.connect()
    assert connection.sock.getpeercert(binary_form=True) == ssl.PEM_cert_to_DER_cert(certificate.read_text())
    return connection


def fetch(running: Running, path: str) -> tuple[int, dict[str, str], bytes]:
    address = urlsplit(running.url)
    assert address.port is not None
    connection = HTTPConnection("127.0.0.1", address.port, timeout=60)
    if running.certificate is not None:
        connection = pinned(address.port, running.certificate)
    connection.request("GET", address.path + path, headers={"User-Agent": "test"})
    reply = connection.getresponse()
    found = reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
    connection.close()
    return found


def test_it_answers_over_tls_with_the_certificate_that_it_names() -> None:
    with serve(QUICK) as running:
        assert running.url.startswith("https://localhost:")
        assert running.url.endswith("/v1/api")
        status, headers, body = fetch(running, "/iserver/auth/status")
    assert status == 200
    assert body.startswith(b'{"authenticated":true')
    assert headers["transfer-encoding"] == "chunked"
    told = parsedate_to_datetime(headers["date"])
    assert timedelta(0) <= told - EVENING < timedelta(minutes=10), "its own clock, which runs"
    assert not {"content-length", "content-encoding", "server"} & set(headers)


def test_it_can_do_without_tls() -> None:
    with serve(Options(clock=EVENING, positions=3, tls=False)) as running:
        assert running.url.startswith("http://")
        assert running.certificate is None
        assert fetch(running, "/tickle")[0] == 200


def test_a_client_of_http_1_0_gets_the_body_without_chunks() -> None:
    with (
        serve(Options(clock=EVENING, positions=3, tls=False)) as running,
        socket.create_connection(("127.0.0.1", urlsplit(running.url).port or 0), timeout=60) as line,
    ):
        line.sendall(b"GET /v1/api/nothing HTTP/1.0\r\nUser-Agent: test\r\n\r\n")
        received = b"".join(iter(lambda: line.recv(4096), b""))
    head, body = received.split(b"\r\n\r\n", 1)
    assert body == b'{"error":"Resource not found","statusCode":404}'
    assert b"content-length: 47" in head
    assert b"chunked" not in head


def test_it_stops_and_takes_its_certificate_along() -> None:
    with serve(QUICK) as running:
        fetch(running, "/tickle")
        assert running.certificate is not None
        folder = running.certificate.parent
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(running.url).port or 0), timeout=1)


def test_it_hangs_up_on_a_client_that_keeps_its_line_and_leaves_nothing_open() -> None:
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always")
        with serve(QUICK) as running:
            assert running.certificate is not None
            kept = pinned(urlsplit(running.url).port or 0, running.certificate)
            kept.request("GET", "/v1/api/tickle", headers={"User-Agent": "test"})
            assert kept.getresponse().read()
        kept.sock.settimeout(1)
        assert kept.sock.recv(1) == b""
        kept.close()
    assert [str(warning.message) for warning in left] == []


def test_a_kept_certificate_survives_a_restart(tmp_path: Path) -> None:
    options = Options(clock=EVENING, positions=3, certificate=tmp_path / "kept")
    seen = []
    for _ in range(2):
        with serve(options) as running:
            assert running.certificate is not None
            seen.append(running.certificate.read_bytes())
    assert seen[0] == seen[1]


def test_it_listens_on_the_loopback_interface_only() -> None:
    with serve(QUICK) as running:
        port = urlsplit(running.url).port
        assert port is not None
        with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=1):
            pass


def test_a_port_in_use_is_told_in_one_line() -> None:
    with serve(QUICK) as running:
        port = urlsplit(running.url).port or 0
        with (
            pytest.raises(OptionError, match=f"listen on 127.0.0.1:{port}: .*in use.* --port"),
            serve(QUICK, port=port),
        ):
            pass
