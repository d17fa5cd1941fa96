import fcntl
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.shared_time import LOCKS, SharedTime

pytestmark = pytest.mark.skipif(not LOCKS.exists(), reason="simulated time of several processes needs /proc/locks")


def _sleeps(task: tuple[Path, int, float]) -> tuple[float, float]:
    """Sleep five times; one process in two does so with a lock held, which the others wait for."""
    folder, place, seconds = task
    time = SharedTime(folder / "time", processes=4, place=place)
    holds = 0.0
    for _ in range(5):
        if place % 2:
            with (folder / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                before = time.now()
                time.sleep(seconds)
                holds += time.now() - before
        else:
            time.sleep(seconds)
    ended = time.now()
    time.leave()
    return ended, holds


def test_sleeping_together_takes_as_long_as_the_longest_and_a_lock_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    SharedTime.create(tmp_path / "time", processes=4)
    with get_context("spawn").Pool(4) as pool:
        ended = pool.map(_sleeps, [(tmp_path, 0, 3.0), (tmp_path, 1, 2.0), (tmp_path, 2, 1.0), (tmp_path, 3, 7.0)])
    times = [at for at, _ in ended]
    assert times[0] == 15.0
    assert times[2] == 5.0
    assert max(times) == 5 * 2.0 + 5 * 7.0, "two that share a lock sleep one after the other"
    assert [holds for _, holds in ended] == [0.0, 10.0, 0.0, 35.0]
