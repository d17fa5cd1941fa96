from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.progress import Meter
from assets.kit.quote import Load, OverQuote, Plan, Quote, quote
from resources.calendar.trading_days import Days
from resources.gateway.endpoint import Endpoint
from resources.gateway.pacing import GLOBAL_GAP

HISTORY = Endpoint("/iserver/marketdata/history", cold_tries=3)
NONE: Days = np.array([], dtype="datetime64[D]")


def _load(conid: int, requests: int) -> Load:
    asked = [HISTORY.request(query={"conid": conid, "number": number}) for number in range(requests)]
    return Load(conid, NONE, NONE, tuple(asked))


@dataclass
class Landing:
    """A landing by hand: what it asked, and the time."""

    loads: list[Load]
    margin: float = 1.0
    asked: int = 0
    now: float = 100.0
    meter: Meter = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.meter = Meter("bars", self.quote, self.loads, steady=lambda: self.now, costs=lambda: (self.asked, 7.0))

    @property
    def quote(self) -> Quote:
        return quote(Plan(self.loads), [HISTORY], [], margin=self.margin)

    def hears(self, conid: int, *, is_good: bool = True, seconds: float = GLOBAL_GAP) -> None:
        self.asked += 1
        self.now += seconds
        self.meter.hear({"conid": str(conid)})
        if is_good:
            self.meter.answer({"conid": str(conid)})


def _hears_for_ever(landing: Landing, conid: int) -> None:
    for _ in range(1000):
        landing.hears(conid)


def _fail_in_turns(landing: Landing, contracts: int) -> None:
    for turn in range(1000):
        landing.hears(turn % contracts, is_good=False)


@given(st.lists(st.integers(0, 4), max_size=6))
def test_a_landing_that_does_as_planned_is_never_stopped_and_ends_with_nothing_left(counts: list[int]) -> None:
    landing = Landing([_load(conid, count) for conid, count in enumerate(counts)], margin=0.0)
    for load in landing.loads:
        for _ in load.requests:
            landing.hears(load.conid)
        landing.meter.finish(load)
    told = landing.meter.progress()
    assert (told.done, told.left, told.share, told.asked) == (sum(counts), 0, 1.0, sum(counts))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_two_cold_tries_of_each_contract_are_within_any_quote(counts: list[int]) -> None:
    landing = Landing([_load(conid, count) for conid, count in enumerate(counts)], margin=0.0)
    for load in landing.loads:
        landing.hears(load.conid, is_good=False)
        landing.hears(load.conid, is_good=False)
        for _ in load.requests:
            landing.hears(load.conid)
        landing.meter.finish(load)
    assert landing.meter.progress().left == 0


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.data())
def test_however_many_are_under_way_none_that_does_as_planned_is_stopped(
    counts: list[int], data: st.DataObject
) -> None:
    """Each thread hears a reply first, and knows a moment later that it is good; others hear theirs in between."""
    landing = Landing([_load(conid, count) for conid, count in enumerate(counts)], margin=0.0)
    most = landing.quote.most
    under_way: dict[int, list[str]] = {}
    todo = list(landing.loads)
    while todo or under_way:
        while todo and len(under_way) < 5:
            load = todo.pop(0)
            cold = ["hear"] * data.draw(st.integers(0, 2))
            under_way[load.conid] = cold + ["hear", "answer"] * len(load.requests)
        conid = data.draw(st.sampled_from(sorted(under_way)))
        getattr(landing.meter, under_way[conid].pop(0))({"conid": str(conid)})
        if not under_way[conid]:
            landing.meter.finish(landing.loads[conid])
            del under_way[conid]
    assert landing.meter.progress().done == sum(counts) <= most
    assert landing.meter.progress().left == 0


def test_failures_of_several_under_way_are_stopped_at_most_one_reply_late_for_each_other() -> None:
    landing = Landing([_load(conid, 1) for conid in range(5)], margin=0.0)
    with pytest.raises(OverQuote):
        _fail_in_turns(landing, 5)
    assert landing.quote.most == 5 + 2 * 5
    assert landing.asked == landing.quote.most + 1


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.floats(0, 3))
def test_replies_without_end_are_stopped_at_the_first_that_leads_beyond_the_quote(
    counts: list[int], margin: float
) -> None:
    landing = Landing([_load(conid, count) for conid, count in enumerate(counts)], margin=margin)
    with pytest.raises(OverQuote) as stopped:
        _hears_for_ever(landing, 0)
    assert landing.asked + sum(counts[1:]) == landing.quote.most + 1, "what the others need is kept for them"
    assert stopped.value.margin == margin
    assert f"quoted with {sum(counts)} requests" in str(stopped.value)


def test_what_is_not_asked_after_all_is_not_left() -> None:
    landing = Landing([_load(1, 5), _load(2, 1)])
    landing.hears(1)
    assert landing.meter.progress().left == 5
    landing.meter.finish(landing.loads[0])
    assert landing.meter.progress().left == 1


def test_the_time_left_is_by_how_fast_it_was_and_never_less_than_the_budget_takes() -> None:
    landing = Landing([_load(1, 11)])
    assert landing.meter.progress().eta == pytest.approx(11 * GLOBAL_GAP)
    landing.hears(1, seconds=2.0)
    assert landing.meter.progress().eta == pytest.approx(10 * 2.0)
    assert str(landing.meter.progress()) == "1 done (9%), 10 left, about 20 s; 1 asked, 0 s waited"
    landing.hears(1, seconds=-1.99)  # replies that were kept come at once
    assert landing.meter.progress().eta == pytest.approx(9 * GLOBAL_GAP)
    assert landing.meter.progress(is_over=True).eta == 0
