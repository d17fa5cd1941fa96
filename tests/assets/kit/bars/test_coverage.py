from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.bars.coverage import EXPECTED, TWICE, Asked, Empty, Reply, intervals, of_the_whole, without_bars
from resources.calendar.trading_days import Days

SESSIONS: Days = np.array([day for day in np.arange("2026-01-01", "2026-01-29", dtype="M8[D]") if np.is_busday(day)])
PLACES = st.integers(0, len(SESSIONS) - 1)


def _day(place: int) -> date:
    found: date = SESSIONS[place].item()
    return found


def _days(first: date, last: date) -> list[date]:
    return [day for day in map(_day, range(len(SESSIONS))) if first <= day <= last]


def _reply(number: int) -> Reply:
    return Reply(datetime(2026, 2, 1, tzinfo=UTC) + timedelta(hours=number), "bars_1d/2026-02-01/a", f"{number:064d}")


@st.composite
def _asked(draw: st.DrawFn) -> list[Asked]:
    """Replies in the order of receipt: a window each, and which of its days, or days beside it, came."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        first, last = sorted((draw(PLACES), draw(PLACES)))
        got = SESSIONS[sorted(draw(st.sets(PLACES, max_size=10)))]
        found.append(Asked(_day(first), _day(last), got, _reply(number)))
    return found


def _held(asked: list[Asked]) -> Days:
    return np.unique(np.concatenate([SESSIONS[:0], *(one.got for one in asked)]))


def _without_a_bar(asked: list[Asked], day: np.datetime64) -> list[Asked]:
    """The replies since the day's bar came last that had none, by the plainest reading."""
    found: list[Asked] = []
    for one in asked:
        if np.datetime64(one.first) <= day <= np.datetime64(one.last):
            found = [] if day in one.got else [*found, one]
    return found


@given(asked=_asked())
def test_each_day_has_as_many_askings_as_replies_without_it_and_the_first_and_the_last_of_them(
    asked: list[Asked],
) -> None:
    empties = without_bars(SESSIONS, [], asked)
    told = {day: one for one in empties for day in SESSIONS if one.first <= day.item() <= one.last}
    assert len(told) == sum(len(_days(one.first, one.last)) for one in empties)
    for day in SESSIONS:
        replies = _without_a_bar(asked, day)
        if not replies:
            assert day not in told
            continue
        found = told[day]
        assert (found.asked, found.earliest, found.latest) == (len(replies), replies[0].reply, replies[-1].reply)


@given(asked=_asked(), cut=st.integers(0, 6))
def test_what_is_told_night_by_night_comes_out_as_what_is_told_at_once(asked: list[Asked], cut: int) -> None:
    night_by_night = without_bars(SESSIONS, without_bars(SESSIONS, [], asked[:cut]), asked[cut:])
    assert night_by_night == without_bars(SESSIONS, [], asked)


@given(asked=_asked(), extra=st.sets(PLACES, max_size=5))
def test_expected_days_are_held_or_verified_empty_or_missing_and_nothing_twice_or_outside_the_life(
    asked: list[Asked], extra: set[int]
) -> None:
    held = np.union1d(_held(asked), SESSIONS[sorted(extra)])
    found = intervals(SESSIONS, held, without_bars(SESSIONS, [], asked))
    covered = [(day, one) for one in found for day in SESSIONS if one.first <= day.item() <= one.last]
    states = {day: one.state for day, one in covered}
    assert len(states) == len(covered) == sum(one.sessions for one in found)
    assert [one.first for one in found] == sorted(one.first for one in found)
    nearest = [count for day in SESSIONS if day < min(held, default=day) and (count := len(_without_a_bar(asked, day)))]
    has_begun = bool(nearest) and nearest[-1] >= TWICE
    for day in SESSIONS:
        count, is_in_life = len(_without_a_bar(asked, day)), not len(held) or day >= held[0]
        if day in held:
            assert states[day] == "held"
        elif is_in_life:
            assert states[day] == ("verified_empty" if count >= TWICE else "missing")
        else:
            assert states.get(day) == {0: None, 1: "before_life" if has_begun else "missing"}.get(count, "before_life")
    expected = {day for day, state in states.items() if state in EXPECTED}
    assert not len(held) or expected >= {day for day in SESSIONS if day >= held[0]}


@given(asked=_asked())
def test_no_two_neighbours_could_be_one_row(asked: list[Asked]) -> None:
    found = intervals(SESSIONS, _held(asked), without_bars(SESSIONS, [], asked))
    for one, other in zip(found, found[1:], strict=False):
        is_next = len(_days(one.last, other.first)) == 2
        evidence = None if one.evidence is None else replace(one.evidence, first=other.first, last=other.last)
        assert not is_next or (one.state, evidence) != (other.state, other.evidence)


def test_ten_years_that_are_held_are_one_row() -> None:
    sessions = np.arange("2016-01-01", "2026-01-01", dtype="M8[D]")
    [one] = intervals(sessions, sessions, [])
    assert (one.state, one.sessions, one.evidence) == ("held", len(sessions), None)


def test_a_contract_that_never_gave_a_bar_is_told_of_as_a_whole() -> None:
    [first] = of_the_whole([], [Asked(_day(0), _day(5), SESSIONS[:0], _reply(0))])
    assert first == Empty(_day(0), _day(5), 1, _reply(0), _reply(0))
    [second] = of_the_whole([first], [Asked(_day(6), _day(6), SESSIONS[:0], _reply(1))])
    assert second == Empty(_day(0), _day(6), 2, _reply(0), _reply(1)), (
        "the new day was asked for once, the contract twice"
    )
    assert of_the_whole([], []) == []


def test_a_held_day_that_comes_no_more_stays_held_and_what_is_empty_beside_it_keeps_its_evidence() -> None:
    """Bars that are held are read again beside those that are missing."""
    first, last, hole = _day(0), _day(9), 4
    asked = [Asked(first, last, np.delete(SESSIONS[:10], hole), _reply(number)) for number in range(2)]
    known = without_bars(SESSIONS, [], asked)
    again = without_bars(SESSIONS, known, [Asked(_day(hole + 1), _day(10), SESSIONS[7:11], _reply(2))])
    [before] = [one for one in intervals(SESSIONS[:11], _held(asked), known) if one.state == "verified_empty"]
    told = intervals(SESSIONS[:11], np.append(_held(asked), SESSIONS[10]), again)
    assert [(one.state, one.sessions) for one in told] == [("held", 4), ("verified_empty", 1), ("held", 6)]
    assert told[1] == before
