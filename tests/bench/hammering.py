"""Four processes that want more than one login's budget gives: limits broken, and how much of the budget they used.

First a whole simulated hour, then real clocks: with nothing else to do, and with every core busy. What the simulator
counts is what IBKR would. A real clock costs a little of the budget, since a gap begins when a request is on the wire.
"""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measure import Line
from tests.hammer import Hammered, hammer
from tests.shared_time import LOCKS

TITLE = "Four processes on one budget"
HOUR, REAL_SECONDS = 3600.0, 30.0


def lines(folder: Path) -> Iterator[Line]:
    if LOCKS.exists():
        done = _hammered(folder, HOUR, is_simulated=True)
        yield _line(f"a simulated hour, in {done.real_seconds:.0f} s", done)
    yield _line(f"{REAL_SECONDS:.0f} s of real time", _hammered(folder, REAL_SECONDS, is_simulated=False))
    with every_core_busy():
        yield _line("the same, every core busy", _hammered(folder, REAL_SECONDS, is_simulated=False))


def _hammered(folder: Path, seconds: float, *, is_simulated: bool) -> Hammered:
    with TemporaryDirectory(dir=folder) as place:
        return hammer(Path(place), seconds=seconds, is_simulated=is_simulated)


def _line(what: str, done: Hammered) -> Line:
    figure = f"{done.requests / done.seconds:.2f} requests/s, {len(done.broken)} limits broken"
    return Line(what, figure, f"{done.share:.1%} of the budget")


@contextmanager
def every_core_busy() -> Iterator[None]:
    busy = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(os.cpu_count() or 1)]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.join()


def _spin() -> None:
    while True:
        pass
