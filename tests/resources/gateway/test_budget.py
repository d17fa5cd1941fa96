import fcntl
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import orjson
import pytest

from resources.gateway.budget import Budget, Rank
from resources.gateway.clock import Clock
from resources.gateway.errors import Postponed, Throttled, Unavailable, Unreachable, Untrusted
from resources.gateway.pacing import GLOBAL_GAP, Limit

HISTORY, AT_ONCE = "GET /iserver/marketdata/history", 5
SLOW, QUARTER = "POST /pa/performance", Limit(1, 900.0)
SPAWN = get_context("spawn")
WALL = datetime(2026, 11, 23, 23, 30, tzinfo=UTC).timestamp()


@dataclass
class Machine:
    """A machine's two clocks; only sleeping moves them, together."""

    steady: float = 5_000.0
    wall: float = WALL

    @property
    def clock(self) -> Clock:
        return Clock(steady=lambda: self.steady, wall=lambda: self.wall, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += seconds

    def reboot(self, *, down: float) -> None:
        self.wall += down
        self.steady = 12.0


class Waited(Exception):
    """Somebody had to wait, and did not want to."""


def _impatient(machine: Machine) -> Clock:
    def sleep(seconds: float) -> None:
        raise Waited(seconds)

    return Clock(steady=lambda: machine.steady, wall=lambda: machine.wall, sleep=sleep)


def _send(budget: Budget, name: str = "GET /a", limit: Limit | None = None) -> dict[str, float]:
    with budget.turn(name, limit) as turn:
        turn.sent()
    return turn.waits


def _held(folder: Path) -> list[str]:
    """The locks that somebody holds."""
    held = []
    for path in folder.glob("*.lock"):
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(path.name)
    return held


def test_turns_are_a_gap_apart_and_say_what_they_waited_for(tmp_path: Path) -> None:
    budget = Budget(tmp_path, Machine().clock)
    assert _send(budget) == {}
    assert _send(budget) == {"all requests, 10 per s": pytest.approx(GLOBAL_GAP)}
    assert _send(budget, "GET /b", Limit(1, 5.0)) == {"all requests, 10 per s": pytest.approx(GLOBAL_GAP)}
    assert _send(budget, "GET /b", Limit(1, 5.0)) == {"GET /b, 1 per 5 s": pytest.approx(5.1)}


def test_it_survives_a_restart(tmp_path: Path) -> None:
    machine = Machine()
    _send(Budget(tmp_path, machine.clock), SLOW, QUARTER)
    machine.sleep(100)
    wait = Budget(tmp_path, machine.clock).next_turn(SLOW, QUARTER)
    assert wait.seconds == pytest.approx(818)
    assert wait.reason == "POST /pa/performance, 1 per 900 s"


@pytest.mark.parametrize("down", [0.0, 60.0, 400.0])
def test_a_penalty_survives_a_reboot_and_the_wall_clock_says_how_long_that_took(tmp_path: Path, down: float) -> None:
    machine = Machine()
    Budget(tmp_path, machine.clock).punish()
    machine.sleep(100)
    machine.reboot(down=down)
    wait = Budget(tmp_path, machine.clock).next_turn("GET /a", None)
    assert wait.is_penalty
    assert wait.seconds == pytest.approx(800 - down)


def test_a_machine_that_forgot_the_time_over_a_reboot_waits_the_whole_limit_and_no_longer(tmp_path: Path) -> None:
    machine = Machine()
    _send(Budget(tmp_path, machine.clock), SLOW, QUARTER)
    machine.reboot(down=0)
    machine.wall = 0.0
    assert Budget(tmp_path, machine.clock).next_turn(SLOW, QUARTER).seconds == pytest.approx(918)


@pytest.mark.parametrize("step", [-86_400.0, -3600.0, -1.0, 1.0, 3600.0, 86_400.0])
def test_a_wall_clock_that_is_corrected_shortens_and_lengthens_nothing(tmp_path: Path, step: float) -> None:
    machine = Machine()
    budget = Budget(tmp_path, machine.clock)
    _send(budget, SLOW, QUARTER)
    budget.punish()
    machine.sleep(50)
    machine.wall += step
    assert budget.next_turn("GET /a", None).seconds == pytest.approx(850)
    machine.sleep(850)
    assert budget.next_turn(SLOW, QUARTER).seconds == pytest.approx(18)


def _written(folder: Path) -> bytes:
    budget = Budget(folder, Machine().clock)
    budget.punish()
    return (folder / "pace.json").read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda good: good[:-7],
        lambda good: bytes(len(good)),
        lambda _: b"null",
        lambda _: b"[]",
        lambda _: b"\xff\xfe",
        lambda good: good.replace(b'"steady"', b'"stead"'),
        lambda good: orjson.dumps({**orjson.loads(good), "sent": 5}),
        lambda good: orjson.dumps({**orjson.loads(good), "sent": {"GET /a": "soon"}}),
    ],
)
def test_a_file_that_a_power_cut_damaged_counts_every_limit_as_used_just_now_and_heals(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "pace.json").write_bytes(damage(_written(tmp_path)))
    machine = Machine()
    budget = Budget(tmp_path, machine.clock)
    with pytest.raises(Postponed):
        _send(budget, SLOW, QUARTER)
    began = machine.steady
    assert _send(budget, "GET /b", Limit(1, 5.0)) == {"GET /b, 1 per 5 s": pytest.approx(5.1)}
    machine.sleep(918 - (machine.steady - began))
    assert _send(budget, SLOW, QUARTER) == {}


