import threading
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from resources.gateway import errors
from resources.gateway.keeper import OBSERVE_EVERY, TICKLE_EVERY
from resources.gateway.session import LONGEST_BACKOFF, State
from resources.simulator.server import Running
from tests.crooked import Spoil
from tests.crooked import crooked as lying
from tests.resources.gateway import crooked as scripted
from tests.resources.gateway.crooked import Crooked, Script, answer, crooked
from tests.resources.gateway.wired import EVENING, Hours, Wired, wired

pytestmark = pytest.mark.slow

TICKLE, STATUS = "POST /tickle", "POST /iserver/auth/status"
INIT = "/iserver/auth/ssodh/init"
READY = b'{"authenticated":true,"connected":true,"competing":false,"established":true}'
DEAD = b'{"authenticated":false,"connected":true,"competing":false}'
SECRETS = ("0f1e2d3c4b5a6978", "cookie-secret")
TELLING = answer(
    200,
    b'{"session":"0f1e2d3c4b5a6978","ssoExpires":412345,"userId":990001,"hmds":{"error":"no bridge"},"iserver":'
    b'{"authStatus":{"authenticated":true,"connected":true,"competing":false,"established":true,"message":"",'
    b'"MAC":"02:00:00:00:00:01","serverInfo":{"serverName":"SimA0001","serverVersion":"Build 10.44.1d"},'
    b'"hardware_info":"00ab12cd|02:00:00:00:00:01"}}}',
    "Set-Cookie: x-sess-uuid=cookie-secret",
)


def _asked(gateway: Running, path: str) -> list[datetime]:
    return [datetime.fromisoformat(one["at"]) for one in gateway.control.requests(path=path)]


def test_several_keepers_send_one_tickle_a_minute_between_them_all_day(gateway: Running, tmp_path: Path) -> None:
    hours = Hours(gateway)
    keepers = [Wired(gateway, tmp_path, hours) for _ in range(4)]
    for _ in range(20 * 12):  # each looks every five seconds
        for one in keepers:
            one.keeper.tend()
        hours.pass_by(5.0)
    tickles = _asked(gateway, "/tickle")
    gaps = [later - sooner for sooner, later in zip(tickles, tickles[1:], strict=False)]
    assert all(TICKLE_EVERY <= gap <= timedelta(minutes=1.1) for gap in gaps)
    assert 20 <= len(tickles) <= 22
    assert gateway.control.session()["bridged"] is True, "which keeps the session"
    for one in keepers:
        one.client.close()


def test_keepers_that_find_the_tickle_due_at_the_same_moment_send_one(gateway: Running, tmp_path: Path) -> None:
    hours = Hours(gateway)
    keepers = [Wired(gateway, tmp_path, hours) for _ in range(4)]
    start = threading.Barrier(len(keepers))

    def tend(one: Wired) -> None:
        start.wait()
        one.keeper.tend()

    for _ in range(10):
        threads = [threading.Thread(target=tend, args=(one,)) for one in keepers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        hours.pass_by(60.0)
    assert len(_asked(gateway, "/tickle")) == 10
    for one in keepers:
        one.client.close()


def _tend(task: tuple[str, Path]) -> str:
    url, folder = task
    with wired(Crooked(url), folder, Hours()) as one:
        return str(one.keeper.tend().state)


def test_keepers_of_several_processes_send_one_tickle(tmp_path: Path) -> None:
    with crooked({TICKLE: TELLING}) as gateway, get_context("spawn").Pool(3) as pool:
        assert pool.map(_tend, [(gateway.url, tmp_path)] * 6, chunksize=1).count("ready") >= 1
    assert gateway.asked == [TICKLE]


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (TELLING, State.READY),
        (answer(body=b'{"iserver":{"authStatus":' + DEAD + b"}}"), State.BROKERAGE_DEAD),
        (answer(body=b'{"error":"no session"}'), State.NOT_LOGGED_IN),
        (answer(body=b'{"error":"failed to process request"}'), State.NOT_LOGGED_IN),
        (answer(401), State.NOT_LOGGED_IN),
        (answer(body=b"<html>Login</html>"), State.NOT_LOGGED_IN),
        (answer(body=b"<html>hello</html>"), State.MAINTENANCE),
        (answer(503), State.MAINTENANCE),
        (answer(500, b'{"error":"x"}'), State.MAINTENANCE),
        (answer(body=b'{"half":'), State.MAINTENANCE),
        (b"", State.MAINTENANCE),
    ],
)
def test_the_body_of_a_tickle_is_read_and_no_answer_ends_the_keeping(
    tmp_path: Path, reply: bytes, state: State
) -> None:
    script: Script = {TICKLE: [reply, TELLING], f"POST {INIT}": answer(503), STATUS: answer(body=DEAD)}
    with crooked(script) as gateway, wired(gateway, tmp_path) as one:
        assert one.keeper.tend().state is state
        assert one.keeper.known().state is state
        one.hours.pass_by(60.0)
        assert one.keeper.tend().state is State.READY


