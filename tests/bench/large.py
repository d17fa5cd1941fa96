"""A large night: 5,000 positions in 3 accounts, and every other dataset, those that are off by default too.

Time is the simulator's, so that no wait passes on the clock: what is measured is work alone, of client, kit, Dagster,
and the simulator, which is on the same machine. Bars are of the bonds and funds: each contract costs a request.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from resources.gateway.pacing import USED_PER_SECOND
from tests.bench.measure import Line, Work, WorkFailed, interleaved

TITLE = "A large night (5,000 positions in 3 accounts, and all other datasets)"
DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
ACCOUNTS, POSITIONS = 3, 1667
ROUNDS = 1


def lines(folder: Path) -> Iterator[Line]:
    night = interleaved({"night": Work(f"{__name__}:night", {})}, rounds=ROUNDS, home=folder)["night"]
    pacing = night["requests"].median / USED_PER_SECOND
    beyond = f"{night['beyond_fewest'].median:.0f} beyond the fewest there can be"
    yield Line("its requests", f"{night['requests'].median:.0f}", beyond)
    yield Line("pacing of its requests alone", f"{pacing:.1f} s")
    yield Line("work beyond pacing", f"{night['seconds'].median:.1f} s", f"{night['seconds'].median / pacing:.2f} x")
    for stage in ("land", "build", "check", "publish"):
        yield Line(f"its steps that {stage}", f"{night[stage].median:.1f} s")
    yield Line("peak memory, the simulator's included", f"{night['peak_mb'].median:.0f} MB")


def night() -> dict[str, float]:
    from resources.simulator.flavour import Flavour
    from resources.simulator.options import Options
    from resources.simulator.server import serve
    from tests.desk import buys_late
    from tests.nights import EVERYTHING, MOST_ACTIVE, Nights

    scope = {
        "watchlist": ["AAPL", "MSFT"],
        "bars_asset_classes": ["BOND", "FUND"],
        "bars_depth_days": 20,
        "is_performance_limit_per_account": True,
        "options_underlyings": ["AAPL", "MSFT"],
        "options_requests": 20,
        "details_requests": 5,
        "scanner_runs": [MOST_ACTIVE],
    }
    old = Flavour(regsnapshot=True)  # newer gateways have it no longer
    options = Options(clock=EVENING, accounts=ACCOUNTS, positions=POSITIONS, pacing=False, flavour=old)
    with TemporaryDirectory() as data, serve(options) as gateway:
        buys_late(gateway)
        nights = Nights(Path(data), gateway, scope=scope, choices=EVERYTHING)
        started = time.perf_counter()
        outcome = nights.run("nightly", DAY)
        seconds = time.perf_counter() - started
        held = len(nights.table("positions"))
    if not outcome.is_success or outcome.parked or held != ACCOUNTS * POSITIONS:
        raise WorkFailed(f"the night failed: {held} positions, {outcome.failures} {outcome.failed_checks}")
    return {
        "seconds": seconds,
        "requests": outcome.run_requests,
        "beyond_fewest": outcome.beyond_fewest,
        **outcome.seconds,
    }
