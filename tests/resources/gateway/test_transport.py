import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from resources.envelope import Request
from resources.gateway.certificate import Pin, fetch_pin, read_pin
from resources.gateway.errors import Refused, Unavailable, Unreachable, Untrusted
from resources.gateway.transport import Transport
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.resources.gateway.crooked import HOLD, answer, crooked

STATUS = Request("POST", "/iserver/auth/status", {})


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    with serve(Options(positions=0)) as running:
        yield running


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(Options(positions=0, certificate=tmp_path_factory.mktemp("key"))) as running:
        yield running


def _pin(running: Running) -> Pin:
    assert running.certificate is not None
    return read_pin(running.certificate)


def test_the_expired_nameless_certificate_is_trusted_when_it_is_the_pinned_one(gateway: Running) -> None:
    transport = Transport(gateway.url, pin=_pin(gateway))
    assert transport.send(STATUS).status == 200
    transport.close()


def test_another_certificate_is_not_trusted(gateway: Running, another: Running) -> None:
    transport = Transport(gateway.url, pin=_pin(another))
    with pytest.raises(Untrusted, match="compare its fingerprint"):
        transport.send(STATUS)
    transport.close()


def test_without_a_pin_it_is_verified_like_any_other_and_refused(gateway: Running) -> None:
    transport = Transport(gateway.url)
    with pytest.raises(Untrusted, match="python -m resources.gateway pin"):
        transport.send(STATUS)
    transport.close()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY"])
