from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.bars.coverage import Empty, Reply
from assets.kit.bars.gaps import Gaps, is_due

EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
DAYS = np.array(["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-23"], dtype="M8[D]")


def _gaps(first: int, last: int, *, asked: int = 2, hours: int = 1) -> Gaps:
    """Of contract 1, some days that were asked for so often, all of it so many hours ago."""
    reply = Reply(EVENING - timedelta(hours=hours), "bars_1d/2026-11-23/a", "0" * 64)
    empty = Empty(DAYS[first].item(), DAYS[last].item(), asked, reply, reply)
    return Gaps({1: [empty]}, EVENING, timedelta(days=30))


def test_days_known_to_be_empty_are_not_asked_for_until_they_are_due() -> None:
    assert _gaps(1, 2).to_ask(1, DAYS, is_held=True).tolist() == [DAYS[0].item(), DAYS[3].item()]
    assert _gaps(1, 2, hours=24).to_ask(1, DAYS, is_held=True).tolist() == DAYS.tolist()
    assert _gaps(1, 2, asked=1).to_ask(1, DAYS, is_held=True).tolist() == DAYS.tolist(), "once is not enough"
    assert _gaps(1, 2).to_ask(2, DAYS, is_held=True).tolist() == DAYS.tolist(), "another contract"


def test_a_contract_without_any_bar_is_asked_for_whole_or_not_at_all() -> None:
    assert not len(_gaps(0, 2).to_ask(1, DAYS, is_held=False))
    assert _gaps(0, 2, hours=24).to_ask(1, DAYS, is_held=False).tolist() == DAYS.tolist()
    assert _gaps(0, 2).to_ask(2, DAYS, is_held=False).tolist() == DAYS.tolist()


def test_a_contract_counts_from_its_first_bar_or_from_an_earlier_day_that_was_asked_for_only_once() -> None:
    assert _gaps(0, 0, asked=1).begins(1, DAYS[1:]) == DAYS[0].item()
    assert _gaps(0, 0, asked=2).begins(1, DAYS[1:]) == DAYS[1].item()
    assert _gaps(3, 3, asked=1).begins(1, DAYS[1:]) == DAYS[1].item()
    assert _gaps(0, 0, asked=1).begins(2, DAYS[1:]) == DAYS[1].item()
    assert _gaps(0, 0, asked=1).begins(1, None) is None


def test_what_was_asked_for_once_and_lies_before_what_was_asked_for_twice_is_before_the_life() -> None:
    [once], [twice] = (_gaps(place, place, asked=asked).empties[1] for place, asked in ((0, 1), (1, 2)))
    assert Gaps({1: [once, twice]}, EVENING, timedelta(days=30)).begins(1, DAYS[2:]) == DAYS[2].item()


def test_an_empty_day_is_asked_for_in_the_next_two_nights_and_then_ever_more_seldom() -> None:
    asked = [0]
    for night in range(1, 100):
        first, last, now = (EVENING + timedelta(days=one) for one in (0, asked[-1], night))
        if is_due(first, last, now=now, most=timedelta(days=30)):
            asked.append(night)
    assert asked == [0, 1, 2, 4, 8, 16, 32, 62, 92]


@pytest.mark.parametrize(("hours", "due"), [(1, False), (11, False), (13, True)])
def test_a_run_of_the_same_evening_does_not_ask_again(hours: int, due: bool) -> None:
    assert is_due(EVENING, EVENING, now=EVENING + timedelta(hours=hours), most=timedelta(days=30)) is due


@given(known=st.integers(0, 1000), since=st.integers(0, 1000))
def test_the_owner_can_have_all_of_them_asked_for_and_none_rests_for_longer_than_he_says(
    known: int, since: int
) -> None:
    last = EVENING + timedelta(hours=known)
    assert is_due(EVENING, last, now=last + timedelta(hours=since), most=timedelta(0))
    assert is_due(EVENING, last, now=last + timedelta(hours=since), most=timedelta(days=30)) or since < 30 * 24
