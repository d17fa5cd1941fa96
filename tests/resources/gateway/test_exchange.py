import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from resources.envelope import Request
from resources.gateway.exchange import Exchange
from resources.gateway.pacing import OUR_PER_SECOND, Limit
from resources.gateway.transport import Transport
from tests.resources.gateway.crooked import answer, crooked

LEDGER = Request("GET", "/portfolio/U9900001/ledger", {})
ACCOUNTS = Request("GET", "/portfolio/accounts", {})


class Hours:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@contextmanager
def _exchange(url: str, hours: Hours) -> Iterator[Exchange]:
    exchange = Exchange(Transport(url), run_id="run-1", clock=hours, sleep=hours.sleep)
    yield exchange
    exchange.close()


def test_whatever_came_is_an_envelope_without_its_cookies() -> None:
    reply = answer(503, b"half a p", "Set-Cookie: x-sess-uuid=secret; HttpOnly", "SET-COOKIE: more", "X-Kept: yes")
    with crooked({"GET /portfolio/U9900001/ledger": reply}) as gateway, _exchange(gateway.url, Hours()) as exchange:
        envelope = exchange.send(LEDGER, name="ledger")
    assert (envelope.status, envelope.body, envelope.run_id) == (503, b"half a p", "run-1")
    assert envelope.received_at == datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert envelope.headers["X-Kept"] == "yes"
    assert "cookie" not in envelope.to_line().decode().lower()


@pytest.mark.parametrize("line", [b"", b"Date: yesterday\r\n"])
def test_a_reply_without_a_readable_date_has_our_time(line: bytes) -> None:
    reply = b"HTTP/1.1 200 OK\r\n" + line + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
    before = datetime.now(UTC).replace(microsecond=0)
    with crooked({"GET /portfolio/accounts": reply}) as gateway, _exchange(gateway.url, Hours()) as exchange:
        received_at = exchange.send(ACCOUNTS, name="accounts").received_at
    assert before <= received_at <= datetime.now(UTC)


def test_what_it_cost_and_why_it_waited_are_counted() -> None:
    hours = Hours()
    replies = {"GET /portfolio/accounts": answer(body=b"[]"), "GET /portfolio/U9900001/ledger": answer(body=b"{}")}
    with crooked(replies) as gateway, _exchange(gateway.url, hours) as exchange:
        for _ in range(2):
            exchange.send(ACCOUNTS, name="accounts", limit=Limit(1, 5.0))
        exchange.send(LEDGER, name="ledger")
    assert (exchange.tally.requests, exchange.tally.bytes) == (3, 6)
    assert exchange.tally.waits == {
        "accounts, 1 per 5 s": pytest.approx(5.1),
        "all requests, 10 per s": pytest.approx(1 / OUR_PER_SECOND),
    }
    assert exchange.tally.waited_seconds == pytest.approx(hours.now - 1000.0)


def test_a_send_of_an_earlier_run_counts_against_the_limit() -> None:
    hours = Hours()
    with (
        crooked({"GET /portfolio/accounts": answer(body=b"[]")}) as gateway,
        _exchange(gateway.url, hours) as exchange,
    ):
        exchange.sent_before("accounts", seconds_ago=2.0)
        exchange.send(ACCOUNTS, name="accounts", limit=Limit(1, 5.0))
    assert hours.now == pytest.approx(1003.1)


def test_a_wait_of_minutes_is_told_and_a_short_one_is_not() -> None:
    told: list[str] = []
    with (
        crooked({"GET /portfolio/accounts": answer(body=b"[]")}) as gateway,
        _exchange(gateway.url, Hours()) as exchange,
    ):
        exchange.tell = told.append
        for limit in (Limit(1, 5.0), Limit(1, 5.0), Limit(1, 900.0)):
            exchange.send(ACCOUNTS, name="accounts", limit=limit)
    assert told == ["accounts, 1 per 900 s: waiting 15.3 minutes for the next"]


def test_who_waits_for_minutes_holds_nobody_else_back() -> None:
    hours, tickled = Hours(), threading.Event()
    replies = {"GET /portfolio/accounts": answer(body=b"[]"), "GET /portfolio/U9900001/ledger": answer(body=b"{}")}

    def tickle_once() -> None:
        exchange.send(LEDGER, name="ledger")
        tickled.set()

    def sleep(seconds: float) -> None:
        if seconds > 60 and not tickled.is_set():
            tickle = threading.Thread(target=tickle_once)
            tickle.start()
            tickle.join(timeout=20)
            assert tickled.is_set(), "a request of another thread waits behind the one that waits for its own limit"
        hours.sleep(seconds)

    with crooked(replies) as gateway:
        exchange = Exchange(Transport(gateway.url), run_id="run-1", clock=hours, sleep=sleep)
        started = hours.now
        for _ in range(2):
            exchange.send(ACCOUNTS, name="accounts", limit=Limit(1, 900.0))
        exchange.close()
    assert tickled.is_set()
    assert hours.now - started >= 900
    assert exchange.tally.requests == 3


@pytest.mark.parametrize(("header", "is_simulator"), [("x-simulator: any", True), ("Server: nginx", False)])
def test_a_simulator_is_known_by_what_it_says(header: str, is_simulator: bool) -> None:
    with (
        crooked({"GET /portfolio/accounts": answer(200, b"[]", header)}) as gateway,
        _exchange(gateway.url, Hours()) as exchange,
    ):
        exchange.send(ACCOUNTS, name="accounts")
    assert exchange.is_simulator is is_simulator
