"""Four real processes, one shared budget, one simulator that counts, in a time that all of them share.

A whole hour of it is a benchmark: `python -m tests.bench hammering`.
"""

from pathlib import Path

import pytest

from tests.hammer import hammer
from tests.shared_time import LOCKS

SECONDS = 300.0

pytestmark = pytest.mark.skipif(not LOCKS.exists(), reason="simulated time of several processes needs /proc/locks")


@pytest.mark.slow
@pytest.mark.long
def test_four_processes_break_no_limit_and_use_the_budget_up(tmp_path: Path) -> None:
    done = hammer(tmp_path, seconds=SECONDS)
    assert done.broken == []
    assert done.refused == 0
    assert done.seconds > 0.99 * SECONDS
    assert 0.95 <= done.share <= 1.0
    assert done.by_rank.keys() == {"nightly", "backfill"}
    assert min(done.by_rank.values()) > 0.2 * done.requests, "both had their part"
    slow = ("GET /portfolio/accounts", "GET /iserver/account/orders", "POST /iserver/scanner/run")
    assert min(done.by_path[name] for name in slow) > 10
    assert done.by_path["POST /pa/performance"] == 1, "once a quarter of an hour"
    assert done.postponed > 0
