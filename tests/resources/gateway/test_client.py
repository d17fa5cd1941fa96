"""The practical loop against the real simulator over HTTPS; waiting is faked, nothing else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from resources.envelope import Envelope, Request
from resources.gateway import errors
from resources.gateway.certificate import read_pin
from resources.gateway.client import PORTFOLIO_ACCOUNTS, GatewayClient
from resources.gateway.endpoint import Endpoint, Numbered
from resources.gateway.exchange import Exchange
from resources.gateway.pacing import OUR_PER_SECOND, Limit
from resources.gateway.transport import Reply, Transport
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from resources.simulator.simulation import Simulation
from tests.crooked import crooked
from tests.resources.gateway import crooked as scripted

EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
LEDGER = Endpoint("/portfolio/{account_id}/ledger")
POSITIONS = Endpoint("/portfolio/{account_id}/positions/{page}", paging=Numbered(100))
HISTORY = Endpoint("/iserver/marketdata/history", cold_tries=3)
PERFORMANCE = Endpoint("/pa/performance", method="POST", limit=Limit(1, 900))
OPENING = [
    "POST /iserver/auth/status",
    "GET /iserver/accounts",
    "GET /portfolio/accounts",
]


class Heard(Transport):
    """The real transport, which also notes what it sent."""

    def __init__(self, running: Any) -> None:
        pin = read_pin(running.certificate) if running.certificate else None
        super().__init__(running.url, pin=pin)
        self.sent: list[str] = []

    def send(self, request: Request) -> Reply:
        self.sent.append(f"{request.method} {request.path}")
        return super().send(request)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


@contextmanager
def _client(running: Any) -> Iterator[tuple[GatewayClient, Heard, Clock]]:
    heard, clock = Heard(running), Clock()
    client = GatewayClient(Exchange(heard, run_id="run-1", clock=clock, sleep=clock.sleep))
    yield client, heard, clock
    client.close()


@pytest.fixture
def gateway() -> Iterator[Running]:
    with serve(Options(clock=EVENING, positions=120, pacing=False)) as running:  # nobody here really waits
        yield running


def _simulation(running: Running) -> Simulation:
    assert isinstance(running.simulation, Simulation)
    return running.simulation


def test_a_session_is_opened_in_the_order_the_gateway_wants_and_only_once(gateway: Running) -> None:
    with _client(gateway) as (client, heard, _):
        assert client.account_ids() == ("U9900001",)
        client.ask(LEDGER, account_id="U9900001")
        client.ask(LEDGER, account_id="U9900001")
    assert heard.sent == [*OPENING, *["GET /portfolio/U9900001/ledger"] * 2]
    assert client.is_simulator


def test_the_list_of_accounts_that_primed_the_session_is_not_asked_for_twice(gateway: Running) -> None:
    kept: list[Envelope] = []
    with _client(gateway) as (client, heard, _), client.recording(kept.append):
        [page] = client.pages(PORTFOLIO_ACCOUNTS)
    assert heard.sent == OPENING
    assert [envelope.request.path for envelope in kept] == ["/portfolio/accounts"]
    assert page.json[0]["accountId"] == "U9900001"


def test_a_dead_brokerage_session_is_initialised_and_primed_again(gateway: Running) -> None:
    _simulation(gateway).session.brokerage = False
    with _client(gateway) as (client, heard, _):
        client.open()
    assert heard.sent == [OPENING[0], "POST /iserver/auth/ssodh/init", *OPENING]


def test_a_session_that_dies_under_way_is_brought_up_and_the_request_made_again(gateway: Running) -> None:
    with _client(gateway) as (client, heard, _):
        client.open()
        _simulation(gateway).session.brokerage = False
        client.ask(HISTORY, query={"conid": 265598, "period": "5d", "bar": "1d"})
    after = heard.sent[len(OPENING) :]
    assert after[0] == after[-1] == "GET /iserver/marketdata/history"
    assert "POST /iserver/auth/ssodh/init" in after


def test_a_bridge_that_is_being_built_is_waited_for(gateway: Running) -> None:
    _simulation(gateway).session.brokerage = False
    _simulation(gateway).session.build_polls = 2
    with _client(gateway) as (client, heard, clock):
        client.open()
    assert heard.sent.count("POST /iserver/auth/status") >= 3
    assert sum(clock.slept) >= 1.5


def test_a_competing_session_is_left_alone(gateway: Running) -> None:
    _simulation(gateway).session.brokerage = False
    _simulation(gateway).session.competing = True
    with _client(gateway) as (client, heard, _), pytest.raises(errors.Competing, match="nobody was thrown out"):
        client.open()
    assert heard.sent == ["POST /iserver/auth/status"]


def test_nobody_logged_in_is_for_a_person(gateway: Running) -> None:
    _simulation(gateway).session.log_out()
    with _client(gateway) as (client, heard, _), pytest.raises(errors.LoginRequired, match="Log in at the gateway"):
        client.open()
    assert heard.sent == ["POST /iserver/auth/status"]


def test_an_old_gateway_is_reauthenticated(gateway: Running) -> None:
    _simulation(gateway).session.brokerage = False
    with (
        crooked(gateway, {"/iserver/auth/ssodh/init": lambda _: (404, b"Unknown path")}) as old,
        _client(old) as (client, heard, _),
    ):
        assert client.account_ids() == ("U9900001",)
    assert heard.sent[1:3] == ["POST /iserver/auth/ssodh/init", "POST /iserver/reauthenticate"]


def test_several_accounts_are_seen_without_the_pseudo_account_all() -> None:
    with (
        serve(Options(clock=EVENING, accounts=3, positions=5, pacing=False)) as running,
        _client(running) as (client, _, _),
    ):
        assert client.account_ids() == ("U9900001", "U9900002", "U9900003")


def test_a_list_of_accounts_that_is_empty_at_first_is_asked_for_again() -> None:
    with (
        serve(Options(clock=EVENING, positions=5, pacing=False)) as running,
        _client(running) as (client, heard, _),
    ):
        running.control.add_faults({"faults": ["empty"], "path": "/portfolio/accounts", "times": 1})
        assert client.account_ids() == ("U9900001",)
        assert heard.sent.count("GET /portfolio/accounts") == 2


def test_a_login_that_lists_no_account_is_told() -> None:
    with (
        serve(Options(clock=EVENING, positions=5, pacing=False)) as running,
        _client(running) as (client, _, _),
    ):
        running.control.add_faults({"faults": ["empty"], "path": "/portfolio/accounts"})
        with pytest.raises(errors.LoginRequired, match="or listed no account"):
            client.account_ids()


def test_now_is_the_gateways_time_not_ours(gateway: Running) -> None:
    with _client(gateway) as (client, _, _):
        assert abs(client.now - EVENING) < timedelta(minutes=2)


def _flaky(failures: int, status: int, body: bytes) -> Callable[[bytes], tuple[int, bytes]]:
    left = iter([True] * failures)
    return lambda good: (status, body) if next(left, False) else (200, good)


@pytest.mark.parametrize(("status", "body"), [(503, b""), (500, b'{"error":"oops"}'), (200, b""), (200, b'{"half')])
def test_a_passing_trouble_is_asked_again_and_every_reply_is_recorded(
    gateway: Running, status: int, body: bytes
) -> None:
    kept: list[Envelope] = []
    with (
        crooked(gateway, {"/portfolio/U9900001/ledger": _flaky(2, status, body)}) as flaky,
        _client(flaky) as (client, _, clock),
        client.recording(kept.append),
    ):
        page = client.ask(LEDGER, account_id="U9900001")
    assert "BASE" in page.json
    assert [envelope.status for envelope in kept] == [status, status, 200]
    assert sum(clock.slept) > 0.2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(429, b"", errors.Throttled), (400, b'{"error":"bad"}', errors.Refused), (401, b"", errors.LoginRequired)],
)
def test_what_asking_again_cannot_clear_is_asked_once(
    gateway: Running, status: int, body: bytes, kind: type[errors.GatewayError]
) -> None:
    with (
        crooked(gateway, {"/portfolio/U9900001/ledger": lambda _: (status, body)}) as stern,
        _client(stern) as (client, heard, _),
        pytest.raises(kind),
    ):
        client.ask(LEDGER, account_id="U9900001")
    assert heard.sent.count("GET /portfolio/U9900001/ledger") == 1


def test_a_cold_history_is_asked_again_and_one_that_stays_empty_is_no_data() -> None:
    with (
        serve(Options(clock=EVENING, positions=0, pacing=False, flavour=Flavour(cold_history=False))) as running,
        _client(running) as (client, heard, _),
        pytest.raises(errors.NoData),
    ):
        client.ask(HISTORY, query={"conid": 424242, "period": "5d", "bar": "1d"})
    assert heard.sent.count("GET /iserver/marketdata/history") == 3


def test_pages_are_walked_and_a_bodiless_post_is_accepted(gateway: Running) -> None:
    with _client(gateway) as (client, heard, _):
        pages = list(client.pages(POSITIONS, account_id="U9900001"))
    assert [len(page.json) for page in pages] == [100, 20]
    assert heard.sent[0] == "POST /iserver/auth/status"


def test_sends_are_never_closer_than_the_limit(gateway: Running) -> None:
    with _client(gateway) as (client, heard, clock):
        for _ in range(20):
            client.ask(LEDGER, account_id="U9900001")
    assert clock.now >= (len(heard.sent) - 1) / OUR_PER_SECOND * 0.999
    assert client.tally.requests == len(heard.sent)


def test_an_answer_of_an_earlier_run_stands_while_its_limit_lasts(gateway: Running) -> None:
    body = {"acctIds": ["U9900001"], "period": "1Y"}
    kept: list[Envelope] = []
    with _client(gateway) as (client, _, _), client.recording(kept.append):
        first = client.ask(PERFORMANCE, body=body)
    with _client(gateway) as (client, heard, clock):
        client.remember(PERFORMANCE, kept[0])
        again = client.ask(PERFORMANCE, body=body)
        assert "POST /pa/performance" not in heard.sent
        assert again.json == first.json
        client.ask(PERFORMANCE, body={"acctIds": ["U9900001"], "period": "7D"})
    assert clock.now > 850, "another question waits for the limit"


def test_a_limit_that_counts_each_account_apart_does_not_make_them_wait(gateway: Running) -> None:
    with _client(gateway) as (client, _, clock):
        for period in ("1Y", "7D"):
            client.ask(PERFORMANCE, body={"acctIds": ["U9900001"], "period": period}, counted_as=period)
    assert clock.now < 10


def test_a_cookie_is_not_kept(gateway: Running) -> None:
    kept: list[Envelope] = []
    with _client(gateway) as (client, _, _), client.recording(kept.append):
        client.ask(LEDGER, account_id="U9900001")
    assert not [name for name in kept[0].headers if name.lower() == "set-cookie"]
    assert kept[0].run_id == "run-1"


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (b'{"set":true,"acctId":"U9900001"}', 200),
        (b'{"success":"Account already set"}', 200),
        (b"Account already set", 500),
    ],
)
def test_an_account_is_selected_when_the_brokerage_session_has_another(reply: bytes, status: int) -> None:
    script = {
        **scripted.HEALTHY,
        "GET /iserver/accounts": scripted.answer(body=b'{"accounts":["All","U9900001"],"selectedAccount":"All"}'),
        "POST /iserver/account": scripted.answer(status, reply),
    }
    with scripted.crooked(script) as running, _client(running) as (client, heard, _):
        assert client.account_ids() == ("U9900001",)
    assert heard.sent == [*OPENING, "POST /iserver/account"]


def test_the_tickle_goes_on_while_in_use_whatever_it_is_answered_and_ends_with_the_client() -> None:
    tickled = [scripted.answer(500), b"", scripted.answer(body=b"{}")]
    with scripted.crooked({**scripted.HEALTHY, "POST /tickle": tickled}) as running:
        heard, clock = Heard(running), Clock()
        exchange = Exchange(heard, run_id="run-1", clock=clock, sleep=clock.sleep)
        client = GatewayClient(exchange, tickle_every=0.001)
        assert running.asked == []
        client.open()
        assert running.was_asked("POST /tickle", times=4)
        client.close()
        tickles = heard.sent.count("POST /tickle")
        assert "tickle" not in [thread.name for thread in threading.enumerate()]
    assert clock.now >= (tickles - 1) * 1.0, "once a second at most"


@pytest.mark.parametrize(
    "spoiled",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Len",
        b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"BASE":{"cash',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
        scripted.answer(200, b"<html>Welcome to nginx</html>"),
    ],
)
def test_a_reply_that_breaks_off_or_is_not_the_apis_is_asked_for_again(spoiled: bytes) -> None:
    script = {
        **scripted.HEALTHY,
        "GET /portfolio/U9900001/ledger": [spoiled, spoiled, scripted.answer(body=b'{"BASE":{}}')],
    }
    with scripted.crooked(script) as running, _client(running) as (client, heard, clock):
        assert client.ask(LEDGER, account_id="U9900001").json == {"BASE": {}}
    assert heard.sent == [*OPENING, *["GET /portfolio/U9900001/ledger"] * 3]
    assert len(clock.slept) >= 2


def test_a_cookie_that_was_set_reaches_no_recorder() -> None:
    reply = scripted.answer(200, b'{"BASE":{}}', "Set-Cookie: x-sess-uuid=secret")
    kept: list[Envelope] = []
    script = {**scripted.HEALTHY, "GET /portfolio/U9900001/ledger": reply}
    with scripted.crooked(script) as running, _client(running) as (client, _, _), client.recording(kept.append):
        client.ask(LEDGER, account_id="U9900001")
    assert "secret" not in kept[0].to_line().decode()


@pytest.mark.parametrize("path", ["/iserver/auth/status", "/iserver/accounts", "/portfolio/accounts"])
def test_a_passing_trouble_while_the_session_opens_does_not_end_the_night(gateway: Running, path: str) -> None:
    with crooked(gateway, {path: _flaky(1, 503, b"")}) as flaky, _client(flaky) as (client, _, _):
        assert client.account_ids() == ("U9900001",)
