"""Tasks at once: their order, their errors, and that none goes on when nobody waits for it."""

import threading
from collections import Counter, deque
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gateway.side_by_side import InTurns, Stopped, go_on, side_by_side

TASKS = st.lists(st.integers(0, 4), max_size=12)
Found = tuple[int, int]


def _task(place: int, length: int) -> Iterator[Found]:
    for number in range(length):
        yield place, number


@given(lengths=TASKS, at_once=st.integers(1, 5))
def test_every_result_comes_once_and_those_of_a_task_in_its_order(lengths: list[int], at_once: int) -> None:
    tasks = (_task(place, length) for place, length in enumerate(lengths))
    found = list(side_by_side(tasks, at_once=at_once))
    assert Counter(found) == Counter(one for place, length in enumerate(lengths) for one in _task(place, length))
    for place, length in enumerate(lengths):
        assert [number for of, number in found if of == place] == list(range(length))


@given(lengths=TASKS, at_once=st.integers(1, 5))
def test_in_turns_every_result_comes_once_too_and_no_task_is_further_than_those_in_hand_allow(
    lengths: list[int], at_once: int
) -> None:
    begun: list[Found] = []

    def task(place: int, length: int) -> Iterator[Found]:
        for one in _task(place, length):
            begun.append(one)
            yield one

    tasks = deque(task(place, length) for place, length in enumerate(lengths))
    found = list(side_by_side(InTurns(tasks), at_once=at_once))
    assert Counter(found) == Counter(one for place, length in enumerate(lengths) for one in _task(place, length))
    for at, (_, number) in enumerate(begun):
        earlier = sum(length > before for length in lengths for before in range(number))
        missed = earlier - sum(before < number for _, before in begun[:at])
        assert missed < at_once, "only what other threads have in hand"
    if at_once == 1:
        assert found == sorted(found, key=lambda one: (one[1], one[0]))


def test_a_task_whose_turn_ends_after_others_found_nothing_to_do_goes_on() -> None:
    turns = InTurns(deque([_task(0, 2)]))
    turn = next(turns)
    assert next(turn) == (0, 0)
    assert list(turns) == [], "what another thread finds meanwhile"
    assert list(turn) == []
    assert [one for turn in turns for one in turn] == [(0, 1)]


def test_as_many_work_at_once_as_may_and_tasks_are_begun_in_their_order() -> None:
    together, begun = threading.Barrier(5, timeout=120), []

    def task(place: int) -> Iterator[int]:
        begun.append(place)
        together.wait()  # breaks unless five are here at once
        yield place

    assert sorted(side_by_side((task(place) for place in range(10)), at_once=5)) == list(range(10))
    assert sorted(begun[:5]) == list(range(5))


def test_the_tasks_themselves_are_made_one_at_a_time() -> None:
    making = threading.Lock()

    def tasks() -> Iterator[Iterator[Found]]:
        for place in range(50):
            assert making.acquire(blocking=False), "two threads are here"
            making.release()
            yield _task(place, 1)

    assert len(list(side_by_side(tasks(), at_once=5))) == 50


def _sending(sent: list[int], place: int, ready: threading.Barrier) -> Iterator[int]:
    """Sends for ever, once both are there."""
    ready.wait()
    while True:
        go_on()
        sent.append(place)
        yield place


def test_the_first_error_ends_all_and_is_raised_after_what_came_before() -> None:
    sent: list[int] = []
    ready = threading.Barrier(2, timeout=120)

    def failing() -> Iterator[int]:
        ready.wait()
        yield 1
        raise LookupError("broken")

    tasks = iter([failing(), _sending(sent, 2, ready), _sending(sent, 3, ready)])
    found, seen = side_by_side(tasks, at_once=2), list[int]()
    with pytest.raises(LookupError, match="broken"):
        seen.extend(found)
    assert _nobody_asks()
    assert 3 not in sent
    assert next(tasks), "no task was begun for nothing"


def test_an_error_in_making_the_tasks_is_raised_too() -> None:
    def tasks() -> Iterator[Iterator[Found]]:
        yield _task(0, 2)
        raise LookupError("no list")

    with pytest.raises(LookupError, match="no list"):
        list(side_by_side(tasks(), at_once=3))


@pytest.mark.parametrize("end", ["closed", "interrupted"])
def test_a_reader_who_leaves_ends_the_tasks_though_they_were_not_done(end: str) -> None:
    sent: list[int] = []
    ready = threading.Barrier(2, timeout=120)
    found = side_by_side((_sending(sent, place, ready) for place in range(2)), at_once=2)
    assert next(found) in {0, 1}
    if end == "closed":
        found.close()  # type: ignore[attr-defined]
    else:
        with pytest.raises(KeyboardInterrupt):
            found.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert _nobody_asks()


def test_tasks_end_when_it_is_over_though_nobody_closed_their_reader() -> None:
    is_over, sent = threading.Event(), list[int]()
    ready = threading.Barrier(2, timeout=120)
    found = side_by_side((_sending(sent, place, ready) for place in range(9)), at_once=2, is_over=is_over.is_set)
    assert next(found) in {0, 1}
    is_over.set()
    assert set(found) <= {0, 1}, "what they had found, and no other task"
    assert _nobody_asks()


def test_a_task_that_is_over_is_told_so_and_whoever_is_no_task_is_not() -> None:
    told: list[str] = []

    def task(is_over: threading.Event) -> Iterator[int]:
        go_on()
        is_over.set()
        try:
            go_on()
        except Stopped:
            told.append("over")
            raise
        yield 1

    is_over = threading.Event()
    assert list(side_by_side(iter([task(is_over)]), at_once=1, is_over=is_over.is_set)) == []
    assert told == ["over"]
    go_on()


def _nobody_asks() -> bool:
    return not any(one.name.startswith("asking") for one in threading.enumerate())
