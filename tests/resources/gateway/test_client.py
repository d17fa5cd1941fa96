"""The practical loop against the real simulator over HTTPS; waiting is faked, nothing else."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resources.envelope import Envelope
from resources.gateway import client, errors
from resources.gateway.clock import Clock
from resources.gateway.endpoint import Endpoint, Numbered
from resources.gateway.pacing import USED_PER_SECOND, Limit
from resources.gateway.refusals import refused_requests
from resources.gateway.session import State
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.crooked import crooked
from tests.resources.gateway import crooked as scripted
from tests.resources.gateway.wired import EVENING, Hours, Wired, wired

pytestmark = pytest.mark.slow

LEDGER = Endpoint("/portfolio/{account_id}/ledger")
POSITIONS = Endpoint("/portfolio/{account_id}/positions/{page}", paging=Numbered(100))
HISTORY = Endpoint("/iserver/marketdata/history", cold_tries=3)
PERFORMANCE = Endpoint("/pa/performance", method="POST", limit=Limit(1, 900))
DEFINITIONS = Endpoint("/trsrv/secdef")
ACCOUNT = "U9900001"
BARS = {"conid": 265598, "period": "5d", "bar": "1d"}
YEAR = {"acctIds": [ACCOUNT], "period": "1Y"}
STATUS, INIT = "POST /iserver/auth/status", "POST /iserver/auth/ssodh/init"
OPENING = [STATUS, "GET /iserver/accounts", "GET /portfolio/accounts"]
"""What opens a session, in its order."""


def _set(running: Running, **facts: Any) -> None:
    for name, value in facts.items():
        setattr(running.simulation.session, name, value)


def test_a_dead_brokerage_session_is_initialised_and_primed_again(gateway: Running, one: Wired) -> None:
    gateway.control.drop()
    one.client.open()
    assert one.sent == [STATUS, INIT, *OPENING]


def test_a_session_that_dies_under_way_is_brought_up_and_the_request_made_again(gateway: Running, one: Wired) -> None:
    one.client.open()
    gateway.control.drop()
    one.client.ask(HISTORY, query=BARS)
    after = one.sent[len(OPENING) :]
    assert after == ["GET /iserver/marketdata/history", STATUS, INIT, *OPENING, "GET /iserver/marketdata/history"]


def test_a_bridge_that_is_being_built_is_waited_for(gateway: Running, one: Wired) -> None:
    gateway.control.drop()
    _set(gateway, build_polls=2)
    one.client.ask(HISTORY, query=BARS)
    assert one.sent.count(STATUS) >= 3
    assert one.sent.count(INIT) == 1
    assert sum(one.hours.slept) >= 1.5


def _dies(running: Running) -> None:
    running.control.drop()
    _set(running, init_failures=1000)


def _builds_for_ever(running: Running) -> None:
    running.control.drop()
    _set(running, build_polls=1000)


def _is_taken(running: Running) -> None:
    running.control.compete()


TROUBLES: dict[State, Callable[[Running], None]] = {
    State.BROKERAGE_DEAD: _dies,
    State.BRIDGE_BUILDING: _builds_for_ever,
    State.COMPETING: _is_taken,
}


@pytest.mark.parametrize("state", TROUBLES)
@pytest.mark.parametrize("is_open", [False, True])
def test_what_needs_a_login_only_goes_on_while_the_brokerage_session_is_down(
    gateway: Running, one: Wired, state: State, is_open: bool
) -> None:
    if is_open:
        one.client.open()
    TROUBLES[state](gateway)
    assert len(one.client.ask(POSITIONS, account_id=ACCOUNT, page=0).json) == 100
    waits = errors.Competing if state is State.COMPETING else errors.NotReady
    with pytest.raises(waits):
        one.client.ask(HISTORY, query=BARS)
    assert one.keeper.known().state is state
    asked = len(one.sent)
    assert "BASE" in one.client.ask(LEDGER, account_id=ACCOUNT).json
    assert one.client.ask(DEFINITIONS, query={"conids": 265598}).json
    assert one.client.ask(PERFORMANCE, body=YEAR).json
    assert len(one.sent) - asked == 3, "and without opening it anew each time"


def test_a_competing_session_is_left_alone(gateway: Running, one: Wired) -> None:
    gateway.control.compete()
    with pytest.raises(errors.Competing, match="nobody was thrown out"):
        one.client.ask(HISTORY, query=BARS)
    assert one.sent == [STATUS]
    assert gateway.control.session()["competing"] is True


def test_a_competing_session_is_evicted_where_the_owner_says_so(gateway: Running, tmp_path: Path) -> None:
    gateway.control.compete()
    with wired(gateway, tmp_path, Hours(gateway), may_evict=True) as one:
        one.client.ask(HISTORY, query=BARS)
    assert one.sent.count(INIT) == 1
    assert gateway.control.session()["competing"] is False


def test_nobody_logged_in_is_for_a_person(gateway: Running, one: Wired) -> None:
    gateway.control.log_out()
    with pytest.raises(errors.LoginRequired, match="Log in at the gateway"):
        one.client.open()
    assert one.sent == [STATUS]


def test_an_old_gateway_is_reauthenticated(gateway: Running, tmp_path: Path) -> None:
    gateway.control.drop()
    with (
        crooked(gateway, {"/iserver/auth/ssodh/init": lambda _: (404, b"Unknown path")}) as old,
        wired(old, tmp_path, Hours(gateway)) as one,
    ):
        assert one.client.account_ids() == (ACCOUNT,)
    assert one.sent[1:3] == [INIT, "POST /iserver/reauthenticate"]


def test_an_init_that_fails_by_chance_is_sent_again_and_nothing_else(gateway: Running, one: Wired) -> None:
    gateway.control.drop()
    _set(gateway, init_failures=1)
    one.client.ask(HISTORY, query=BARS)
    assert one.sent.count(INIT) == 2
    assert "POST /iserver/reauthenticate" not in one.sent
    assert sum(one.hours.slept) >= 2.0


def test_now_is_the_gateways_time_not_ours(gateway: Running, tmp_path: Path) -> None:
    hours = Hours()
    hours.pass_by(86_400.0)
    with wired(gateway, tmp_path, hours) as one:
        assert abs(one.client.now - EVENING) < timedelta(minutes=2)


def test_now_of_a_gateway_that_does_not_answer_is_waited_for(tmp_path: Path) -> None:
    with (
        wired(scripted.Crooked("http://127.0.0.1:9/v1/api"), tmp_path) as one,
        pytest.raises(errors.Unreachable, match="Start the gateway"),
    ):
        _ = one.client.now


def _flaky(failures: int, status: int, body: bytes) -> Callable[[bytes], tuple[int, bytes]]:
    left = iter([True] * failures)
    return lambda good: (status, body) if next(left, False) else (200, good)


@pytest.mark.parametrize(("status", "body"), [(503, b""), (500, b'{"error":"oops"}'), (200, b""), (200, b'{"half')])
def test_a_passing_trouble_is_asked_again_and_every_reply_is_recorded(
    gateway: Running, tmp_path: Path, status: int, body: bytes
) -> None:
    kept: list[Envelope] = []
    with (
        crooked(gateway, {"/portfolio/U9900001/ledger": _flaky(2, status, body)}) as flaky,
        wired(flaky, tmp_path, Hours(gateway)) as one,
        one.client.recording(kept.append),
    ):
        page = one.client.ask(LEDGER, account_id=ACCOUNT)
    assert "BASE" in page.json
    assert [envelope.status for envelope in kept] == [status, status, 200]
    assert sum(one.hours.slept) > 0.2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":"bad"}', errors.Refused),
        (404, b"Unknown path", errors.Refused),
        (404, b'{"error":"Chart data unavailable"}', errors.NoData),
    ],
)
def test_what_asking_again_cannot_clear_is_asked_once(
    gateway: Running, tmp_path: Path, status: int, body: bytes, kind: type[errors.GatewayError]
) -> None:
    with (
        crooked(gateway, {"/portfolio/U9900001/ledger": lambda _: (status, body)}) as stern,
        wired(stern, tmp_path, Hours(gateway)) as one,
        pytest.raises(kind),
    ):
        one.client.ask(LEDGER, account_id=ACCOUNT)
    assert one.sent.count("GET /portfolio/U9900001/ledger") == 1


def test_what_was_refused_is_never_asked_again_by_the_client_nor_by_a_retry_of_its_run(
    gateway: Running, tmp_path: Path
) -> None:
    ledger = "GET /portfolio/U9900001/ledger"
    with crooked(gateway, {"/portfolio/U9900001/ledger": lambda _: (400, b'{"error":"bad"}')}) as stern:
        with wired(stern, tmp_path, Hours(gateway)) as one:
            with pytest.raises(errors.Refused, match="does not accept"):
                one.client.ask(LEDGER, account_id=ACCOUNT)
            with pytest.raises(errors.Refused, match="so it was not asked"):
                one.client.ask(LEDGER, account_id=ACCOUNT)
            one.client.ask(POSITIONS, account_id=ACCOUNT, page=0)
        refused = refused_requests(one.calls, {"run-1"}, now=one.exchange.here)
        with wired(stern, tmp_path, Hours(gateway), run_id="run-2", refused=refused) as again:
            with pytest.raises(errors.Refused, match="so it was not asked"):
                again.client.ask(LEDGER, account_id=ACCOUNT)
            again.client.ask(POSITIONS, account_id=ACCOUNT, page=0)
        with wired(stern, tmp_path, Hours(gateway), run_id="run-3") as tomorrow, pytest.raises(errors.Refused):
            tomorrow.client.ask(LEDGER, account_id=ACCOUNT)
    assert (one.sent.count(ledger), again.sent.count(ledger), tomorrow.sent.count(ledger)) == (1, 0, 1)


def test_an_endpoint_that_says_401_though_somebody_is_logged_in_is_refused_and_not_waited_for(
    gateway: Running, tmp_path: Path
) -> None:
    with (
        crooked(gateway, {"/portfolio/U9900001/ledger": lambda _: (401, b"")}) as stern,
        wired(stern, tmp_path, Hours(gateway)) as one,
    ):
        with pytest.raises(errors.Refused, match="while somebody is"):
            one.client.ask(LEDGER, account_id=ACCOUNT)
        assert one.client.ask(POSITIONS, account_id=ACCOUNT, page=0).json
    assert one.sent.count("GET /portfolio/U9900001/ledger") == 2, "asked again once its accounts had been listed"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(503, b"", errors.Unavailable), (200, b"<html>hello</html>", errors.Garbled)],
)
def test_an_endpoint_that_is_sick_alone_is_no_maintenance(
    gateway: Running, tmp_path: Path, status: int, body: bytes, kind: type[errors.GatewayError]
) -> None:
    with (
        crooked(gateway, {"/portfolio/U9900001/ledger": lambda _: (status, body)}) as sick,
        wired(sick, tmp_path, Hours(gateway)) as one,
    ):
        with pytest.raises(kind) as raised:
            one.client.ask(LEDGER, account_id=ACCOUNT)
        assert not isinstance(raised.value, errors.Waiting)
        assert one.client.ask(POSITIONS, account_id=ACCOUNT, page=0).json
    assert one.sent.count("GET /portfolio/U9900001/ledger") == 3


@pytest.mark.parametrize(("status", "body"), [(503, b""), (500, b'{"error":"x"}'), (200, b"<html>Back soon</html>")])
@pytest.mark.parametrize("is_open", [False, True])
def test_a_gateway_that_answers_nothing_right_is_under_maintenance_and_work_is_parked(
    gateway: Running, tmp_path: Path, status: int, body: bytes, is_open: bool
) -> None:
    is_down: list[bool] = []
    with (
        crooked(gateway, {"/": lambda good: (status, body) if is_down else (200, good)}) as maintained,
        wired(maintained, tmp_path, Hours(gateway)) as one,
    ):
        if is_open:
            one.client.open()
        is_down.append(True)
        with pytest.raises(errors.Maintenance):
            one.client.ask(LEDGER, account_id=ACCOUNT)
        assert isinstance(errors.Maintenance(""), errors.Waiting)
        assert sum(one.hours.slept) < 60, "minutes are not waited for here"
        is_down.clear()
        assert one.client.ask(LEDGER, account_id=ACCOUNT).json


def test_a_broken_limit_stops_everybody_for_the_whole_penalty(gateway: Running, tmp_path: Path) -> None:
    hours = Hours(gateway)
    with (
        crooked(gateway, {"/portfolio/U9900001/ledger": lambda _: (429, b"")}) as strict,
        wired(strict, tmp_path, hours) as one,
        wired(gateway, tmp_path, hours) as other,
    ):
        with pytest.raises(errors.Throttled, match="a pacing limit was broken"):
            one.client.ask(LEDGER, account_id=ACCOUNT)
        assert one.sent.count("GET /portfolio/U9900001/ledger") == 1
        began = one.exchange.here
        for client in (one.client, other.client):
            with pytest.raises(errors.Throttled) as raised:
                client.ask(POSITIONS, account_id=ACCOUNT, page=0)
            assert raised.value.until == began + timedelta(minutes=15)
        assert other.sent == []
        hours.pass_by(15 * 60)
        assert other.client.ask(POSITIONS, account_id=ACCOUNT, page=0).json


def test_a_cold_history_is_asked_again_and_one_that_stays_empty_is_no_data(tmp_path: Path) -> None:
    flavour = Flavour(cold_history=False)
    with (
        serve(Options(clock=EVENING, positions=0, flavour=flavour)) as running,
        wired(running, tmp_path, Hours(running)) as one,
        pytest.raises(errors.NoData),
    ):
        one.client.ask(HISTORY, query={**BARS, "conid": 424242})
    assert one.sent.count("GET /iserver/marketdata/history") == 3


def test_pages_are_walked_and_a_bodiless_post_is_accepted(one: Wired) -> None:
    pages = list(one.client.pages(POSITIONS, account_id=ACCOUNT))
    assert [len(page.json) for page in pages] == [100, 20]
    assert one.sent[0] == STATUS


def test_sends_are_never_closer_than_the_limit(one: Wired) -> None:
    began = one.hours.now()
    for _ in range(20):
        one.client.ask(LEDGER, account_id=ACCOUNT)
    assert one.hours.now() - began >= (len(one.sent) - 1) / USED_PER_SECOND * 0.999
    assert one.client.tally.requests == len(one.sent)


def test_a_limit_of_minutes_is_not_waited_for_but_raised_with_the_time(one: Wired) -> None:
    one.client.ask(PERFORMANCE, body=YEAR)
    asked_at = one.exchange.here
    with pytest.raises(errors.Postponed, match="1 per 900 s: the next may be asked at 23:45:") as raised:
        one.client.ask(PERFORMANCE, body={**YEAR, "period": "7D"})
    assert isinstance(raised.value, errors.Waiting)
    assert raised.value.until is not None
    assert timedelta(seconds=900) <= raised.value.until - asked_at < timedelta(seconds=920)
    one.hours.pass_by((raised.value.until - one.exchange.here).total_seconds())
    assert one.client.ask(PERFORMANCE, body={**YEAR, "period": "7D"}).json


def test_a_limit_that_counts_each_account_apart_does_not_make_them_wait(tmp_path: Path) -> None:
    script = {**scripted.HEALTHY, "POST /pa/performance": scripted.answer(body=b"{}")}
    with scripted.crooked(script) as lenient, wired(lenient, tmp_path) as one:
        for period in ("1Y", "7D"):
            one.client.ask(PERFORMANCE, body={"acctIds": [ACCOUNT], "period": period}, counted_as=period)
    assert one.hours.now() - EVENING.timestamp() < 10
    assert one.sent.count("POST /pa/performance") == 2


def test_a_reply_of_an_earlier_try_answers_one_asking_of_the_same(one: Wired) -> None:
    kept: list[Envelope] = []
    with one.client.recording(kept.append):
        for page in (0, 0, 1):
            one.client.ask(POSITIONS, account_id=ACCOUNT, page=page)
    asked = len(one.sent)
    again: list[Envelope] = []
    with one.client.recording(again.append):
        one.client.remember(kept)
        for page in (0, 1, 0):
            one.client.ask(POSITIONS, account_id=ACCOUNT, page=page)
        assert len(one.sent) == asked, "all three were answered before"
        assert again == [kept[0], kept[2], kept[1]], "and stand in the new landing too"
        one.client.ask(POSITIONS, account_id=ACCOUNT, page=0)
        one.client.ask(LEDGER, account_id=ACCOUNT)
    assert one.sent[asked:] == ["GET /portfolio/U9900001/positions/0", "GET /portfolio/U9900001/ledger"]


def test_what_was_remembered_for_one_dataset_does_not_answer_another(one: Wired) -> None:
    kept: list[Envelope] = []
    with one.client.recording(kept.append):
        one.client.ask(LEDGER, account_id=ACCOUNT)
    with one.client.recording(kept.append):
        one.client.remember(kept)
    one.client.ask(LEDGER, account_id=ACCOUNT)
    assert one.sent.count("GET /portfolio/U9900001/ledger") == 2


def test_a_cookie_is_not_kept(one: Wired) -> None:
    kept: list[Envelope] = []
    with one.client.recording(kept.append):
        one.client.ask(LEDGER, account_id=ACCOUNT)
    assert not [name for name in kept[0].headers if name.lower() == "set-cookie"]
    assert kept[0].run_id == "run-1"


def test_the_session_is_tended_while_in_use_whatever_comes_of_it_and_that_ends_with_the_client(
    tmp_path: Path,
) -> None:
    tickled = [
        scripted.answer(503),
        b"",
        scripted.answer(body=b"<html>"),
        scripted.answer(body=b'{"error":"no session"}'),
    ]
    with scripted.crooked({**scripted.HEALTHY, "POST /tickle": tickled}) as running:
        hours = Hours()

        def wall() -> float:
            hours.pass_by(30.0)
            return hours.now()

        one = Wired(running, tmp_path, hours, tend_every=0.001)
        one.exchange.clock = Clock(steady=hours.now, wall=wall, sleep=hours.sleep)
        assert running.asked == []
        one.client.open()
        assert running.was_asked("POST /tickle", times=6)
        observations = one.keeper.observations.folder
        observations.rename(tmp_path / "kept")
        observations.touch()  # a disk that takes nothing: no folder can be made there
        assert running.was_asked("POST /tickle", times=12)
        observations.unlink()
        assert running.was_asked("POST /tickle", times=18)
        one.client.close()
        asked = len(running.asked)
        assert "keeper" not in [thread.name for thread in threading.enumerate()]
    assert len(running.asked) == asked


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
def test_a_reply_that_breaks_off_or_is_not_the_apis_is_asked_for_again(tmp_path: Path, spoiled: bytes) -> None:
    script = {
        **scripted.HEALTHY,
        "GET /portfolio/U9900001/ledger": [spoiled, spoiled, scripted.answer(body=b'{"BASE":{}}')],
    }
    with scripted.crooked(script) as running, wired(running, tmp_path) as one:
        assert one.client.ask(LEDGER, account_id=ACCOUNT).json == {"BASE": {}}
    assert one.sent == [*OPENING, *["GET /portfolio/U9900001/ledger"] * 3]
    assert len(one.hours.slept) >= 2


def test_a_cookie_that_was_set_reaches_no_recorder(tmp_path: Path) -> None:
    reply = scripted.answer(200, b'{"BASE":{}}', "Set-Cookie: x-sess-uuid=secret")
    kept: list[Envelope] = []
    script = {**scripted.HEALTHY, "GET /portfolio/U9900001/ledger": reply}
    with (
        scripted.crooked(script) as running,
        wired(running, tmp_path) as one,
        one.client.recording(kept.append),
    ):
        one.client.ask(LEDGER, account_id=ACCOUNT)
    assert "secret" not in kept[0].to_line().decode()


def test_remedies_are_told_in_the_charter_for_every_error_a_client_meets() -> None:
    charter = client.__doc__ or ""
    told = {name for name in vars(errors) if name in charter}
    assert told >= {"Unavailable", "Garbled", "NoData", "SessionLost", "NotPrimed", "Waiting", "Refused"}