def test_a_limit_of_minutes_is_raised_with_the_time_and_holds_nobody_up(tmp_path: Path) -> None:
    machine = Machine()
    budget = Budget(tmp_path, machine.clock)
    _send(budget, SLOW, QUARTER)
    machine.sleep(18)
    with pytest.raises(Postponed, match="1 per 900 s: the next may be asked at 23:45:18 UTC") as raised:
        _send(budget, SLOW, QUARTER)
    assert raised.value.until == datetime(2026, 11, 23, 23, 45, 18, tzinfo=UTC)
    assert _held(tmp_path) == []
    assert _send(budget) == {}


def test_a_penalty_is_everybodys_and_tells_when_it_ends(tmp_path: Path) -> None:
    machine = Machine()
    Budget(tmp_path, machine.clock).punish()
    for rank in Rank:
        with pytest.raises(Throttled, match="locks the login out .* until 23:45:00 UTC") as raised:
            _send(Budget(tmp_path, machine.clock, rank=rank))
        assert raised.value.until == datetime.fromtimestamp(WALL, UTC) + timedelta(minutes=15)
    machine.sleep(880)
    assert _send(Budget(tmp_path, machine.clock)) == {"the penalty for a broken limit": pytest.approx(20)}


def test_who_waits_for_its_own_limit_holds_nobody_else_back_not_even_nightly_work_a_backfill(tmp_path: Path) -> None:
    machine = Machine()
    limit = Limit(1, 5.0)
    others: list[dict[str, float]] = []

    def sleep(seconds: float) -> None:
        if seconds > 1:
            others.append(_send(Budget(tmp_path, _impatient(machine), rank=Rank.BACKFILL)))
        machine.sleep(seconds)

    budget = Budget(tmp_path, Clock(machine.clock.steady, machine.clock.wall, sleep))
    _send(budget, "GET /b", limit)
    machine.sleep(1.0)
    _send(budget, "GET /b", limit)
    assert others == [{}]


class Cancelled(BaseException):
    """What Dagster raises in the main thread, say."""


