from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.bars.windows import (
    OVERLAP,
    SIZES,
    Window,
    end_of,
    end_of_day,
    missing_days,
    overlapping,
    period_of,
    windows,
)

SESSIONS = np.arange("2026-01-01", "2026-01-13", dtype="datetime64[D]")
NINE = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def _shown(days: list[int], end: int, count: int, cap: int) -> set[int]:
    """What the API shows of a window: the newest `cap` bars of `count` trading days, up to a bar that ends it."""
    shown = sorted(set(days[: end + 1]))[-count:]
    return set([place for place in range(end + 1) if days[place] in shown][-cap:])


def _fewest(missing: set[int], replies: Iterable[set[int]]) -> int:
    """Brute force: the fewest of all replies that the API could give that show all that is missing."""
    useful = {frozenset(reply & missing) for reply in replies} - {frozenset()}
    for count in range(len(missing) + 1):
        if any(frozenset().union(*chosen) >= missing for chosen in combinations(useful, count)):
            return count
    raise AssertionError("each place can have a window of its own")


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[int], set[int], int, int]:
    """Days of uneven length (half days, holidays in between), what is missing, and how much a reply holds."""
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    days = [day for day, length in enumerate(lengths) for _ in range(length)]
    missing = draw(st.sets(st.integers(0, len(days) - 1), max_size=7))
    return days, missing, draw(st.integers(1, 6)), draw(st.integers(1, 4))


@given(case=_cases())
def test_no_requests_that_the_api_could_answer_cover_what_is_missing_with_fewer(
    case: tuple[list[int], set[int], int, int],
) -> None:
    days, missing, cap, most_days = case
    due = np.datetime64("2026-01-05T14:30", "s") + np.arange(len(days)) * np.timedelta64(60, "s")
    of = np.datetime64("2026-01-05", "D") + np.array(days)
    planned = list(windows(due, due[sorted(missing)], days=of, cap=cap, most_days=most_days))
    replies = [_shown(days, end, count, cap) for end in range(len(days)) for count in range(1, most_days + 1)]
    places = [(int(np.searchsorted(due, np.datetime64(window.last))), window) for window in planned]
    shown = [_shown(days, end, window.days, cap) for end, window in places]
    assert missing <= set().union(*shown)
    assert len(planned) == _fewest(missing, replies)
    assert all(len(reply) >= window.bars for reply, (_, window) in zip(shown, places, strict=True))


@given(places=st.sets(st.integers(0, len(SESSIONS) - 1), max_size=7), cap=st.integers(1, 6))
def test_daily_windows_cover_all_that_is_missing_with_the_fewest_requests(places: set[int], cap: int) -> None:
    missing = SESSIONS[sorted(places)]
    planned = list(windows(SESSIONS, missing, cap=cap))
    covered = {
        day for window in planned for day in np.arange(window.first, window.last + np.timedelta64(1, "D").item())
    }
    assert {day.item() for day in missing} <= {np.datetime64(day).item() for day in covered}
    assert all(1 <= window.bars == window.days <= cap for window in planned)
    each = range(len(SESSIONS))
    assert len(planned) == _fewest(places, [_shown(list(each), end, cap, cap) for end in each])


@given(held=st.sets(st.integers(0, len(SESSIONS) - 1)))
def test_what_is_missing_and_what_is_held_are_all_there_is(held: set[int]) -> None:
    kept = SESSIONS[sorted(held)]
    missing = missing_days(SESSIONS, kept)
    assert sorted([*missing.tolist(), *kept.tolist()]) == SESSIONS.tolist()


def test_one_missing_day_is_one_window_of_one_day() -> None:
    [window] = windows(SESSIONS, SESSIONS[4:5])
    assert window == Window(SESSIONS[4].item(), SESSIONS[4].item(), bars=1, days=1)


def test_nothing_missing_is_no_request() -> None:
    assert list(windows(SESSIONS, SESSIONS[:0])) == []
    assert list(windows(SESSIONS[:0], SESSIONS[:0])) == []


@pytest.mark.parametrize(
    ("bars", "size", "days", "period"),
    [
        (1, "1d", 1, "3d"),
        (998, "1d", 998, "1000d"),
        (999, "1d", 999, "1000d"),
        (1000, "1d", 1000, "221w"),  # a thousand days are 999 bars
        (390, "1min", 1, "2d"),
        (1000, "1min", 4, "5d"),
        (1000, "8h", 1000, "1000d"),
    ],
)
def test_a_period_reaches_the_first_bar_and_what_lies_before(bars: int, size: str, days: int, period: str) -> None:
    assert period_of(Window(None, None, bars, days), SIZES[size]) == period


def test_a_window_of_days_ends_on_the_day_after_its_last() -> None:
    assert end_of_day(date(2026, 11, 20)) == datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "following", "minutes"),
    [
        ("1min", 1, 2),
        ("1min", None, 2),  # nothing follows
        ("1min", 17 * 60, 2),  # the last of a day
        ("1h", 30, 90),  # the first hour begins at half past nine, the next at ten
    ],
)
def test_a_window_of_smaller_bars_ends_where_the_bar_after_its_last_does(
    size: str, following: int | None, minutes: int
) -> None:
    after = None if following is None else NINE + timedelta(minutes=following)
    assert end_of(NINE, after, SIZES[size]) == NINE + timedelta(minutes=minutes)


@given(
    held=st.sets(st.integers(0, len(SESSIONS) - 1)),
    places=st.tuples(st.integers(0, len(SESSIONS) - 1), st.integers(0, len(SESSIONS) - 1)).map(sorted),
    room=st.integers(-1, 12),
)
def test_a_window_grows_by_held_days_beside_it_and_never_beyond_its_room(
    held: set[int], places: list[int], room: int
) -> None:
    first, last = places
    count = last - first + 1
    [window] = windows(SESSIONS, SESSIONS[[first, last]] if first < last else SESSIONS[[first]])
    wide = overlapping(window, SESSIONS, SESSIONS[sorted(held)], cap=count + room)
    begins, ends = (int(np.searchsorted(SESSIONS, np.datetime64(day))) for day in (wide.first, wide.last))
    assert begins <= first <= last <= ends
    assert wide.bars == ends - begins + 1 <= count + max(room, 0)
    assert first - begins <= OVERLAP
    assert ends - last <= OVERLAP
    if room >= 2 * OVERLAP:
        assert begins == min((n for n in held if first - OVERLAP <= n < first), default=first)
        assert ends == max((n for n in held if last < n <= last + OVERLAP), default=last)


def test_a_night_reads_five_days_again_in_its_one_request() -> None:
    [window] = windows(SESSIONS, SESSIONS[-1:])
    wide = overlapping(window, SESSIONS, SESSIONS[:-1])
    assert (wide.first, wide.last, wide.bars) == (SESSIONS[-6].item(), SESSIONS[-1].item(), 6)


def test_nothing_is_read_again_of_a_contract_that_is_new() -> None:
    [window] = windows(SESSIONS, SESSIONS[-1:])
    assert overlapping(window, SESSIONS, SESSIONS[:0]) == window
