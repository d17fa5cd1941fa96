"""What is asked next is decided by what came: told here by a gateway of which a test says all that it has."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from assets.kit.bars.filling import Filling, Query
from assets.kit.bars.grid import Grid, grid
from assets.kit.bars.windows import SIZES, STAMP
from resources.calendar.trading_days import trading_calendar
from resources.envelope import Envelope, Request
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import NoData, Refused

HISTORY = Endpoint("/iserver/marketdata/history")
CALENDAR = trading_calendar("XNYS")
NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
MONTH = grid(CALENDAR, SIZES["5min"], CALENDAR.between(date(2026, 10, 12), date(2026, 11, 23)))


class Told:
    """A gateway with some bars. Its windows have `days` trading days, or calendar days if it counts those."""

    def __init__(self, bars: "np.ndarray[Any, Any]", *, counts_calendar: bool = False, is_strict: bool = False) -> None:
        self.bars, self.counts_calendar, self.is_strict = bars, counts_calendar, is_strict
        self.asked: list[Query] = []

    def ask(self, query: Query) -> Page:
        self.asked.append(query)
        days = int(query["period"].removesuffix("d"))
        if self.is_strict and days > 6:
            raise Refused("bar 5min does not go with that period")
        end = np.datetime64(pd.to_datetime(query.get("startTime", f"{NOW:{STAMP}}"), format=STAMP), "s")
        shown = self.bars[self.bars + np.timedelta64(300, "s") < end]
        if not len(shown):
            raise NoData("No data.")
        dates = shown.astype("datetime64[D]")
        first = end.astype("datetime64[D]") - days + 1 if self.counts_calendar else np.unique(dates)[-days:][0]
        data = [{"t": int(one.astype(int)) * 1000} for one in shown[dates >= first][-1000:]]
        request = Request("GET", "/iserver/marketdata/history", query)
        return Page(HISTORY, Envelope(request, 200, {}, orjson.dumps({"data": data}), NOW, "run"))


def _filled(told: Told, due: Grid = MONTH, missing: "Sequence[Any] | np.ndarray[Any, Any] | None" = None) -> Any:
    wanted = due.starts if missing is None else np.array(missing)
    pages = Filling(SIZES["5min"], told.ask, now=lambda: NOW).fill(due, wanted, conid="1")
    return {bar["t"] // 1000 for page in pages for bar in page.json["data"]}


def _seconds(bars: "np.ndarray[Any, Any]") -> set[int]:
    return set(bars.astype(int).tolist())


def test_a_month_of_small_bars_takes_as_many_requests_as_it_has_thousands() -> None:
    told = Told(MONTH.starts)
    assert _filled(told) == _seconds(MONTH.starts)
    assert len(told.asked) == -(-len(MONTH.starts) // 1000) == 3
    assert {query["conid"] for query in told.asked} == {"1"}


def test_each_reply_tells_which_days_are_not_finished_by_it() -> None:
    """Those of which a part came, or nothing; of the one without any bar it is known once it was asked for twice."""
    told = Told(MONTH.starts[MONTH.days != np.datetime64("2026-10-20")])
    left: list[Any] = []
    filling, got = Filling(SIZES["5min"], told.ask, now=lambda: NOW), []
    for page in filling.fill(MONTH, MONTH.starts, tell=left.append, conid="1"):
        got += [bar["t"] // 1000 for bar in page.json["data"]]
        if len(left) < 4:
            np.testing.assert_array_equal(left[-1], np.unique(MONTH.days[~np.isin(MONTH.starts.astype(int), got)]))
    assert [len(days) for days in left] == [19, 6, 1, 0]


def test_what_is_newest_is_asked_for_without_an_end_while_its_bars_reach_the_present() -> None:
    told = Told(MONTH.starts)
    _filled(told, missing=MONTH.starts[-3:])
    assert told.asked[0]["startTime"] == "20261123-21:05:00", "the session has long closed"
    open_until = Filling(SIZES["5min"], told.ask, now=lambda: datetime(2026, 11, 23, 21, 2, tzinfo=UTC))
    list(open_until.fill(MONTH, MONTH.starts[-3:]))
    assert "startTime" not in told.asked[-1]


def test_what_lies_before_the_first_bar_of_a_life_is_asked_for_twice_and_no_further_back() -> None:
    young = MONTH.starts[-300:]
    told = Told(young)
    assert _filled(told) == _seconds(young)
    assert len(told.asked) == 2
    assert told.asked[1]["startTime"] == f"{pd.Timestamp(young[0]) + pd.Timedelta(minutes=10):{STAMP}}", "with that bar"


def test_what_is_asked_for_between_bars_that_are_held_says_nothing_of_a_life() -> None:
    told = Told(MONTH.starts)
    _filled(told, missing=MONTH.starts[200:300])
    assert len(told.asked) == 1


def test_that_a_gateway_insists_is_learned_by_several_who_ask_at_once() -> None:
    told = Told(MONTH.starts, is_strict=True)

    def ask(query: Query) -> Page:
        if len(told.asked) == 0:
            told.asked.append(query)
            list(filling.fill(MONTH, MONTH.starts, conid="2"))  # who is told so while this one is on its way
            raise Refused("bar 5min does not go with that period")
        return told.ask(query)

    filling = Filling(SIZES["5min"], ask, now=lambda: NOW)
    pages = list(filling.fill(MONTH, MONTH.starts, conid="1"))
    assert {bar["t"] // 1000 for page in pages for bar in page.json["data"]} == _seconds(MONTH.starts)


def test_a_gateway_that_counts_calendar_days_is_asked_on() -> None:
    told = Told(MONTH.starts, counts_calendar=True)
    assert _filled(told) == _seconds(MONTH.starts)


def test_a_gateway_that_insists_on_its_table_of_periods_is_asked_in_its_words() -> None:
    told = Told(MONTH.starts, is_strict=True)
    assert _filled(told) == _seconds(MONTH.starts)
    assert [query["period"] for query in told.asked if int(query["period"][:-1]) > 6] == ["14d"], "refused once"


def test_a_refusal_that_has_another_reason_is_told() -> None:
    def refuse(_: Query) -> Page:
        raise Refused("no")

    ask: Callable[[Query], Page] = refuse
    with pytest.raises(Refused):
        list(Filling(SIZES["5min"], ask, now=lambda: NOW).fill(MONTH, MONTH.starts))
    with pytest.raises(Refused):
        list(Filling(SIZES["5min"], ask, now=lambda: NOW).fill(MONTH, MONTH.starts[-1:]))


def test_a_day_without_any_bar_is_asked_for_twice_and_minutes_without_trades_once() -> None:
    holed = MONTH.starts[(MONTH.days != np.datetime64("2026-11-10")) & (np.arange(len(MONTH.starts)) % 7 > 0)]
    told = Told(holed)
    assert _filled(told) == _seconds(holed)
    again = [query for query in told.asked if query.get("startTime", "").startswith("20261110")]
    assert len(again) == 1
    assert len(told.asked) == 4


def test_a_contract_of_which_there_is_nothing_says_so() -> None:
    with pytest.raises(NoData):
        _filled(Told(MONTH.starts[:0]))


def test_what_lies_before_all_that_there_is_ends_the_asking() -> None:
    told = Told(MONTH.starts[-1000:])
    assert _filled(told) == _seconds(MONTH.starts[-1000:])
    assert len(told.asked) == 3, "a full reply may have more before it; and its first bar with what was before, again"
