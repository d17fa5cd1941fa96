"""One simulated time for several processes: it passes while all of them sleep or wait for a lock, and at no other time.

So a reply's real milliseconds take no simulated time, sleeping together takes as long as the longest, and an hour of
waiting is over at once, yet never behind the back of somebody who still works. A process says itself that it sleeps;
that it waits for a lock, the system tells (`/proc/locks`, hence Linux only). It tells of one lock after the other,
so what it says counts only if nobody took a step meanwhile: whoever works looks at the time again and again.
"""

import mmap
import os
import threading
from pathlib import Path

RUNNING, ASLEEP, GONE = 0.0, 1.0, 2.0
NUMBER = 8  # bytes
FIELDS = 4  # of each process: its state, when it wakes, its id, how often it looked at the time
STATE, WAKES, PROCESS, STEPS = range(FIELDS)
LOCKS = Path("/proc/locks")
A_MOMENT = 0.00005  # seconds; to look all the time would take a core from those who work


class SharedTime:
    """The time in a file, as one of `processes` sees it; without a `place` one only looks."""

    def __init__(self, path: Path, *, processes: int, place: int | None = None) -> None:
        self._processes = processes
        self._place = place
        with path.open("r+b") as file:
            self._numbers = memoryview(mmap.mmap(file.fileno(), _size(processes))).cast("d")
        if place is not None:
            self._tell(PROCESS, float(os.getpid()))

    @classmethod
    def create(cls, path: Path, *, processes: int) -> "SharedTime":
        """A time that stands at 0 until all processes have come."""
        path.write_bytes(bytes(_size(processes)))
        return cls(path, processes=processes)

    def now(self) -> float:
        """Seconds since it was made."""
        if self._place is not None:
            self._tell(STEPS, self._told(self._place, STEPS) + 1)
        return self._numbers[0]

    def sleep(self, seconds: float) -> None:
        """Wait, and let time pass when nobody has anything else to do."""
        wakes = self.now() + seconds
        self._tell(WAKES, wakes)
        self._tell(STATE, ASLEEP)
        while self._numbers[0] < wakes:
            if self._is_next(wakes):
                self._numbers[0] = wakes
            else:
                threading.Event().wait(A_MOMENT)
        self._tell(STATE, RUNNING)

    def leave(self) -> None:
        """Nobody waits for this process any more."""
        self._tell(STATE, GONE)

    def _is_next(self, wakes: float) -> bool:
        """Whether nobody works, and nobody wakes sooner. Locks are looked at last: who sleeps has let go of them."""
        busy: dict[int, int] = {}
        steps = self._steps()
        for place in range(self._processes):
            state = self._told(place, STATE)
            if place == self._place or state == GONE:
                continue
            if state == RUNNING:
                busy[place] = int(self._told(place, PROCESS))
            elif (self._told(place, WAKES), place) < (wakes, self._place):
                return False
        return not busy or (_waiting_for_locks().issuperset(busy.values()) and self._steps() == steps)

    def _steps(self) -> list[float]:
        return [self._told(place, STEPS) for place in range(self._processes)]

    def _told(self, place: int, field: int) -> float:
        return self._numbers[1 + FIELDS * place + field]

    def _tell(self, field: int, number: float) -> None:
        assert self._place is not None
        self._numbers[1 + FIELDS * self._place + field] = number


def _size(processes: int) -> int:
    return NUMBER * (1 + FIELDS * processes)


def _waiting_for_locks() -> set[int]:
    lines = (line.split() for line in LOCKS.read_text().splitlines())
    return {int(words[5]) for words in lines if words[1] == "->"}
