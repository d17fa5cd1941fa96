"""One login's pacing budget, on disk, shared by every process that uses the login.

Belongs here: taking turns across processes, and what outlives them. Does not: the arithmetic
(`pacing.py`), sending (`exchange.py`).

A process that wants to send holds the gate, a lock on a file, from its wait until its request is on the
wire, and stamps that moment in `pace.json`. A gap between slots would not do: woken processes bunch up
after a stall. Whoever waits for a limit of one endpoint leaves the gate to others meanwhile. The system drops
every lock with its process, so a killed run frees what it held.

Nightly work goes first: while it waits for the gate or for a place under a cap, it shares a lock that everything
else looks at before taking one. Limits of minutes are not waited for here but raised as `Waiting`, for the work
to be parked.

Stamps are moments of the steady clock, which no correction of the wall clock moves. It starts again with the
machine: then, and only then, the wall clock tells how long ago they were.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from pathlib import Path

import orjson

from resources.gateway.clock import Clock
from resources.gateway.errors import Postponed, Throttled, Unreachable, Untrusted, Waiting
from resources.gateway.pacing import GLOBAL_GAP, Limit, Pace, Wait, read_pace
from resources.gateway.side_by_side import Stopped
from resources.locks import ALONE, AT_ONCE, TOGETHER, locked
from resources.private import FILE, make_folder

PARKED_SECONDS = 30.0
TOLD_SECONDS = 10.0


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
        self.tell: Callable[[str], None] | None = None  # of waits that a person would wonder about
        self._folder = folder
        self._clock = clock
        make_folder(folder)

    @contextmanager
    def turn(self, name: str, limit: Limit | None, *, concurrent: int | None = None) -> Iterator[Turn]:
        """Wait for a turn to send `name`; of those under one `concurrent` cap no more are under way at once.

        Raises `Postponed` or `Throttled`, with the time, when the wait is one of minutes.
        """
        waits: dict[str, float] = {}
        with ExitStack() as held:
            if concurrent is not None:
                held.enter_context(self._place(name, concurrent, waits))
            gate = held.enter_context(ExitStack())
            before = self._enter(gate, name, limit, waits)
            self._write(before.marked(name, now=self._clock.steady()))  # in case this process is killed while it sends
            unsent = [before]

            def sent() -> None:
                if unsent:
                    self._write(unsent.pop().marked(name, now=self._clock.steady()))
                    gate.close()

            try:
                yield Turn(waits, sent)
            except (Unreachable, Untrusted, Stopped):  # nothing left this machine
                if unsent:
                    self._write(unsent.pop())
                raise
            finally:
                sent()  # a request that broke off may have been

    def punish(self) -> None:
        """A 429 came: nobody sends until the penalty is over, whatever happens to this machine."""
        with self._locked("gate"):
            pace = self._read(at_the_gate=True)
            pace.punish(now=self._clock.steady())
            self._write(pace, is_synced=True)

    def next_turn(self, name: str, limit: Limit | None) -> Wait:
        """How long `name` would have to wait now; nothing is taken."""
        return self._read().wait(name, limit, now=self._clock.steady())

    def _enter(self, gate: ExitStack, name: str, limit: Limit | None, waits: dict[str, float]) -> Pace:
        """Wait for the turn; on return the gate is held."""
        while True:
            with self._claim("nightly"):
                gate.enter_context(self._locked("gate"))
            pace = self._read(at_the_gate=True)
            wait = pace.wait(name, limit, now=self._clock.steady())
            if wait.seconds > PARKED_SECONDS:
                raise self._parked(name, wait)
            if self._gives_way("nightly"):
                wait = Wait(GLOBAL_GAP, "nightly work, which goes first")
            elif wait.seconds <= 0 or (wait.is_for_all and not wait.is_penalty):
                self._sleep(wait, waits)
                return pace
            gate.close()
            self._sleep(wait, waits)

    def _sleep(self, wait: Wait, waits: dict[str, float]) -> None:
        if wait.seconds > 0:
            if self.tell is not None and wait.seconds >= TOLD_SECONDS:
                self.tell(f"{wait.reason}: waiting {wait.seconds:.0f} s for the next")
            self._clock.sleep(wait.seconds)
            waits[wait.reason] = waits.get(wait.reason, 0.0) + wait.seconds

    def _parked(self, name: str, wait: Wait) -> Waiting:
        until = self._clock.here + timedelta(seconds=wait.seconds)
        if wait.is_penalty:
            return Throttled(
                f"{name}: a pacing limit was broken before, and IBKR locks the login out for it. "
                f"Nothing is asked until {until:%H:%M:%S} UTC.",
                until=until,
            )
        return Postponed(f"{wait.reason}: the next may be asked at {until:%H:%M:%S} UTC.", until=until)

    def _claim(self, what: str) -> AbstractContextManager[None]:
        """Nightly work says that it waits for something; other work says nothing."""
        return self._locked(what, TOGETHER) if self.rank is Rank.NIGHTLY else nullcontext()

    def _gives_way(self, what: str) -> bool:
        """Whether nightly work waits for what this other work wants."""
        if self.rank is Rank.NIGHTLY:
            return False
        with ExitStack() as probe:
            return not self._took(probe, what)

    @contextmanager
    def _place(self, name: str, concurrent: int, waits: dict[str, float]) -> Iterator[None]:
        """One of the places under a cap; they are files, since the system counts who holds those."""
        slug = "".join(one if one.isalnum() else "-" for one in name)
        with ExitStack() as place:
            with self._claim(f"{slug}.nightly"):
                while not self._found(place, slug, concurrent):
                    self._sleep(Wait(GLOBAL_GAP, f"{name}, {concurrent} at once"), waits)
            yield

    def _found(self, place: ExitStack, slug: str, concurrent: int) -> bool:
        """Take a place if one is free and nobody goes first; looked at in this order nothing slips in between."""
        if not any(self._took(place, f"{slug}.{number}") for number in range(concurrent)):
            return False
        if self._gives_way(f"{slug}.nightly"):
            place.close()
            return False
        return True

    def _took(self, hold: ExitStack, name: str) -> bool:
        """Take the lock of a name unless somebody has it."""
        try:
            hold.enter_context(self._locked(name, ALONE | AT_ONCE))
        except BlockingIOError:
            return False
        return True

    def _locked(self, name: str, how: int = ALONE) -> AbstractContextManager[None]:
        return locked(self._folder / f"{name}.lock", how)

    def _read(self, *, at_the_gate: bool = False) -> Pace:
        """What was sent so far, by the steady clock as it stands now; only who holds the gate may mend the file."""
        try:
            written = (self._folder / "pace.json").read_bytes()
        except FileNotFoundError:
            return Pace()
        now, wall = self._clock.steady(), self._clock.wall()
        try:
            record = orjson.loads(written)
            pace, then, wall_then = read_pace(record), float(record["steady"]), float(record["wall"])
        except (ValueError, TypeError, KeyError):  # a power cut: assume that every limit was used just now
            pace = Pace(known_since=now)
            if at_the_gate:
                self._write(pace)
            return pace
        another_boot = (now - wall) - (then - wall_then) if now < then else 0.0
        return pace.moved(another_boot, now=now)

    def _write(self, pace: Pace, *, is_synced: bool = False) -> None:
        now = self._clock.steady()
        record = {**pace.to_json(now=now), "steady": now, "wall": self._clock.wall()}
        handle = os.open(self._folder / "pace.json", os.O_WRONLY | os.O_CREAT, FILE)
        try:
            longest = os.fstat(handle).st_size
            os.pwrite(handle, orjson.dumps(record).ljust(longest), 0)  # beside and renamed would cost a millisecond
            if is_synced:
                os.fsync(handle)
        finally:
            os.close(handle)