def test_the_environment_changes_nothing(
    gateway: Running, another: Running, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    value = "http://127.0.0.1:9" if "PROXY" in variable else str(gateway.certificate)
    monkeypatch.setenv(variable, value)
    trusted, wrong = Transport(gateway.url, pin=_pin(gateway)), Transport(gateway.url, pin=_pin(another))
    assert trusted.send(STATUS).status == 200
    with pytest.raises(Untrusted):
        wrong.send(STATUS)
    trusted.close()
    wrong.close()


def test_not_a_byte_of_http_is_sent_to_a_stranger(another: Running) -> None:
    heard: list[bytes] = []
    assert another.certificate is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(another.certificate, another.certificate.with_name(_key_beside(another.certificate)))
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as secure:
            heard.append(secure.recv(1000))

    thread = threading.Thread(target=listen)
    thread.start()
    transport = Transport(f"https://localhost:{listener.getsockname()[1]}/v1/api", pin=Pin(_STRANGER))
    with pytest.raises(Untrusted):
        transport.send(STATUS)
    thread.join(timeout=120)
    listener.close()
    transport.close()
    assert heard in ([], [b""])


def test_a_gateway_that_is_down_and_one_that_is_slow_are_told_apart() -> None:
    down = Transport("http://127.0.0.1:9/v1/api")
    with pytest.raises(Unreachable, match="Connection refused. Start the gateway"):
        down.send(STATUS)
    silent = socket.create_server(("127.0.0.1", 0))
    slow = Transport(f"http://127.0.0.1:{silent.getsockname()[1]}/v1/api", timeout=0.2)
    with pytest.raises(Unavailable, match=r"no reply within 0.2 s"):
        slow.send(STATUS)
    silent.close()
    down.close()
    slow.close()


@pytest.mark.parametrize("url", ["http://example.com/v1/api", "http://10.0.0.1/v1/api", "ftp://localhost", "localhost"])
def test_plain_http_is_for_this_machine_only_and_a_url_must_be_one(url: str) -> None:
    with pytest.raises(Refused, match="IBKR_GATEWAY_URL"):
        Transport(url)


def test_a_gateway_elsewhere_must_be_meant_and_is_verified_then() -> None:
    with pytest.raises(Refused, match="is not this machine"):
        Transport("https://gateway.invalid/v1/api")
    transport = Transport("https://gateway.invalid/v1/api", allow_remote=True)
    assert transport.base_url == "https://gateway.invalid/v1/api"
    transport.close()


def test_plain_http_where_tls_was_meant_is_told_as_such_and_not_as_distrust() -> None:
    with crooked({"POST /iserver/auth/status": answer(body=b"{}")}) as gateway:
        secure = gateway.url.replace("http://", "https://")
        transport = Transport(secure)
        with pytest.raises(Unreachable, match="does not speak TLS. Write http:// in IBKR_GATEWAY_URL"):
            transport.send(STATUS)
        with pytest.raises(Unreachable, match="does not speak TLS. Plain http needs no pin"):
            fetch_pin(secure)
        transport.close()


def test_tls_where_plain_http_was_meant_is_hinted_at(gateway: Running) -> None:
    transport = Transport(gateway.url.replace("https://", "http://"))
    with pytest.raises(Unavailable, match="speaks TLS wants https:// in its URL"):
        transport.send(STATUS)
    transport.close()


def test_what_has_no_certificate_cannot_be_pinned() -> None:
    with pytest.raises(Refused, match="plain http has none"):
        fetch_pin("http://localhost:5000/v1/api")
    with pytest.raises(Refused, match="use a URL such as"):
        fetch_pin("localhost:5000")


@pytest.mark.parametrize("is_secure", [True, False])
def test_it_is_told_when_a_request_is_on_the_wire_and_before_it_is_answered(is_secure: bool) -> None:
    with serve(Options(positions=0, tls=is_secure)) as running:
        received: list[int] = []
        transport = Transport(running.url, pin=_pin(running) if is_secure else None)
        for _ in range(2):  # the second goes over the same connection
            transport.send(STATUS, on_the_wire=lambda: received.append(len(running.control.requests())))
        transport.send(STATUS)
        transport.close()
        assert len(running.control.requests()) == 3
    assert len(received) == 2


def test_a_request_that_never_left_is_not_on_the_wire() -> None:
    left: list[bool] = []
    down = Transport("http://127.0.0.1:9/v1/api")
    with pytest.raises(Unreachable):
        down.send(STATUS, on_the_wire=lambda: left.append(True))
    down.close()
    assert left == []


def test_a_request_is_on_the_wire_though_no_reply_ever_comes() -> None:
    left: list[bool] = []
    with crooked({"POST /iserver/auth/status": HOLD}) as gateway:
        transport = Transport(gateway.url, timeout=0.2)
        with pytest.raises(Unavailable, match=r"no reply within 0\.2 s"):
            transport.send(STATUS, on_the_wire=lambda: left.append(True))
        transport.close()
    assert left == [True]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with crooked({"POST /iserver/auth/status": answer(status, b"", "Location: /v1/api/sso/Login")}) as gateway:
        transport = Transport(gateway.url)
        reply = transport.send(STATUS)
        transport.close()
    assert (reply.status, gateway.asked) == (status, ["POST /iserver/auth/status"])


@pytest.mark.parametrize(
    "spoken",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{",
        b"not http at all\r\n\r\n",
    ],
)
def test_a_gateway_that_hangs_up_mid_reply_is_there_and_may_be_asked_again(spoken: bytes) -> None:
    with crooked({"POST /iserver/auth/status": spoken}) as gateway:
        transport = Transport(gateway.url)
        with pytest.raises(Unavailable, match="POST /iserver/auth/status: the reply broke off .* Try again") as raised:
            transport.send(STATUS)
        transport.close()
    assert type(raised.value) is Unavailable


@pytest.mark.parametrize(("sent", "told"), [(0.0, ""), (0.5, "Response ended prematurely")])
def test_a_tls_connection_that_is_dropped_is_no_matter_of_trust(sent: float, told: str) -> None:
    with serve(Options(positions=3, pacing=False)) as gateway:
        assert gateway.certificate is not None
        gateway.control.add_faults({"faults": [{"fault": "reset", "sent": sent}]})
        transport = Transport(gateway.url, pin=read_pin(gateway.certificate))
        with pytest.raises(Unavailable, match=f"the reply broke off .*{told}.* Try again"):
            transport.send(Request("POST", "/tickle", {}))
        transport.close()


def test_tls_that_ends_without_a_goodbye_is_a_reply_that_broke_off() -> None:
    """Seen where a gateway hangs up while a request is still being written."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        hanging_up = threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True)
        hanging_up.start()
        transport = Transport(f"https://localhost:{listener.getsockname()[1]}/v1/api")
        with pytest.raises(Unavailable, match="the reply broke off"):
            transport.send(STATUS)
        transport.close()
        hanging_up.join()


def test_a_reply_that_never_ends_is_given_up() -> None:
    with crooked({"POST /iserver/auth/status": HOLD}) as gateway:
        transport = Transport(gateway.url, timeout=0.2)
        with pytest.raises(Unavailable, match=r"no reply within 0\.2 s"):
            transport.send(STATUS)
        transport.close()


def test_what_is_fetched_to_be_pinned_is_what_is_served(gateway: Running) -> None:
    fetched = fetch_pin(gateway.url)
    assert fetched.fingerprint == _pin(gateway).fingerprint
    assert len(fetched.readable.split(":")) == 32


@pytest.mark.parametrize("content", [None, "", "not a certificate"])
def test_a_pin_that_cannot_be_read_says_how_to_write_one(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "gateway.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Untrusted, match="Write it with: python -m resources.gateway pin"):
        read_pin(path)


def _key_beside(certificate: Path) -> str:
    [key] = [path.name for path in certificate.parent.iterdir() if path != certificate]
    return key


_STRANGER = ssl.DER_cert_to_PEM_cert(b"somebody else")