@pytest.mark.parametrize("waited_for", ["gate", "limit", "place"])
@pytest.mark.parametrize("rank", Rank)
def test_who_is_cancelled_while_it_waits_frees_everything(tmp_path: Path, waited_for: str, rank: Rank) -> None:
    machine = Machine()

    def sleep(_: float) -> None:
        raise Cancelled

    budget = Budget(tmp_path, machine.clock)
    cancelled = Budget(tmp_path, Clock(machine.clock.steady, machine.clock.wall, sleep), rank=rank)
    with ExitStack() as before:
        _send(budget, "GET /b", Limit(1, 5.0))
        if waited_for == "place":
            before.enter_context(budget.turn(HISTORY, None, concurrent=1)).sent()
        mine = _held(tmp_path)
        with (
            pytest.raises(Cancelled),
            cancelled.turn(
                {"gate": "GET /a", "limit": "GET /b", "place": HISTORY}[waited_for],
                Limit(1, 5.0) if waited_for == "limit" else None,
                concurrent=1 if waited_for == "place" else None,
            ),
        ):
            pytest.fail("it did not have to wait")
        assert _held(tmp_path) == mine
    assert _held(tmp_path) == []


@pytest.mark.parametrize("is_sent", [True, False])
@pytest.mark.parametrize("error", [Unavailable("broke off"), Cancelled(), OSError("disk")])
def test_a_turn_that_ends_badly_counts_as_sent_and_frees_everything(
    tmp_path: Path, error: BaseException, is_sent: bool
) -> None:
    machine = Machine()
    budget = Budget(tmp_path, machine.clock)
    with pytest.raises(type(error)):
        _end_badly(budget, error, is_sent=is_sent)
    assert _held(tmp_path) == []
    assert budget.next_turn(SLOW, QUARTER).seconds == pytest.approx(918)


def _end_badly(budget: Budget, error: BaseException, *, is_sent: bool) -> None:
    with budget.turn(SLOW, QUARTER, concurrent=1) as turn:
        if is_sent:
            turn.sent()
        raise error


@pytest.mark.parametrize("error", [Unreachable("nobody"), Untrusted("a stranger")])
def test_a_turn_in_which_nothing_left_this_machine_costs_nothing(tmp_path: Path, error: Exception) -> None:
    machine = Machine()
    budget = Budget(tmp_path, _impatient(machine))
    _send(budget, "GET /b")
    machine.sleep(1.0)
    before = budget.next_turn("GET /b", Limit(1, 5.0))
    with pytest.raises(type(error)), budget.turn(SLOW, QUARTER):
        raise error
    assert _held(tmp_path) == []
    assert budget.next_turn(SLOW, QUARTER).seconds == 0.0
    assert budget.next_turn("GET /b", Limit(1, 5.0)) == before


def test_the_gap_counts_from_the_moment_on_the_wire_and_the_gate_is_free_from_then(tmp_path: Path) -> None:
    machine = Machine()
    budget = Budget(tmp_path, machine.clock)
    with budget.turn("GET /a", None) as turn:
        machine.sleep(3.0)  # a handshake
        assert "gate.lock" in _held(tmp_path)
        turn.sent()
        assert _held(tmp_path) == []
        machine.sleep(2.0)  # the reply takes its time
        turn.sent()
    assert budget.next_turn("GET /a", Limit(1, 5.0)).seconds == pytest.approx(3.1)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        budget = Budget(tmp_path / "login", Machine().clock)
        with budget.turn(HISTORY, None, concurrent=2) as turn:
            turn.sent()
    finally:
        os.umask(mask)
    assert (tmp_path / "login").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "login").iterdir()} == {0o600}


@contextmanager
def _child(folder: Path, *, is_sent: bool) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process inside its turn; it leaves when it is told."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_stay, args=(folder, there, is_sent), daemon=True)
    process.start()
    try:
        assert here.poll(60), "it never got its turn"
        assert here.recv() == "inside"
        yield process, here
    finally:
        process.kill()
        process.join()


def _stay(folder: Path, there: Connection, is_sent: bool) -> None:
    machine = Machine()
    with Budget(folder, machine.clock).turn(
        HISTORY, Limit(1, 20.0) if not is_sent else None, concurrent=AT_ONCE
    ) as turn:
        if is_sent:
            turn.sent()
        there.send("inside")
        there.recv()


