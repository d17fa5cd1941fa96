from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from resources.gateway.pacing import Limit, Pace
from resources.simulator.lifetime import own_ticks
from resources.simulator.limits.limiter import Limiter

NAMES = {"GET /a": None, "GET /b": Limit(1, 5.0), "POST /c": Limit(1, 0.3)}
STEPS = st.lists(st.tuples(st.sampled_from(sorted(NAMES)), st.floats(0, 2)), min_size=1, max_size=120)


def _sends(steps: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The moments at which a client that waits as told really sends."""
    pace, now, sent = Pace(), 0.0, []
    for name, idle in steps:
        now += idle
        seconds, _ = pace.wait(name, NAMES[name], now=now)
        now += seconds
        pace.sent(name, now=now)
        sent.append((name, now))
    return sent


@given(idles=st.lists(st.just(0.0) | st.floats(0, 0.2), min_size=20, max_size=60))
def test_no_second_holds_more_than_nine_sends_so_that_the_gateways_own_tickle_is_the_tenth(
    idles: list[float],
) -> None:
    moments = [moment for _, moment in _sends([("GET /a", idle) for idle in idles])]
    for first, tenth in zip(moments, moments[9:], strict=False):
        assert tenth - first > 1.05


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
    assert pace.wait("GET /b", NAMES["GET /b"], now=100.0)[0] == 0.0
    pace.sent("GET /b", now=100.0)
    seconds, reason = pace.wait("GET /b", NAMES["GET /b"], now=101.0)
    assert 4.0 < seconds < 4.2
    assert reason == "GET /b, 1 per 5 s"


def test_a_stream_of_sends_never_breaks_the_documented_limit_though_the_gateway_tickles_too() -> None:
    login = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    limiter, pace, now = Limiter(), Pace(), 0.0
    seen = login
    for _ in range(1_000):
        now += pace.wait("GET /a", None, now=now)[0]
        pace.sent("GET /a", now=now)
        at = login + timedelta(seconds=now)
        for tick in own_ticks(login, seen, at):
            limiter.tick(tick)
        seen = at
        assert limiter.admit("GET", "/a", at), limiter.offences
