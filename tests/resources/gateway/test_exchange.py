from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.envelope import Request
from resources.gateway.errors import Throttled, Unavailable, Unreachable
from resources.gateway.pacing import USED_PER_SECOND, Limit
from tests.resources.gateway.crooked import Crooked, Script, answer, crooked
from tests.resources.gateway.wired import EVENING, Hours, wired

LEDGER = Request("GET", "/portfolio/U9900001/ledger", {})
ACCOUNTS = Request("GET", "/portfolio/accounts", {})


def test_whatever_came_is_an_envelope_without_its_cookies(tmp_path: Path) -> None:
    reply = answer(503, b"half a p", "Set-Cookie: x-sess-uuid=secret; HttpOnly", "SET-COOKIE: more", "X-Kept: yes")
    with crooked({"GET /portfolio/U9900001/ledger": reply}) as gateway, wired(gateway, tmp_path) as one:
        envelope = one.exchange.send(LEDGER, name="ledger")
    assert (envelope.status, envelope.body, envelope.run_id) == (503, b"half a p", "run-1")
    assert envelope.received_at == datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert envelope.headers["X-Kept"] == "yes"
    assert "cookie" not in envelope.to_line().decode().lower()


@pytest.mark.parametrize("line", [b"", b"Date: yesterday\r\n"])
def test_a_reply_without_a_readable_date_has_our_time(tmp_path: Path, line: bytes) -> None:
    reply = b"HTTP/1.1 200 OK\r\n" + line + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
    hours = Hours()
    hours.pass_by(3600.5)
    with crooked({"GET /portfolio/accounts": reply}) as gateway, wired(gateway, tmp_path, hours) as one:
        received_at = one.exchange.send(ACCOUNTS, name="accounts").received_at
        assert one.exchange.ahead_seconds == 0.0
    assert received_at == EVENING + timedelta(hours=1)


def test_what_it_cost_and_why_it_waited_are_counted(tmp_path: Path) -> None:
    replies = {"GET /portfolio/accounts": answer(body=b"[]"), "GET /portfolio/U9900001/ledger": answer(body=b"{}")}
    with crooked(replies) as gateway, wired(gateway, tmp_path) as one:
        for _ in range(2):
            one.exchange.send(ACCOUNTS, name="accounts", limit=Limit(1, 5.0))
        one.exchange.send(LEDGER, name="ledger")
    tally = one.exchange.tally
    assert (tally.requests, tally.bytes) == (3, 6)
    assert tally.waits == {
        "accounts, 1 per 5 s": pytest.approx(5.1, abs=1e-3),
        "all requests, 10 per s": pytest.approx(1 / USED_PER_SECOND, abs=1e-3),
    }
    assert tally.waited_seconds == pytest.approx(sum(one.hours.slept))


def test_a_send_of_another_process_counts_against_the_limit(tmp_path: Path) -> None:
    hours = Hours()
    with crooked({"GET /portfolio/accounts": answer(body=b"[]")}) as gateway:
        with wired(gateway, tmp_path, hours) as earlier:
            earlier.exchange.send(ACCOUNTS, name="accounts", limit=Limit(1, 5.0))
        hours.pass_by(2.0)
        with wired(gateway, tmp_path, hours) as one:
            one.exchange.send(ACCOUNTS, name="accounts", limit=Limit(1, 5.0))
    assert sum(hours.slept) == pytest.approx(3.1, abs=1e-3)


def test_a_long_wait_is_told_and_a_short_one_is_not(tmp_path: Path) -> None:
    told: list[str] = []
    with crooked({"GET /portfolio/accounts": answer(body=b"[]")}) as gateway, wired(gateway, tmp_path) as one:
        one.exchange.budget.tell = told.append
        for limit in (Limit(1, 5.0), Limit(1, 5.0), Limit(1, 25.0)):
            one.exchange.send(ACCOUNTS, name="accounts", limit=limit)
    assert told == ["accounts, 1 per 25 s: waiting 26 s for the next"]


@pytest.mark.parametrize(("header", "is_simulator"), [("x-simulator: any", True), ("Server: nginx", False)])
def test_a_simulator_is_known_by_what_it_says(tmp_path: Path, header: str, is_simulator: bool) -> None:
    with (
        crooked({"GET /portfolio/accounts": answer(200, b"[]", header)}) as gateway,
        wired(gateway, tmp_path) as one,
    ):
        one.exchange.send(ACCOUNTS, name="accounts")
    assert one.exchange.is_simulator is is_simulator


def test_every_call_is_in_the_journal_when_it_leaves_and_when_it_was_answered(tmp_path: Path) -> None:
    script: Script = {
        "GET /portfolio/accounts": [answer(body=b'[{"error":"of a row"}]'), answer(body=b'{"error":"no session"}')],
        "GET /portfolio/U9900001/ledger": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
    }
    with crooked(script) as gateway, wired(gateway, tmp_path) as one:
        for _ in range(2):
            one.exchange.send(ACCOUNTS, name="accounts", purpose="session")
        one.exchange.purpose = "ledger"
        with pytest.raises(Unavailable):
            one.exchange.send(LEDGER, name="ledger")
    records = list(one.calls.everything())
    sent = {record["id"]: record for record in records if "sent_at" in record}
    ended = {record["id"]: record for record in records if "ended_at" in record}
    assert len(records) == 6
    assert sent.keys() == ended.keys()
    assert [record["verdict"] for record in ended.values()] == ["Answered", "LoginRequired", "Unavailable"]
    [first, second, third] = sent.values()
    assert [first["purpose"], third["purpose"]] == ["session", "ledger"]
    assert {record["rank"] for record in sent.values()} == {"nightly"}
    assert second["waited_for"] == "all requests, 10 per s"
    assert second["waited_seconds"] == pytest.approx(0.115)
    assert (first["run_id"], first["method"], first["path"]) == ("run-1", "GET", "/portfolio/accounts")


def test_a_gateway_that_is_down_costs_nothing_of_a_limit(tmp_path: Path) -> None:
    hours, limit = Hours(), Limit(1, 900.0)
    with wired(Crooked("http://127.0.0.1:9/v1/api"), tmp_path, hours) as down, pytest.raises(Unreachable):
        down.exchange.send(ACCOUNTS, name="accounts", limit=limit)
    with crooked({"GET /portfolio/accounts": answer(body=b"[]")}) as gateway, wired(gateway, tmp_path, hours) as one:
        one.exchange.send(ACCOUNTS, name="accounts", limit=limit)
    assert hours.slept == []


def test_a_429_is_a_penalty_for_every_process_from_that_moment_on(tmp_path: Path) -> None:
    hours = Hours()
    replies = {"GET /portfolio/accounts": answer(429), "GET /portfolio/U9900001/ledger": answer(body=b"{}")}
    with (
        crooked(replies) as gateway,
        wired(gateway, tmp_path, hours) as one,
        wired(gateway, tmp_path, hours) as other,
    ):
        assert one.exchange.send(ACCOUNTS, name="accounts").status == 429
        with pytest.raises(Throttled, match="Nothing is asked until 23:45:00 UTC"):
            other.exchange.send(LEDGER, name="ledger")
    assert gateway.asked == ["GET /portfolio/accounts"]
