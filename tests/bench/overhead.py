"""What a night costs beyond the API's own pacing, simulator and client on the same machine.

The floor is requests over the client's own rate. What is beyond it is partly rules of single endpoints (one account
list per 5 s): the client counts all its waiting, and what is not spent on that is work, and the replies' way.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from resources.gateway.pacing import USED_PER_SECOND
from tests.bench.measure import Line, Work, WorkFailed, interleaved

TITLE = "A night beyond its pacing (158 positions)"
DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
ROUNDS = 2
TURNS = 4_000
CONTENDING = 4


def lines(folder: Path) -> Iterator[Line]:
    works = {"night": Work(f"{__name__}:night", {}), "alone": Work(f"{__name__}:pace", {"processes": 1})}
    works["contended"] = Work(f"{__name__}:pace", {"processes": CONTENDING})
    found = interleaved(works, rounds=ROUNDS, home=folder)
    night, floor = found["night"], found["night"]["floor"].median
    yield Line("pacing of its requests alone", f"{night['floor']:.1f} s ({night['requests'].median:.0f} requests)")
    yield Line("the night", f"{night['wall']:.1f} s", f"{night['wall'].median / floor:.2f} x its pacing")
    yield Line("beyond pacing", f"{night['beyond']:.1f} s", f"{night['beyond'].median / floor:.2f} x its pacing")
    busy = night["busy"]
    yield Line("not spent waiting for a turn", f"{busy:.1f} s", f"{busy.median / floor:.2f} x its pacing")
    for stage in ("build", "check", "publish"):
        ratio = f"{night[stage].median / floor:.2f} x its pacing"
        yield Line(f"its steps that {stage}", f"{night[stage]:.1f} s", ratio)
    for name, said in (("alone", "one process"), ("contended", f"{CONTENDING} processes at once")):
        turn = found[name]["microseconds"]
        ratio = f"{turn.median * USED_PER_SECOND / 1e6:.1e} of a request's turn"
        yield Line(f"asking the shared budget, {said}", f"{turn:.0f} us a request", ratio)


def night() -> dict[str, float]:
    from resources.simulator.options import Options
    from resources.simulator.server import serve
    from tests.nights import Nights

    with TemporaryDirectory() as data, serve(Options(clock=EVENING, positions=158)) as gateway:
        nights = Nights(Path(data), gateway)
        started = time.perf_counter()
        outcome = nights.run("nightly", DAY)
        wall = time.perf_counter() - started
    if not outcome.is_success:
        raise WorkFailed(f"the night failed: {outcome.failures} {outcome.failed_checks}")
    floor = outcome.requests / USED_PER_SECOND
    return {
        "wall": wall,
        "floor": floor,
        "beyond": wall - floor,
        "busy": wall - outcome.waited_seconds,
        "requests": outcome.requests,
        **outcome.seconds,
    }


def pace(processes: int) -> dict[str, float]:
    """What a turn costs in all of them together, when none has to wait: the clock makes each come as it is due."""
    with TemporaryDirectory() as folder, get_context("spawn").Pool(processes) as pool:
        pool.map(take_turns, [(folder, 1)] * processes, chunksize=1)  # they have started, and the files are there
        started = time.perf_counter()
        pool.map(take_turns, [(folder, TURNS // processes)] * processes, chunksize=1)
        return {"microseconds": (time.perf_counter() - started) / TURNS * 1e6}


def take_turns(task: tuple[str, int]) -> None:
    from resources.gateway.budget import Budget
    from resources.gateway.clock import Clock
    from resources.gateway.pacing import Limit

    folder, turns = task
    limit = Limit(requests=10, seconds=1.0)
    budget = Budget(Path(folder), Clock(steady=time.monotonic, wall=time.time, sleep=lambda _: None))
    for _ in range(turns):
        with budget.turn("endpoint", limit) as turn:
            turn.sent()
