from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.bars.known import begun_by, ends_in_the_past, known_at
from resources.envelope import Envelope, Request

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
MILLIS = int(NOW.timestamp() * 1000)
NO_BARS = st.sampled_from(["soon", None, 7, {}, {"t": None}, {"t": "soon"}, {"t": True}])


@pytest.mark.parametrize(("reply", "minutes"), [({"mktDataDelay": 900}, 15), ({}, 0), ({"mktDataDelay": "15"}, 0)])
def test_quotes_that_come_late_know_less(reply: dict[str, Any], minutes: int) -> None:
    envelope = Envelope(Request("GET", "/", {}), 200, {}, b"{}", NOW, "run")
    assert known_at(envelope, reply) == NOW - timedelta(minutes=minutes)


@given(st.lists(st.one_of(st.integers(-3, 3).map(lambda ms: {"t": MILLIS + ms}), NO_BARS)))
def test_only_bars_that_begin_later_are_left_out_and_what_is_no_bar_stays_to_be_rejected(bars: list[Any]) -> None:
    later = [one for one in bars if isinstance(one, dict) and type(one.get("t")) is int and one["t"] > MILLIS]
    assert list(begun_by(bars, NOW)) == [one for one in bars if one not in later]


@pytest.mark.parametrize(("query", "is_settled"), [({"startTime": "20261120-21:00:00"}, True), ({"bar": "1d"}, False)])
def test_a_window_with_an_end_is_of_the_past(query: dict[str, str], is_settled: bool) -> None:
    assert ends_in_the_past(Request("GET", "/", query)) is is_settled
