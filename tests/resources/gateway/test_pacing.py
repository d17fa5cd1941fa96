import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gateway.pacing import EVERYTHING, PENALTY_SECONDS, Limit, Pace, read_pace
from resources.simulator.lifetime import own_ticks
from resources.simulator.limits.limiter import Limiter

NAMES = {"GET /a": None, "GET /b": Limit(1, 5.0), "POST /c": Limit(1, 0.3)}
STEPS = st.lists(st.tuples(st.sampled_from(sorted(NAMES)), st.floats(0, 2)), min_size=1, max_size=120)
MOMENTS = st.floats(-1e6, 1e9)
PACES = st.builds(
    Pace,
    st.dictionaries(st.sampled_from([EVERYTHING, *NAMES]), MOMENTS),
    MOMENTS | st.just(-math.inf),
    MOMENTS | st.just(-math.inf),
)


def _sends(steps: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The moments at which a client that waits as told really sends."""
    pace, now, sent = Pace(), 0.0, []
    for name, idle in steps:
        now += idle
        now += pace.wait(name, NAMES[name], now=now).seconds
        pace = pace.marked(name, now=now)
        sent.append((name, now))
    return sent


@given(idles=st.lists(st.just(0.0) | st.floats(0, 0.2), min_size=20, max_size=60))
def test_no_second_holds_more_than_nine_sends_so_that_the_gateways_own_tickle_is_the_tenth(
    idles: list[float],
) -> None:
    moments = [moment for _, moment in _sends([("GET /a", idle) for idle in idles])]
    for first, tenth in zip(moments, moments[9:], strict=False):
        assert tenth - first > 1.03


@given(steps=STEPS)
def test_each_endpoint_keeps_its_own_limit(steps: list[tuple[str, float]]) -> None:
    sent = _sends(steps)
    for name, limit in NAMES.items():
        moments = [moment for one, moment in sent if one == name]
        if limit is not None:
            gaps = [later - sooner for sooner, later in zip(moments, moments[1:], strict=False)]
            assert all(gap >= limit.seconds for gap in gaps)


def test_the_first_request_does_not_wait_and_the_second_says_for_what() -> None:
    pace = Pace()
    assert pace.wait("GET /b", NAMES["GET /b"], now=100.0).seconds == 0.0
    pace.mark("GET /b", now=100.0)
    wait = pace.wait("GET /b", NAMES["GET /b"], now=101.0)
    assert 4.0 < wait.seconds < 4.2
    assert (wait.reason, wait.is_for_all, wait.is_penalty) == ("GET /b, 1 per 5 s", False, False)


@given(pace=PACES, limit=st.sampled_from([None, Limit(1, 5.0), Limit(1, 86_400.0)]), late=st.floats(0, 899))
def test_a_penalty_outweighs_every_limit_until_it_is_over(pace: Pace, limit: Limit | None, late: float) -> None:
    pace.punish(now=2e9)
    wait = pace.wait("GET /b", limit, now=2e9 + late)
    assert wait.is_penalty
    assert wait.is_for_all
    assert wait.seconds == pytest.approx(PENALTY_SECONDS - late, abs=1e-5)
    assert not pace.wait("GET /b", limit, now=2e9 + PENALTY_SECONDS).is_penalty


@given(pace=PACES, now=st.floats(1e9, 2e9), limit=st.sampled_from([None, Limit(1, 5.0), Limit(1, 900.0)]))
def test_what_is_written_makes_wait_as_long_as_what_was_known(pace: Pace, now: float, limit: Limit | None) -> None:
    again = read_pace(orjson.loads(orjson.dumps(pace.to_json(now=now))))
    for name in NAMES:
        assert again.wait(name, limit, now=now) == pace.wait(name, limit, now=now)


@given(pace=PACES, seconds=st.floats(-1e9, 1e9), now=st.floats(0, 1e6))
def test_by_another_clock_nothing_lies_in_the_future(pace: Pace, seconds: float, now: float) -> None:
    moved = pace.moved(seconds, now=now)
    assert all(at <= now for at in (*moved.sent.values(), moved.punished_at, moved.known_since))
    assert moved.wait("GET /b", NAMES["GET /b"], now=now).seconds <= PENALTY_SECONDS + 1e-6


@pytest.mark.parametrize(
    "record",
    [
        {},
        [],
        {"sent": 5, "punished_at": None, "known_since": None},
        {"sent": {"GET /a": "soon"}, "punished_at": None, "known_since": None},
        {"sent": {}, "punished_at": {}, "known_since": None},
    ],
)
def test_what_is_no_pace_is_said_to_be_none(record: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        read_pace(record)


def test_where_nothing_is_known_every_limit_counts_as_used_just_then() -> None:
    pace = Pace(known_since=100.0)
    assert 4.9 < pace.wait("GET /b", NAMES["GET /b"], now=100.0).seconds < 5.2
    assert pace.wait("GET /b", NAMES["GET /b"], now=105.2).seconds == 0.0


FASTEST = 1.06
"""A thousand requests in no more than this times what 10 a second would take: is that possible?"""
SCHEDULES: dict[str, Callable[[int], float]] = {
    "evenly": lambda number: number * 0.106,
    "ten at once, then a rest": lambda number: number // 10 * 1.06,
    "ten in half a second": lambda number: number // 10 * 1.06 + number % 10 * 0.05,
    "nine a second, and ten for as long as it takes": lambda number: (
        number / 9.0 if number < 450 else 50.0 + (number - 450) / 10.0
    ),
}


def _limits_broken(moments: list[float], *, ticks_at: float) -> int:
    """By requests at these moments, where the gateway's own tickle comes each 30 s from that one on."""
    login = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    started = login + timedelta(seconds=30 - ticks_at)
    limiter, seen = Limiter(), started - timedelta(microseconds=1)
    for moment in moments:
        at = started + timedelta(seconds=moment)
        for tick in own_ticks(login, seen, at):
            limiter.tick(tick)
        limiter.admit("GET", "/a", at)
        seen = at
    for tick in own_ticks(login, seen, seen + timedelta(milliseconds=1)):
        limiter.tick(tick)
    return len(limiter.offences)


@given(gaps=st.lists(st.floats(0.001, 0.5), min_size=119, max_size=119))
def test_whoever_asks_faster_than_nine_a_second_leaves_a_moment_at_which_the_tickle_is_one_too_many(
    gaps: list[float],
) -> None:
    """Why the pace is below 9/s: the tickle's moment is not told, and at 9.43/s some moment breaks the limit."""
    wall = (len(gaps) + 1) / 10 * FASTEST
    moments = [0.0, *(float(moment) for moment in np.cumsum(gaps) * (wall / sum(gaps)))]
    crowded = next(first for first, tenth in zip(moments, moments[9:], strict=False) if tenth - first < 0.999)
    assert _limits_broken(moments, ticks_at=crowded + 1e-5) > 0


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_thousand_requests_at_9_43_a_second_break_the_limit_for_two_in_five_moments_of_the_tickle(
    schedule: str,
) -> None:
    moments = [SCHEDULES[schedule](number) for number in range(1_000)]
    assert moments[-1] <= 1_000 / 10 * FASTEST
    broken = [_limits_broken(moments, ticks_at=phase / 10) > 0 for phase in range(300)]
    assert sum(broken) / len(broken) > 0.4


def test_a_stream_of_sends_never_breaks_the_documented_limit_though_the_gateway_tickles_too() -> None:
    login = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    limiter, pace, now = Limiter(), Pace(), 0.0
    seen = login
    for _ in range(1_000):
        now += pace.wait("GET /a", None, now=now).seconds
        pace.mark("GET /a", now=now)
        at = login + timedelta(seconds=now)
        for tick in own_ticks(login, seen, at):
            limiter.tick(tick)
        seen = at
        assert limiter.admit("GET", "/a", at), limiter.offences
