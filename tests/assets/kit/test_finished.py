from dataclasses import dataclass
from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.finished import Finished
from assets.kit.quote import Load
from resources.calendar.trading_days import Days, trading_calendar

CALENDAR = trading_calendar("XNYS")
DAYS: Days = np.arange("2026-11-20", "2026-12-01", dtype="datetime64[D]")  # two weekends and Thanksgiving, and a Friday
SESSIONS = CALENDAR.between(date(2026, 11, 20), date(2026, 11, 30))


def _load(conid: int, missing: Days) -> Load:
    return Load(conid, SESSIONS, missing, ())


def _told(days: Days) -> list[str]:
    return [str(day) for day in days]


@dataclass(frozen=True)
class Life:
    """What of each contract is missing at first, and what is told to be left of them, in this order."""

    missing: list[Days]
    told: list[tuple[int, Days]]


_SOME = st.lists(st.booleans(), min_size=len(SESSIONS), max_size=len(SESSIONS)).map(lambda mask: SESSIONS[mask])


@st.composite
def _lives(draw: st.DrawFn) -> Life:
    missing = draw(st.lists(_SOME, min_size=1, max_size=4))
    told = draw(st.lists(st.tuples(st.integers(0, len(missing) - 1), _SOME), max_size=8))
    return Life(missing, told)


@given(_lives(), st.integers(1, 4))
def test_a_day_is_taken_once_and_only_when_nobody_has_anything_of_it_left(life: Life, most: int) -> None:
    loads = [_load(conid, missing) for conid, missing in enumerate(life.missing)]
    finished, left = Finished(DAYS, SESSIONS, loads), [set(missing.tolist()) for missing in life.missing]
    taken: list[date] = []

    def take() -> None:
        while len(some := finished.take(most)):
            assert len(some) <= most
            assert some.tolist() == sorted(some.tolist(), reverse=True)
            taken.extend(some.tolist())

    for conid, days in life.told:
        finished.left(loads[conid], days)
        left[conid] &= set(days.tolist())
        take()
        done = [day for day in SESSIONS.tolist() if not any(day in one for one in left)]
        assert {day for day in taken if day in CALENDAR} == set(done)
        assert {day for day in taken if day not in CALENDAR} == {
            day
            for day in DAYS.tolist()
            if day not in CALENDAR and min(one for one in SESSIONS.tolist() if one > day) in done
        }
    for load in loads:
        finished.left(load, SESSIONS[:0])
    take()
    assert sorted(taken) == DAYS.tolist()


def test_what_is_held_or_known_to_be_empty_of_every_contract_is_finished_from_the_start() -> None:
    finished = Finished(DAYS, SESSIONS, [_load(1, SESSIONS[2:4]), _load(2, SESSIONS[3:4])])
    assert _told(SESSIONS[2:4]) == ["2026-11-24", "2026-11-25"]
    assert _told(finished.take(3)) == ["2026-11-30", "2026-11-29", "2026-11-28"]
    assert _told(finished.take(9)) == [
        "2026-11-27",
        "2026-11-26",
        "2026-11-23",
        "2026-11-22",
        "2026-11-21",
        "2026-11-20",
    ]


def test_closed_days_after_the_last_trading_day_are_finished_with_it() -> None:
    days = DAYS[:3]
    load = _load(1, SESSIONS[:1])
    finished = Finished(days, SESSIONS[:1], [load])
    assert _told(finished.take(9)) == []
    finished.left(load, SESSIONS[:0])
    assert _told(finished.take(9)) == ["2026-11-22", "2026-11-21", "2026-11-20"]


def test_a_bar_of_a_day_on_which_the_owners_exchange_is_closed_is_waited_for_too() -> None:
    thanksgiving: Days = np.array(["2026-11-26"], dtype="datetime64[D]")
    load = _load(1, thanksgiving)
    finished = Finished(DAYS, SESSIONS, [load])
    assert "2026-11-26" not in _told(finished.take(99))
    finished.left(load, thanksgiving[:0])
    assert _told(finished.take(99)) == ["2026-11-26"]
