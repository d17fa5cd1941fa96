"""What a night costs beyond the API's own pacing, simulator and client on the same machine.

The floor is requests over the client's own rate. What is beyond it is partly rules of single endpoints (one account
list per 5 s): the client counts all its waiting, and what is not spent on that is work, and the replies' way.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from resources.gateway.pacing import OUR_PER_SECOND
from tests.bench.measure import Line, Work, WorkFailed, interleaved

TITLE = "A night beyond its pacing (158 positions)"
DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
ROUNDS = 2
CALLS = 200_000


def lines(folder: Path) -> Iterator[Line]:
    works = {"night": Work(f"{__name__}:night", {}), "pace": Work(f"{__name__}:pace", {})}
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
    pace = found["pace"]["microseconds"]
    yield Line("one Pace.wait", f"{pace:.2f} us", f"{pace.median * OUR_PER_SECOND / 1e6:.1e} of a request's turn")


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
    floor = outcome.requests / OUR_PER_SECOND
    return {
        "wall": wall,
        "floor": floor,
        "beyond": wall - floor,
        "busy": wall - outcome.waited_seconds,
        "requests": outcome.requests,
        **outcome.seconds,
    }


def pace() -> dict[str, float]:
    from resources.gateway.pacing import Limit, Pace

    keeper, limit = Pace(), Limit(requests=1, seconds=5.0)
    keeper.sent("endpoint", now=0.0)
    started = time.perf_counter()
    for number in range(CALLS):
        keeper.wait("endpoint", limit, now=float(number))
    return {"microseconds": (time.perf_counter() - started) / CALLS * 1e6}
