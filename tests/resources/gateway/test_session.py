from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gateway import errors, session
from resources.gateway.allowed import Tier
from resources.gateway.session import (
    BRIDGE_PATIENCE,
    FIRST_BACKOFF,
    LONGEST_BACKOFF,
    Session,
    State,
    Step,
    read_status,
    state_of,
)

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
TABLE = {
    State.READY: ("works", "works", Step.GO),
    State.BRIDGE_BUILDING: ("works", "waits", Step.POLL),
    State.BROKERAGE_DEAD: ("works", "waits", Step.INITIALISE),
    State.COMPETING: ("works", "waits", Step.ASK_A_PERSON),
    State.NOT_LOGGED_IN: ("waits", "waits", Step.ASK_A_PERSON),
    State.MAINTENANCE: ("waits", "waits", Step.POLL),
    State.GATEWAY_DOWN: ("waits", "waits", Step.ASK_A_PERSON),
}


def _charter() -> dict[State, tuple[str, str, Step]]:
    """The table of the docstring, as data."""
    rows = [line.strip("| ").split(" | ") for line in (session.__doc__ or "").splitlines() if line.startswith("| ")]
    return {State[state]: (login, brokerage, Step[do]) for state, _, login, brokerage, do in rows[1:]}


def test_the_table_in_the_charter_names_every_state_and_is_the_agreed_one() -> None:
    assert _charter() == TABLE
    assert set(TABLE) == set(State)


@pytest.mark.parametrize("state", State)
def test_the_code_does_what_the_table_says(state: State) -> None:
    login, brokerage, step = _charter()[state]
    assert state.serves(Tier.LOGIN) is (login == "works")
    assert state.serves(Tier.BROKERAGE) is (brokerage == "works")
    assert Session(state).step(at=NOW) is step


@pytest.mark.parametrize("state", State)
def test_a_bridge_that_does_not_come_is_initialised_anew_and_nothing_else_changes_by_lasting(state: State) -> None:
    now = Session(state).step(at=NOW)
    assert Session(state).step(at=NOW, lasting=BRIDGE_PATIENCE - timedelta(seconds=1)) is now
    expected = Step.INITIALISE if state is State.BRIDGE_BUILDING else now
    assert Session(state).step(at=NOW, lasting=BRIDGE_PATIENCE) is expected


@pytest.mark.parametrize("state", State)
def test_leave_to_evict_changes_a_competing_login_and_nothing_else(state: State) -> None:
    expected = Step.INITIALISE if state is State.COMPETING else Session(state).step(at=NOW)
    assert Session(state).step(at=NOW, may_evict=True) is expected


STATUSES: list[tuple[dict[str, Any], State]] = [
    ({"authenticated": True, "connected": True, "competing": False, "established": True}, State.READY),
    ({"authenticated": True, "connected": True, "competing": False}, State.READY),  # builds before 2025
    ({"authenticated": True, "connected": True, "competing": False, "established": False}, State.BRIDGE_BUILDING),
    ({"authenticated": False, "connected": True, "competing": False}, State.BROKERAGE_DEAD),
    ({"authenticated": False, "connected": False, "competing": False}, State.BROKERAGE_DEAD),
    ({"authenticated": True, "connected": False, "competing": False}, State.BROKERAGE_DEAD),
    ({"authenticated": False, "connected": True, "competing": True}, State.COMPETING),
    ({"authenticated": True, "connected": True, "competing": True, "established": True}, State.COMPETING),
    ({"authenticated": False, "competing": False, "MAC": "02:00:00:00:00:01"}, State.BROKERAGE_DEAD),
    ({"passed": True, "authenticated": True, "connected": True, "competing": False}, State.READY),
]


@pytest.mark.parametrize(("reply", "state"), STATUSES)
def test_each_status_is_a_state(reply: dict[str, Any], state: State) -> None:
    assert read_status(reply).state is state


@pytest.mark.parametrize("reply", [None, [], {}, {"wait": True}, {"authenticated": "yes"}])
def test_what_is_no_status_is_said_to_be_none(reply: Any) -> None:
    with pytest.raises(errors.Garbled, match="Is this a gateway"):
        read_status(reply)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (errors.Unreachable, State.GATEWAY_DOWN),
        (errors.LoginRequired, State.NOT_LOGGED_IN),
        (errors.SessionLost, State.BRIDGE_BUILDING),
        (errors.Unavailable, State.MAINTENANCE),
        (errors.Garbled, State.MAINTENANCE),
        (errors.Throttled, None),
        (errors.Postponed, None),
        (errors.Untrusted, None),
        (errors.Refused, None),
    ],
)
def test_a_failed_look_is_a_state_too_unless_it_tells_nothing_of_the_session(
    error: Callable[[str], errors.GatewayError], state: State | None
) -> None:
    assert state_of(error("said")) is state


def test_inits_back_off_from_two_seconds_to_five_minutes_and_ready_starts_anew() -> None:
    dead, waits = Session(State.BROKERAGE_DEAD), []
    for _ in range(10):
        dead = dead.initialised(at=NOW)
        waits.append((dead.init_due - NOW).total_seconds())
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    ready = dead.seen(State.READY, at=NOW)
    again = ready.seen(State.BROKERAGE_DEAD, at=NOW).initialised(at=NOW)
    assert again.init_due - NOW == FIRST_BACKOFF


def test_a_moment_of_ready_does_not_let_two_inits_follow_each_other_at_once() -> None:
    flapping = Session(State.BROKERAGE_DEAD).initialised(at=NOW).seen(State.READY, at=NOW)
    flapping = flapping.seen(State.BROKERAGE_DEAD, at=NOW)
    assert flapping.step(at=NOW + FIRST_BACKOFF / 2) is Step.POLL
    assert flapping.step(at=NOW + FIRST_BACKOFF) is Step.INITIALISE


def test_an_init_of_the_future_holds_nothing_up() -> None:
    set_back = Session(State.BROKERAGE_DEAD).initialised(at=NOW + timedelta(days=1))
    assert set_back.step(at=NOW) is Step.INITIALISE


def test_since_is_the_first_look_that_found_the_state() -> None:
    dead = Session().seen(State.BROKERAGE_DEAD, at=NOW).seen(State.BROKERAGE_DEAD, at=NOW + timedelta(hours=1))
    assert dead.since == NOW
    assert dead.seen(State.READY, at=NOW + timedelta(hours=2)).since == NOW + timedelta(hours=2)


LOOKS = st.lists(st.tuples(st.sampled_from(State), st.floats(0, 400)), max_size=80)


@given(looks=LOOKS, may_evict=st.booleans())
def test_whatever_is_seen_no_init_comes_sooner_than_its_back_off_and_nobody_is_evicted_without_leave(
    looks: list[tuple[State, float]], may_evict: bool
) -> None:
    known, now = Session(), NOW
    inits: list[datetime] = []
    back_off = FIRST_BACKOFF
    for state, pause in looks:
        now += timedelta(seconds=pause)
        known = known.seen(state, at=now)
        if state is State.READY:
            back_off = FIRST_BACKOFF
        if known.step(at=now, may_evict=may_evict) is Step.INITIALISE:
            assert state is State.BROKERAGE_DEAD or (state is State.COMPETING and may_evict)
            assert not inits or now - inits[-1] >= back_off
            back_off = min(2 * back_off, LONGEST_BACKOFF) if known.inits else FIRST_BACKOFF
            inits.append(now)
            known = known.initialised(at=now)
    assert known.inits <= len(inits)