@pytest.mark.parametrize("told", [b'{"iserver":{"tickle":true}}', b'{"iserver":true}', b"[]", b"{}", b'"ok"', b"7"])
def test_a_tickle_that_tells_no_status_is_followed_by_a_look_at_it(tmp_path: Path, told: bytes) -> None:
    with crooked({TICKLE: answer(body=told), STATUS: answer(body=READY)}) as gateway, wired(gateway, tmp_path) as one:
        assert one.keeper.tend().state is State.READY
    assert gateway.asked == [TICKLE, STATUS]


def test_a_gateway_that_is_down_is_a_state_and_the_next_look_finds_it_back(gateway: Running, tmp_path: Path) -> None:
    with wired(Crooked("http://127.0.0.1:9/v1/api"), tmp_path, Hours(gateway)) as one:
        assert one.keeper.tend().state is State.GATEWAY_DOWN
    with wired(gateway, tmp_path, Hours(gateway)) as one:
        assert one.keeper.look().state is State.READY


def test_in_a_penalty_nothing_is_asked_and_the_state_is_left_as_it_was(gateway: Running, tmp_path: Path) -> None:
    with wired(gateway, tmp_path, Hours(gateway)) as one:
        one.keeper.look()
        one.exchange.budget.punish()
        for do in (one.keeper.look, one.keeper.tend):
            one.hours.pass_by(60.0)
            with pytest.raises(errors.Throttled):
                do()
        assert one.keeper.known().state is State.READY
        one.hours.pass_by(15 * 60)
        assert one.keeper.tend().state is not State.GATEWAY_DOWN
    assert one.sent.count(STATUS) + one.sent.count(TICKLE) <= 4


def test_a_dead_session_is_initialised_by_whoever_tends_first(gateway: Running, tmp_path: Path) -> None:
    hours = Hours(gateway)
    gateway.control.drop()
    with wired(gateway, tmp_path, hours) as one, wired(gateway, tmp_path, hours) as other:
        assert one.keeper.tend().state is State.READY
        assert other.keeper.tend().state is State.READY
        assert other.sent == []
    assert len(_asked(gateway, INIT)) == 1


def test_inits_back_off_whichever_process_sends_them(gateway: Running, tmp_path: Path) -> None:
    hours = Hours(gateway)
    gateway.control.drop()
    gateway.simulation.session.init_failures = 1000
    clients = [Wired(gateway, tmp_path, hours) for _ in range(3)]
    for _ in range(30):
        for one in clients:
            with pytest.raises(errors.NotReady):
                one.keeper.bring_up(lambda: True)
    inits = _asked(gateway, INIT)
    gaps = [later - sooner for sooner, later in zip(inits, inits[1:], strict=False)]
    assert len(gaps) > 8
    for number, gap in enumerate(gaps):
        assert gap >= min(timedelta(seconds=2 ** (number + 1)), LONGEST_BACKOFF)
    for one in clients:
        one.client.close()


@pytest.mark.parametrize("retired", [answer(410), answer(503), answer(404, b"Unknown path /x")])
def test_an_init_and_a_reauthenticate_that_are_both_retired_are_waited_for_and_are_no_refusal(
    tmp_path: Path, retired: bytes
) -> None:
    """Straight to IBKR reauthenticate is retired, 410 or 503, and after a logout so is ssodh/init."""
    script: Script = {STATUS: answer(body=DEAD), f"POST {INIT}": answer(410), "POST /iserver/reauthenticate": retired}
    with crooked(script) as gateway, wired(gateway, tmp_path) as one:
        with pytest.raises(errors.NotReady, match="never became ready"):
            one.keeper.bring_up(lambda: True)
        assert one.keeper.known().state is State.BROKERAGE_DEAD
    assert gateway.asked[:3] == [STATUS, f"POST {INIT}", "POST /iserver/reauthenticate"]


@pytest.mark.parametrize("may_evict", [False, True])
def test_a_competing_login_is_thrown_out_only_where_the_owner_said_so(
    gateway: Running, tmp_path: Path, may_evict: bool
) -> None:
    gateway.control.compete()
    with wired(gateway, tmp_path, Hours(gateway), may_evict=may_evict) as one:
        for _ in range(10):
            state = one.keeper.tend().state
            one.hours.pass_by(60.0)
        if not may_evict:
            with pytest.raises(errors.Competing, match="nobody was thrown out"):
                one.keeper.bring_up(lambda: True)
    assert state is (State.READY if may_evict else State.COMPETING)
    assert len(_asked(gateway, INIT)) == may_evict
    assert gateway.control.session()["competing"] is not may_evict


