from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.windows import missing_days, windows

SESSIONS = np.arange("2026-01-01", "2026-01-13", dtype="datetime64[D]")


def _fewest(places: list[int], cap: int) -> int:
    """Brute force: the fewest windows of `cap` days that cover all places."""
    if not places:
        return 0
    starts = range(len(SESSIONS))
    for count in range(1, len(places) + 1):
        for chosen in combinations(starts, count):
            if all(any(start <= place < start + cap for start in chosen) for place in places):
                return count
    raise AssertionError("each place can have a window of its own")


@given(places=st.sets(st.integers(0, len(SESSIONS) - 1), max_size=7), cap=st.integers(1, 6))
def test_windows_cover_all_that_is_missing_with_the_fewest_requests(places: set[int], cap: int) -> None:
    missing = SESSIONS[sorted(places)]
    planned = list(windows(SESSIONS, missing, cap=cap))
    covered = {
        day for window in planned for day in np.arange(window.first, window.last + np.timedelta64(1, "D").item())
    }
    assert {day.item() for day in missing} <= {np.datetime64(day).item() for day in covered}
    assert all(1 <= window.sessions <= cap for window in planned)
    assert len(planned) == _fewest(sorted(places), cap)


@given(held=st.sets(st.integers(0, len(SESSIONS) - 1)))
def test_what_is_missing_and_what_is_held_are_all_there_is(held: set[int]) -> None:
    kept = SESSIONS[sorted(held)]
    missing = missing_days(SESSIONS, kept)
    assert sorted([*missing.tolist(), *kept.tolist()]) == SESSIONS.tolist()


def test_one_missing_day_is_one_window_of_one_day() -> None:
    [window] = windows(SESSIONS, SESSIONS[4:5])
    assert (window.first, window.last, window.sessions) == (SESSIONS[4].item(), SESSIONS[4].item(), 1)


def test_nothing_missing_is_no_request() -> None:
    assert list(windows(SESSIONS, SESSIONS[:0])) == []
