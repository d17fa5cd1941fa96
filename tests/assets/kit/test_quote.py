from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.bars.windows import missing_days, windows
from assets.kit.quote import Load, Plan, Quote, in_time, quote
from resources.calendar.trading_days import Days, trading_calendar
from resources.envelope import Envelope, Request
from resources.gateway.endpoint import Endpoint
from resources.gateway.pacing import GLOBAL_GAP, Limit

HISTORY = Endpoint("/iserver/marketdata/history", concurrent=5, cold_tries=3)
SESSIONS = trading_calendar("XNYS").between(date(2020, 1, 1), date(2026, 11, 23))
NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


def _load(conid: int, sessions: Days, held: Days) -> Load:
    missing = missing_days(sessions, held)
    asked = [HISTORY.request(query={"conid": conid, "last": one.last}) for one in windows(sessions, missing)]
    return Load(conid, sessions, missing, tuple(asked))


def _answered(requests: Sequence[Request]) -> list[Envelope]:
    return [Envelope(request, 200, {}, b"{}", NOW, "run") for request in requests]


def _quote(*loads: Load, margin: float = 1.0, kept: Sequence[Request] = (), undefined: Sequence[str] = ()) -> Quote:
    return quote(Plan(loads, undefined), [HISTORY], _answered(kept), margin=margin)


holdings = st.lists(st.lists(st.integers(0, len(SESSIONS) - 1), unique=True, max_size=50), max_size=4)


@given(holdings=holdings, margin=st.floats(0, 10), data=st.data())
def test_a_quote_adds_up_whatever_is_held_and_kept(
    holdings: list[list[int]], margin: float, data: st.DataObject
) -> None:
    loads = [_load(conid, SESSIONS, SESSIONS[sorted(held)]) for conid, held in enumerate(holdings)]
    planned = [request for load in loads for request in load.requests]
    kept = data.draw(st.lists(st.sampled_from(planned), unique_by=lambda one: one.key) if planned else st.just([]))
    found = _quote(*loads, margin=margin, kept=kept)
    assert (found.contracts, found.planned, found.kept) == (len(loads), len(planned), len(kept))
    assert found.expected == found.held + found.missing == len(loads) * len(SESSIONS)
    assert found.held == sum(map(len, holdings))
    assert found.requests + found.kept == found.planned <= found.most
    assert found.seconds == pytest.approx(found.requests * GLOBAL_GAP)
    assert found.share_of_a_day == pytest.approx(found.seconds / 86_400)


@pytest.mark.parametrize(("margin", "most"), [(0.0, 2 + 2), (0.5, 3 + 2), (1.0, 4 + 2)])
def test_each_request_may_be_made_once_more_per_margin_and_each_contract_may_be_cold_twice(
    margin: float, most: int
) -> None:
    assert _quote(_load(1, SESSIONS, SESSIONS[:0]), _load(2, SESSIONS, SESSIONS), margin=margin).most == most


def test_what_is_held_costs_nothing_and_may_cost_nothing() -> None:
    found = _quote(_load(1, SESSIONS, SESSIONS))
    assert (found.requests, found.seconds, found.most) == (0, 0.0, 0)


def test_what_is_known_to_be_empty_is_told_apart_from_what_is_held() -> None:
    found = _quote(Load(1, SESSIONS, SESSIONS[:3], (), empty=2))
    assert (found.expected, found.missing, found.empty, found.held) == (len(SESSIONS), 3, 2, len(SESSIONS) - 5)
    assert ("known to be empty", "2, not due to be asked for again") in found.lines


def test_an_endpoint_with_a_limit_of_its_own_sets_the_pace() -> None:
    slow = Endpoint("/iserver/marketdata/history", limit=Limit(50, 60.0))
    found = quote(Plan([_load(1, SESSIONS, SESSIONS[:0])]), [slow], [], margin=1.0)
    assert found.seconds == pytest.approx(2 * 60 / 50 * 1.02)


def test_contracts_nobody_knows_yet_are_named_a_few_of_them() -> None:
    told = str(_quote(undefined=["AAPL", "B", "C", "D", "E", "F"]))
    assert "contracts without a definition yet: 6 (AAPL, B, C, D, E, ...)" in told
    assert "without a definition" not in str(_quote())


def test_what_was_answered_already_is_told_apart() -> None:
    load = _load(1, SESSIONS, SESSIONS[:0])
    told = dict(_quote(load, kept=load.requests[:1]).lines)
    assert told["requests"] == "1 (1 more are answered already, by a try that was cut short)"
    assert dict(_quote(load).lines)["requests"] == "2"


def test_windows_that_a_short_reply_moved_count_as_answered_where_the_first_was() -> None:
    load = _load(1, SESSIONS, SESSIONS[:0])
    first, moved = load.requests[0], HISTORY.request(query={"conid": 1, "last": "a day later"})
    assert _quote(load, kept=[first, moved]).requests == 0
    assert _quote(load, kept=[first, moved, moved]).requests == 0
    assert _quote(load, kept=[moved]).requests == 2, "of another range"
    assert _quote(_load(2, SESSIONS, SESSIONS[:0]), kept=[first, moved]).requests == 2


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.0, "0 s"), (0.1, "1 s"), (59.2, "60 s"), (61.9, "1 min 1 s"), (3_725.0, "1 h 2 min")]
)
def test_a_duration_is_as_exact_as_a_person_wants_it(seconds: float, told: str) -> None:
    assert in_time(seconds) == told


def test_days_of_a_load_stay_views_of_the_calendar() -> None:
    """A plan of five hundred contracts and twenty years is held in memory while it is carried out."""
    later = trading_calendar("XNYS").between(date(2020, 1, 1), date(2026, 11, 23) - timedelta(days=7))
    assert np.shares_memory(SESSIONS, later)


def test_what_is_not_counted_in_trading_days_says_in_what() -> None:
    weeks = quote(Plan([_load(1, SESSIONS, SESSIONS)], counted="weeks"), [HISTORY], [], margin=1.0)
    assert dict(weeks.lines)["weeks expected"] == f"{len(SESSIONS):,}"
    assert "trading days expected" in dict(_quote().lines)