@pytest.mark.parametrize("may_evict", [False, True])
def test_who_came_between_the_look_and_the_init_is_not_thrown_out_either(
    gateway: Running, tmp_path: Path, may_evict: bool
) -> None:
    gateway.control.compete()
    outdated: dict[str, Spoil] = {"/tickle": lambda _: (200, b"{}"), "/iserver/auth/status": lambda _: (200, DEAD)}
    with (
        lying(gateway, outdated) as late,
        wired(late, tmp_path, Hours(gateway), may_evict=may_evict) as one,
    ):
        one.keeper.tend()
    assert len(_asked(gateway, INIT)) == 1
    assert gateway.control.session()["competing"] is not may_evict


def _observed(one: Wired) -> list[dict[str, Any]]:
    return list(one.keeper.observations.everything())


def test_each_change_is_observed_and_each_quarter_of_an_hour_without_one(gateway: Running, tmp_path: Path) -> None:
    with wired(gateway, tmp_path, Hours(gateway)) as one:
        for _ in range(45):
            one.keeper.tend()
            one.hours.pass_by(60.0)
        gateway.control.log_out()
        for _ in range(3):
            one.keeper.tend()
            one.hours.pass_by(60.0)
        gateway.control.log_in()
        one.keeper.tend()
        observed = _observed(one)
    assert [record["state"] for record in observed] == ["ready"] * 3 + ["not logged in", "ready"]
    times = [datetime.fromisoformat(record["observed_at"]) for record in observed]
    assert all(
        OBSERVE_EVERY <= later - sooner < timedelta(minutes=17)
        for sooner, later in zip(times[:2], times[1:3], strict=True)
    )
    assert "Log in" in observed[3]["reason"]
    assert [observed[3]["since"], observed[0]["authenticated"]] == [observed[3]["observed_at"], True]
    assert observed[0]["serverName"]


def test_what_is_observed_has_the_gateways_time_and_says_how_far_ours_is_off(gateway: Running, tmp_path: Path) -> None:
    late = Hours()
    late.pass_by(90.0)
    with wired(gateway, tmp_path, late) as one:
        one.keeper.look()
        [observed] = _observed(one)
    assert observed["clock_ahead_seconds"] == pytest.approx(-90, abs=5)
    assert abs(datetime.fromisoformat(observed["observed_at"]) - EVENING) < timedelta(seconds=5)


def test_a_gateway_found_down_is_down_since_now_and_not_since_its_last_reply(tmp_path: Path) -> None:
    """The last reply's `Date` is an hour old then, which says nothing of any clock."""
    hours = Hours()
    with crooked({STATUS: answer(body=READY)}) as gateway:
        one = Wired(gateway, tmp_path, hours)
        one.keeper.look()
    hours.pass_by(3600.0)
    session = one.keeper.look()
    one.client.close()
    assert session.state in {State.GATEWAY_DOWN, State.MAINTENANCE}
    assert session.since == EVENING + timedelta(hours=1)
    assert one.keeper.known().ahead_seconds == 0.0


def test_nothing_of_a_cookie_or_a_session_token_is_on_disk_and_nobody_else_may_read_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "login"
    with crooked({**scripted.HEALTHY, TICKLE: TELLING}) as gateway, wired(gateway, folder) as one:
        assert one.keeper.tend().state is State.READY
        one.client.open()
    files = [path for path in folder.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files).decode()
    assert "Build 10.44.1d" in written
    assert not [secret for secret in (*SECRETS, "990001", "02:00:00:00:00:01") if secret in written]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_dir()} == {0o700}


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (State.COMPETING, errors.Competing),
        (State.NOT_LOGGED_IN, errors.LoginRequired),
        (State.GATEWAY_DOWN, errors.Unreachable),
        (State.MAINTENANCE, errors.Maintenance),
        (State.BROKERAGE_DEAD, errors.NotReady),
        (State.BRIDGE_BUILDING, errors.NotReady),
    ],
)
def test_each_state_that_is_not_ready_is_waited_for_by_its_own_name(
    gateway: Running, tmp_path: Path, state: State, kind: type[errors.Waiting]
) -> None:
    with wired(gateway, tmp_path, Hours(gateway)) as one:
        session = one.keeper.look().seen(state, "", at=EVENING)
        waiting = one.keeper.waiting(session)
    assert type(waiting) is kind
    assert str(waiting).strip()
