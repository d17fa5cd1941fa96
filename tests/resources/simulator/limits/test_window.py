from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from resources.simulator.limits.table import Limit
from resources.simulator.limits.window import Window
from tests.resources.simulator.conftest import EVENING

SPAN = timedelta(seconds=1)
MOMENTS = st.lists(st.integers(0, 400), max_size=60).map(sorted)


@given(moments=MOMENTS, requests=st.integers(1, 10))
def test_no_span_ever_holds_more_than_it_may_and_nobody_is_refused_without_need(
    moments: list[int], requests: int
) -> None:
    window, passed = Window(Limit("x", requests, SPAN)), list[int]()
    for moment in moments:
        at = EVENING + timedelta(milliseconds=20 * moment)
        recent = [one for one in passed if 20 * (moment - one) < 1000]
        assert window.is_full(at) == (len(recent) >= requests)
        if not window.is_full(at):
            window.count(at)
            passed.append(moment)
    for first, beyond in zip(passed, passed[requests:], strict=False):
        assert 20 * (beyond - first) >= 1000
