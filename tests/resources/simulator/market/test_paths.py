from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.market.paths import BLOCK, EPOCH, Walks, step, steps

AT = st.integers(0, 20 * BLOCK)


@settings(deadline=None)
@given(AT, AT, AT)
def test_the_walk_at_a_step_does_not_depend_on_the_window(first: int, last: int, asked: int) -> None:
    first, asked, last = sorted((first, last, asked))
    window = Walks(3).stretch(5, np.arange(first, last + 1))
    assert window.level[asked - first] == Walks(3).level(5, asked)


def test_the_walk_goes_on_where_the_step_before_ended() -> None:
    window = Walks(3).stretch(5, np.arange(3 * BLOCK))
    assert np.array_equal(window.level[:-1], window.before[1:])


def test_steps_of_the_walk_have_unit_variance_within_and_across_blocks() -> None:
    window = Walks(3).stretch(5, np.arange(60 * BLOCK))
    jumps = window.level - window.before
    assert 0.95 < jumps.std() < 1.05
    assert abs(jumps.mean()) < 0.05


def test_streams_and_seeds_differ() -> None:
    levels = {Walks(seed).level(stream, 100) for seed in range(3) for stream in range(3)}
    assert len(levels) == 9


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_weekdays_are_counted_one_by_one(days: int) -> None:
    day = EPOCH + timedelta(days=days)
    following = step(day + timedelta(days=1)) - step(day)
    assert following == (0 if day.weekday() in {4, 5} else 1)


def test_steps_take_many_days_at_once() -> None:
    assert steps(np.array([EPOCH.toordinal(), date(2000, 1, 10).toordinal()])).tolist() == [0, 5]


def test_a_returning_walk_stays_near_home_and_moves_like_the_others() -> None:
    window = Walks(3).stretch(5, np.arange(60 * BLOCK), returns=True)
    assert np.abs(window.level).max() < 5 * np.sqrt(BLOCK)
    assert 0.95 < (window.level - window.before).std() < 1.05
    assert np.array_equal(window.level[:-1], window.before[1:])