def _kill(process: BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


@pytest.mark.slow
def test_no_more_than_five_are_under_way_in_all_processes_and_a_killed_one_frees_its_place(tmp_path: Path) -> None:
    machine = Machine()
    sixth = Budget(tmp_path, _impatient(machine))
    with ExitStack() as stack:
        children = [stack.enter_context(_child(tmp_path, is_sent=True)) for _ in range(AT_ONCE)]
        machine.sleep(10)
        with pytest.raises(Waited), sixth.turn(HISTORY, None, concurrent=AT_ONCE):
            pytest.fail("six at once")
        assert _send(sixth) == {}, "other requests go on"
        machine.sleep(10)
        _kill(children[2][0])
        with sixth.turn(HISTORY, None, concurrent=AT_ONCE) as turn:
            assert turn.waits == {}
        machine.sleep(10)
        children[4][1].send("leave")
        children[4][0].join(30)
        with sixth.turn(HISTORY, None, concurrent=AT_ONCE), pytest.raises(BlockingIOError):
            _try_gate(tmp_path)


def test_a_process_killed_while_it_sends_frees_the_gate_and_what_it_may_have_sent_counts(tmp_path: Path) -> None:
    machine = Machine()
    with _child(tmp_path, is_sent=False) as (process, _):
        assert "gate.lock" in _held(tmp_path)
        with pytest.raises(BlockingIOError):
            _try_gate(tmp_path)
        _kill(process)
        assert _held(tmp_path) == []
        wait = Budget(tmp_path, machine.clock).next_turn(HISTORY, Limit(1, 20.0))
        assert wait.seconds == pytest.approx(20.4)


def _try_gate(folder: Path) -> None:
    with (folder / "gate.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("concurrent", [None, 1], ids=["gate", "place"])
def test_nightly_work_goes_before_every_backfill_that_waits_too(tmp_path: Path, concurrent: int | None) -> None:
    """Whoever gets the lock first, by chance, looks whether nightly work waits; so the order is no matter of chance."""
    contest = Contest(tmp_path, concurrent)
    for _ in range(10):
        assert contest.order() == ["NIGHTLY", "BACKFILL", "BACKFILL", "BACKFILL"]


class Contest:
    """Four threads that want the same, of which one does nightly work; nobody gets it before that one waits."""

    def __init__(self, folder: Path, concurrent: int | None) -> None:
        self._folder, self._concurrent = folder, concurrent
        self._machine, self._counting = Machine(), threading.Lock()
        self._nightly_polls = threading.Event()
        self._order: list[str] = []

    def order(self) -> list[str]:
        """Who got it, in order."""
        self._order.clear()
        self._nightly_polls.clear()
        ranks = [Rank.BACKFILL, Rank.BACKFILL, Rank.NIGHTLY, Rank.BACKFILL]
        threads = [threading.Thread(target=self._take, args=(rank,)) for rank in ranks]
        with Budget(self._folder, self._machine.clock).turn(HISTORY, None, concurrent=self._concurrent) as turn:
            if self._concurrent is not None:
                turn.sent()
            for thread in threads:
                thread.start()
            while not self._is_nightly_waiting():
                assert threads[2].is_alive()
        for thread in threads:
            thread.join(60)
        return self._order

    def _is_nightly_waiting(self) -> bool:
        return self._nightly_polls.is_set() if self._concurrent else "nightly.lock" in _held(self._folder)

    def _take(self, rank: Rank) -> None:
        def sleep(seconds: float) -> None:
            if rank is Rank.NIGHTLY and self._concurrent is not None:
                self._nightly_polls.set()
            with self._counting:
                self._machine.sleep(seconds)

        clock = Clock(self._machine.clock.steady, self._machine.clock.wall, sleep)
        with Budget(self._folder, clock, rank=rank).turn(HISTORY, None, concurrent=self._concurrent) as turn:
            self._order.append(rank.name)
            turn.sent()
