"""One login's pacing budget, on disk, shared by every process that uses the login.

Belongs here: taking turns across processes, and what outlives them. Does not: the arithmetic
(`pacing.py`), sending (`exchange.py`).

A process that wants to send holds the gate, a lock on a file, from its wait until its request is on the
wire, and stamps that moment in `pace.json`. A gap between slots would not do: woken processes bunch up
after a stall. The system drops every lock with its process, so a killed run frees what it held.

Nightly work goes first: while it waits, it shares a lock that everything else looks at before taking the
gate. Limits of minutes are not waited for here but raised as `Waiting`, for the work to be parked.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path

import orjson

from resources.gateway.clock import Clock
from resources.gateway.errors import Postponed, Throttled, Waiting
from resources.gateway.pacing import GLOBAL_GAP, Limit, Pace, Wait, read_pace
from resources.journal import OWNER_ONLY, OWNER_ONLY_FOLDER

AT_THE_GATE_SECONDS = 0.5  # longer waits leave the gate to others
PARKED_SECONDS = 30.0
CLOCK_STEP_SECONDS = 1.0


class Rank(IntEnum):
    """Who goes first."""

    NIGHTLY = 0
    BACKFILL = 1


@dataclass(slots=True)
class Turn:
    """A turn that was waited for; `sent` is called when the request is on the wire."""

    waits: dict[str, float]
    sent: Callable[[], None]


class Budget:
    """The budget in one folder, as one process uses it."""

    def __init__(self, folder: Path, clock: Clock, *, rank: Rank = Rank.NIGHTLY) -> None:
        self.rank = rank
        self._folder = folder
        self._clock = clock
        folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)

    @contextmanager
    def turn(self, name: str, limit: Limit | None, *, concurrent: int | None = None) -> Iterator[Turn]:
        """Wait for a turn to send `name`; of those under one `concurrent` cap no more are under way at once.

        Raises `Postponed` or `Throttled`, with the time, when the wait is one of minutes.
        """
        waits: dict[str, float] = {}
        with ExitStack() as held:
            if concurrent is not None:
                held.enter_context(self._place(name, concurrent, waits))
            gate = ExitStack()
            held.callback(gate.close)
            self._enter(gate, name, limit, waits)

            def sent() -> None:
                if not stamped:
                    stamped.append(True)
                    self._stamp(name)
                    gate.close()

            stamped: list[bool] = []
            held.callback(sent)  # a request that broke off may have been sent
            yield Turn(waits, sent)

    def punish(self) -> None:
        """A 429 came: nobody sends until the penalty is over."""
        with self._locked("gate"):
            pace = self._read()
            pace.punish(now=self._clock.steady())
            self._write(pace)

    def next_turn(self, name: str, limit: Limit | None) -> Wait:
        """How long `name` would have to wait now; nothing is taken."""
        return self._read().wait(name, limit, now=self._clock.steady())

    def _enter(self, gate: ExitStack, name: str, limit: Limit | None, waits: dict[str, float]) -> None:
        """Wait for the turn; on return the gate is held."""
        with ExitStack() as claim:
            if self.rank is Rank.NIGHTLY:
                claim.enter_context(self._locked("nightly", fcntl.LOCK_SH))
            while True:
                gate.enter_context(self._locked("gate"))
                wait = self._read().wait(name, limit, now=self._clock.steady())
                if wait.seconds > PARKED_SECONDS:
                    raise self._parked(name, wait)
                if self.rank is not Rank.NIGHTLY and self._nightly_waits():
                    wait = Wait(GLOBAL_GAP, "nightly work, which goes first")
                elif wait.seconds <= AT_THE_GATE_SECONDS:
                    self._sleep(wait, waits)
                    return
                gate.close()
                self._sleep(wait, waits)

    def _sleep(self, wait: Wait, waits: dict[str, float]) -> None:
        if wait.seconds > 0:
            self._clock.sleep(wait.seconds)
            waits[wait.reason] = waits.get(wait.reason, 0.0) + wait.seconds

    def _parked(self, name: str, wait: Wait) -> Waiting:
        until = datetime.fromtimestamp(self._clock.wall(), UTC) + timedelta(seconds=wait.seconds)
        if wait.is_penalty:
            return Throttled(
                f"{name}: a pacing limit was broken before, and IBKR locks the login out for it. "
                f"Nothing is asked until {until:%H:%M:%S} UTC.",
                until=until,
            )
        return Postponed(f"{wait.reason}: the next may be asked at {until:%H:%M:%S} UTC.", until=until)

    def _stamp(self, name: str) -> None:
        pace = self._read()
        pace.mark(name, now=self._clock.steady())
        self._write(pace)

    def _nightly_waits(self) -> bool:
        with ExitStack() as probe:
            try:
                probe.enter_context(self._locked("nightly", fcntl.LOCK_EX | fcntl.LOCK_NB))
            except BlockingIOError:
                return True
        return False

    @contextmanager
    def _place(self, name: str, concurrent: int, waits: dict[str, float]) -> Iterator[None]:
        """One of the places under a cap; they are files, since the system counts who holds those."""
        slug = "".join(one if one.isalnum() else "-" for one in name)
        with ExitStack() as place:
            while True:
                for number in range(concurrent):
                    try:
                        place.enter_context(self._locked(f"{slug}.{number}", fcntl.LOCK_EX | fcntl.LOCK_NB))
                    except BlockingIOError:
                        continue
                    yield
                    return
                self._sleep(Wait(GLOBAL_GAP, f"{name}, {concurrent} at once"), waits)

    @contextmanager
    def _locked(self, name: str, how: int = fcntl.LOCK_EX) -> Iterator[None]:
        """Hold the lock of a name; another process, or another thread of this one, waits or is refused."""
        handle = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    def _read(self) -> Pace:
        now = self._clock.steady()
        try:
            record = orjson.loads((self._folder / "pace.json").read_bytes())
            pace, ahead = read_pace(record), float(record["ahead"])
        except FileNotFoundError:
            return Pace()
        except (ValueError, TypeError, KeyError):  # a power cut: assume that every limit was used just now
            pace, ahead = Pace(known_since=now), self._ahead()
            self._write(pace)
        step = ahead - self._ahead()
        return pace.moved(step, now=now) if abs(step) > CLOCK_STEP_SECONDS else pace

    def _write(self, pace: Pace) -> None:
        record = {**pace.to_json(now=self._clock.steady()), "ahead": self._ahead()}
        beside = self._folder / "pace.json.new"
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        try:
            os.write(handle, orjson.dumps(record))
        finally:
            os.close(handle)
        beside.replace(self._folder / "pace.json")

    def _ahead(self) -> float:
        """By how much the wall clock is ahead of the steady one: another number after each boot."""
        return self._clock.wall() - self._clock.steady()
