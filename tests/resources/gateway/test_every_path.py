"""Every path of the API reference: what does more than read cannot leave this machine, however it is spelled."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resources.envelope import Request
from resources.gateway.allowed import ALLOWED
from resources.gateway.endpoint import Endpoint
from resources.gateway.errors import NotListed, Unreachable
from resources.gateway.listed import require_listed
from resources.gateway.transport import Transport
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.resources.gateway.api_reference import HARMLESS, Documented, Does, reference

REFERENCE = reference()
HARMFUL = [one for one in REFERENCE if one.does not in HARMLESS]
READING = [one for one in REFERENCE if one.does in HARMLESS]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "Post", "TRACE", "CONNECT"]
VALUES = {"page": "0", "pageId": "0", "conid": "265598"}


@contextmanager
def counting() -> Iterator[tuple[str, list[object]]]:
    """Somebody who listens, and notes every connection; all are noted when the block has ended."""
    seen: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                connection, peer = listener.accept()
                with connection:
                    if connection.recv(1) == b"!":
                        return
                    seen.append(peer)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1/api", seen
        finally:
            with socket.create_connection(listener.getsockname()) as last:  # whoever came before is served before
                last.sendall(b"!")
            thread.join()


def _filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: VALUES.get(name[1], "U9900001"), path)


def _try(transport: Transport, method: str, path: str) -> None:
    """Send it in whatever way there is; each has to raise."""
    with pytest.raises(NotListed):
        transport.send(Endpoint(path, method=method).request())
    with pytest.raises(NotListed):
        transport.send(Request(method, path, {}, {"orders": []}))


def test_the_reference_is_whole_and_says_of_each_path_what_it_does() -> None:
    assert len(REFERENCE) == len({(one.method, re.sub(r"\{\w+\}", "{}", one.path)) for one in REFERENCE})
    assert {one.does for one in REFERENCE} == set(get_args(Does))
    assert len(HARMFUL) > 60
    assert [one for one in REFERENCE if one.method in {"PUT", "PATCH", "DELETE"} and one.does in HARMLESS] == []


def test_what_is_listed_is_in_the_reference_and_only_reads_or_keeps_the_session() -> None:
    known = {(one.method, re.sub(r"\{\w+\}", "{}", one.path)): one.does for one in REFERENCE}
    for method, path in ALLOWED:
        assert known.get((method, re.sub(r"\{\w+\}", "{}", path))) in HARMLESS, (method, path)


def test_a_connection_that_is_made_is_counted() -> None:
    with counting() as (url, seen):
        transport = Transport(url)
        with pytest.raises(Exception, match="broke off"):
            transport.send(Request("POST", "/tickle", {}))
        transport.close()
    assert len(seen) == 1


def test_nothing_that_trades_changes_or_answers_is_sent_not_even_a_connection_is_made() -> None:
    with counting() as (url, seen):
        transport = Transport(url)
        for one in HARMFUL:
            _try(transport, one.method, one.path)
            _try(transport, one.method, _filled(one.path))
        transport.close()
    assert seen == []


def test_nothing_of_it_is_sent_with_another_method_unless_that_alone_reads() -> None:
    listed = {(method, path) for method, path in ALLOWED}
    with counting() as (url, seen):
        transport = Transport(url)
        for one in HARMFUL:
            for method in METHODS:
                if (method, one.path) not in listed:
                    _try(transport, method, _filled(one.path))
        transport.close()
    assert seen == []


def _spellings(path: str) -> Iterator[str]:
    """The same path as servers may read it, by the detours that are known."""
    filled = _filled(path)
    pieces = filled.split("/")
    yield filled + "/"
    yield "/" + filled
    yield filled.replace("/", "//")
    yield filled.upper()
    yield filled.title()
    yield filled.replace("/", "%2F")
    yield filled.replace("/", "\\")
    yield filled + "?x=1"
    yield filled + "#x"
    yield filled + ";x=1"
    yield filled + "%00"
    yield filled + "%20"
    yield filled + " "
    yield filled + "\r\nX: 1"
    yield filled + "\n"
    yield "." + filled
    yield "/." + filled
    yield f"http://127.0.0.1{filled}"
    yield f"@example.com{filled}"
    yield "/".join([*pieces[:-1], ".", pieces[-1]])
    yield "/".join([*pieces[:-1], "x", "..", pieces[-1]])
    yield "/".join([*pieces[:-1], "x", "%2e%2e", pieces[-1]])
    yield "".join(f"%{ord(letter):02x}" if letter != "/" else "/" for letter in filled)
    yield f"/portfolio/U9900001/..{filled}"
    yield f"/portfolio/..{filled}/ledger"
    yield f"/portfolio/%2e%2e{filled.replace('/', '%2f')}/ledger"
    yield f"/portfolio/U9900001/positions/0/../../../..{filled}"
    yield f"/tickle?{filled}"
    yield f"/tickle/..{filled}"


@pytest.mark.parametrize("one", HARMFUL, ids=str)
def test_no_odd_spelling_of_it_is_sent(one: Documented) -> None:
    with counting() as (url, seen):
        transport = Transport(url)
        for path in _spellings(one.path):
            for method in (one.method, "GET", "POST"):
                _try(transport, method, path)
        transport.close()
    assert seen == []


@pytest.mark.parametrize("pair", sorted((method, path) for method, path in ALLOWED if "{" in path), ids=" ".join)
def test_no_listed_path_can_be_filled_in_to_become_another(pair: tuple[str, str]) -> None:
    method, path = pair
    names = re.findall(r"\{(\w+)\}", path)
    with counting() as (url, seen):
        transport = Transport(url)
        for target in (_filled(one.path) for one in HARMFUL):
            for value in (f"..{target}", f"../..{target}", target, f"U1{target}#", f"U1{target}?x=", "..", ".", ""):
                for name in names:
                    values: dict[str, Any] = {each: "1" for each in names} | {name: value}
                    with pytest.raises(NotListed):
                        transport.send(Endpoint(path, method=method).request(**values))
                    with pytest.raises(NotListed):
                        transport.send(Request(method, path.format(**values), {}))
        transport.close()
    assert seen == []


@given(text=st.text(st.characters(codec="utf-8"), max_size=12), method=st.sampled_from(METHODS))
@example(text="..", method="GET")
@example(text="%2e%2e", method="GET")
@example(text="a\n", method="GET")
@example(text="\u0661", method="GET")
def test_whatever_stands_in_the_braces_is_letters_and_digits_or_is_refused(text: str, method: str) -> None:
    try:
        require_listed(Request(method, f"/portfolio/{text}/ledger", {}))
    except NotListed:
        return
    assert method == "GET"
    assert re.fullmatch(r"[A-Za-z0-9._-]+", text)
    assert text.strip(".")


@pytest.mark.parametrize("one", READING, ids=str)
def test_what_reads_is_listed_and_sent_or_refused_and_not(one: Documented) -> None:
    listed = [path for method, path in ALLOWED if method == one.method and _same(path, one.path)]
    with counting() as (url, seen):
        transport = Transport(url)
        request = Request(one.method, _filled(one.path), {})
        if listed:
            with pytest.raises(Exception, match="broke off"):
                transport.send(request)
        else:
            _try(transport, one.method, _filled(one.path))
        transport.close()
    assert len(seen) == len(listed)


def test_the_simulator_hears_nothing_of_all_that_is_not_listed() -> None:
    with serve(Options(positions=0, tls=False)) as running:
        transport = Transport(running.url)
        for one in HARMFUL:
            _try(transport, one.method, _filled(one.path))
        assert running.control.requests() == []
        assert transport.send(Request("POST", "/tickle", {})).status == 200
        assert [asked["path"] for asked in running.control.requests()] == ["/tickle"]
        transport.close()


def test_a_refusal_comes_before_the_gateway_is_even_looked_for() -> None:
    transport = Transport("http://127.0.0.1:9/v1/api")
    with pytest.raises(Unreachable):
        transport.send(Request("POST", "/tickle", {}))
    _try(transport, "POST", "/iserver/account/U9900001/orders")
    transport.close()


def _same(listed: str, documented: str) -> bool:
    return re.sub(r"\{\w+\}", "{}", listed) == re.sub(r"\{\w+\}", "{}", documented)
