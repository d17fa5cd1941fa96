from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.bars.grid import Answered, Grid, grid
from assets.kit.bars.windows import BARS_PER_REQUEST, SIZES
from resources.calendar.trading_days import trading_calendar

NEW_YORK = trading_calendar("XNYS")
WEEK = grid(NEW_YORK, SIZES["1h"], NEW_YORK.between(date(2026, 11, 23), date(2026, 11, 27)))


def _of(calendar: str, size: str, first: str, last: str, *, extended: bool = False) -> Grid:
    found = trading_calendar(calendar)
    days = found.between(date.fromisoformat(first), date.fromisoformat(last))
    return grid(found, SIZES[size], days, extended=extended)


@pytest.mark.parametrize(
    ("calendar", "size", "day", "starts"),
    [
        ("XNYS", "1h", "2026-11-23", ["14:30", "15:00", "16:00", "17:00", "18:00", "19:00", "20:00"]),
        ("XNYS", "1h", "2026-07-07", ["13:30", "14:00", "15:00", "16:00", "17:00", "18:00", "19:00"]),  # summer
        ("XNYS", "1h", "2026-11-27", ["14:30", "15:00", "16:00", "17:00"]),  # closes at 13:00
        ("XNYS", "4h", "2026-11-23", ["14:30", "17:00"]),  # noon on the wall clock
        ("XTKS", "2h", "2026-11-24", ["00:00", "01:00", "03:00", "05:00"]),
        ("CMES", "8h", "2026-11-24", ["23:00", "06:00", "14:00"]),  # opens the evening before
        ("24/5", "8h", "2026-11-24", ["22:00", "05:00", "13:00", "21:00"]),
    ],
)
def test_bars_follow_the_wall_clock_of_the_exchange(calendar: str, size: str, day: str, starts: list[str]) -> None:
    due = _of(calendar, size, day, day)
    assert [str(one)[11:16] for one in due.starts] == starts
    assert {str(one) for one in due.days} == {day}


def test_all_hours_of_american_shares_are_sixteen_and_after_a_half_day_four_more() -> None:
    usual, half = (_of("XNYS", "1min", day, day, extended=True) for day in ("2026-11-23", "2026-11-27"))
    assert (len(usual.starts), str(usual.starts[0])) == (16 * 60, "2026-11-23T09:00:00")
    assert str(half.ends[-1]) == "2026-11-27T22:00:00"


@given(
    calendar=st.sampled_from(["XNYS", "XLON", "XTKS", "CMES", "24/5"]),
    size=st.sampled_from(sorted(name for name, size in SIZES.items() if size.is_intraday)),
    first=st.dates(date(2015, 1, 1), date(2026, 10, 1)),
)
def test_bars_fill_each_session_without_holes_and_none_is_longer_than_its_size(
    calendar: str, size: str, first: date
) -> None:
    found = trading_calendar(calendar)
    days = found.between(first, date.fromordinal(first.toordinal() + 12))
    due = grid(found, SIZES[size], days)
    lengths = (due.ends - due.starts).astype(int)
    assert np.all((lengths > 0) & (lengths <= SIZES[size].seconds))
    within = due.days[1:] == due.days[:-1]
    np.testing.assert_array_equal(due.starts[1:][within], due.ends[:-1][within])
    assert np.all(due.starts[1:] >= due.ends[:-1])
    np.testing.assert_array_equal(np.unique(due.days), days)


def test_only_bars_that_have_ended_are_due() -> None:
    assert len(WEEK.until(datetime(2026, 11, 23, 15, 59, tzinfo=UTC)).starts) == 1
    assert len(WEEK.until(datetime(2026, 11, 23, 16, tzinfo=UTC)).starts) == 2


def _answers(*told: tuple[list[int], int], parts: int = 1) -> list[int]:
    """Which hours of the week are answered by bars in some of them, each list told by one reply."""
    bars = sorted((place, reply) for places, reply in told for place in places)
    found = Answered(WEEK)
    for part in np.array_split(np.array(bars), parts):
        if len(part):
            found.take(WEEK.starts[part[:, 0]], part[:, 1])
    return np.flatnonzero(found.cells).tolist()


def test_an_hour_without_trades_is_answered_by_the_reply_around_it() -> None:
    assert _answers(([0, 1, 4], 1)) == [0, 1, 2, 3, 4]
    assert _answers(([0, 1], 1), ([4], 2)) == [0, 1, 4], "neither reply tells of what lies between them"


def test_the_first_and_last_hours_of_days_are_answered_by_a_reply_that_has_both_days() -> None:
    assert _answers(([4, 9], 1)) == [4, 5, 6, 7, 8, 9]


def test_a_day_without_any_bar_is_not_answered() -> None:
    assert _answers(([6, 14], 1)) == [6, 14]


@given(places=st.sets(st.integers(0, len(WEEK.starts) - 1)), parts=st.integers(1, 4))
def test_in_how_many_files_the_bars_lie_makes_no_difference(places: set[int], parts: int) -> None:
    told = ([place for place in places if place % 3], 1), ([place for place in places if place % 3 == 0], 2)
    assert _answers(*told, parts=parts) == _answers(*told)


def test_bars_cut_otherwise_than_we_expect_answer_the_hours_that_they_begin_in() -> None:
    found = Answered(WEEK)
    found.take(WEEK.starts[:7] + np.timedelta64(900, "s"), np.arange(7))
    assert np.flatnonzero(found.cells).tolist() == list(range(7))


def test_bars_before_the_grid_and_between_its_sessions_answer_nothing() -> None:
    found = Answered(WEEK)
    found.take(WEEK.starts[:1] - np.timedelta64(1, "D"), np.array([1]))
    found.take(WEEK.ends[6:7] + np.timedelta64(1, "h"), np.array([2]))
    assert not found.cells.any()


def test_a_full_oldest_reply_may_have_more_before_it() -> None:
    due = _of("XNYS", "1min", "2026-11-16", "2026-11-20")
    for count, more in ((BARS_PER_REQUEST, True), (900, False)):
        found = Answered(due)
        found.take(due.starts[-count:], np.ones(count, dtype=int))
        assert found.may_go_back is more
