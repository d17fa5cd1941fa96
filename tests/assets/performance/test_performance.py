from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from assets.performance.performance import whose_turn
from resources.calendar.trading_days import trading_calendar
from resources.envelope import Request
from tests.assets.bent import CHECKS, DAY, Bent
from tests.nights import Nights
from tests.resources.gateway import crooked as scripted

BEFORE = date(2026, 11, 20)
TABLES = ("nav", "cumulative_returns", "period_returns")
FAMILIES = dict(zip(TABLES, ("nav", "cps", "tpps"), strict=True))
ALIGNED = {
    "nav": "values_align_with_their_dates",
    "cumulative_returns": "returns_align_with_their_dates",
    "period_returns": "months_align_with_their_returns",
}


def _small(_: Request, __: Any) -> Any:
    row = {"id": "U9900001", "idType": "acctid", "start": "20261119", "end": "20261123", "baseCurrency": "USD"}
    return {
        "currencyType": "base",
        "nav": {"freq": "D", "dates": ["20261119", "20261120"], "data": [{**row, "navs": [100.5, 101]}]},
        "cps": {"freq": "D", "dates": ["20261119"], "data": [{**row, "returns": [0.005]}]},
        "tpps": {"freq": "M", "dates": ["202611"], "data": [{**row, "returns": [-0.01]}]},
        "nd": 2,
        "pm": "TWR",
        "id": "getPerformanceData",
        "included": ["U9900001"],
    }


def test_each_family_is_read_with_its_own_dates(bent: Bent) -> None:
    built = bent.bend("performance", _small).build(*TABLES)
    assert built.rows("nav")[["account_id", "date", "nav", "currency"]].values.tolist() == [
        ["U9900001", date(2026, 11, 19), 100.5, "USD"],
        ["U9900001", date(2026, 11, 20), 101.0, "USD"],
    ]
    assert built.rows("cumulative_returns")[["date", "cumulative_return"]].values.tolist() == [
        [date(2026, 11, 19), 0.005]
    ]
    assert built.rows("period_returns")[["month", "period_return"]].values.tolist() == [[date(2026, 11, 1), -0.01]]


def test_returns_are_cumulative_fractions_and_the_first_may_be_other_than_zero(bent: Bent) -> None:
    """0.0125 is 1.25 %; 0.0050 after it is 0.50 % since the window began, not since the day before."""

    def told(request: Request, reply: Any) -> Any:
        days = {"dates": ["20261118", "20261119", "20261120"]}
        small = _small(request, reply)
        series = {**small["cps"]["data"][0], "returns": [0.0125, 0.005, -0.01]}
        return {**small, "cps": {"freq": "D", **days, "data": [series]}}

    built = bent.bend("performance", told).build("cumulative_returns")
    assert built.rows("cumulative_returns")["cumulative_return"].tolist() == [0.0125, 0.005, -0.01]
    assert built.verdict("returns_align_with_their_dates").has_passed


@pytest.mark.slow
def test_an_older_gateway_that_knows_performance_by_get_alone_is_asked_so(tmp_path: Path) -> None:
    """Elsewhere it is POST alone, and GET is refused with 404, 405 or 500."""
    reply = orjson.dumps(_small(Request("GET", "/pa/performance", {}, None), None))
    script = {
        **scripted.HEALTHY,
        "POST /pa/performance": scripted.answer(405),
        "GET /pa/performance": scripted.answer(body=reply),
    }
    with scripted.crooked(script) as gateway:
        nights = Nights(tmp_path, gateway)
        outcome = nights.materialize("raw/performance", *TABLES, day=DAY.isoformat())
    assert outcome.failures == []
    assert [one for one in gateway.asked if "/pa/" in one] == ["POST /pa/performance", "GET /pa/performance"]
    assert nights.table("nav")["nav"].tolist() == [100.5, 101.0]


def _year_of(days: list[str], nav: list[float], cps: list[float]) -> dict[str, Any]:
    other = {"freq": "D", "startNAV": {"date": "20261118", "val": 1.0}, "dates": days[-1:], "nav": [1.0], "cps": [0.5]}
    return {
        "1D": other,
        "1Y": {**other, "dates": days, "nav": nav, "cps": cps},
        "periods": ["1D", "1Y"],
        "start": days[0],
        "baseCurrency": "EUR",
        "lastSuccessfulUpdate": "2026-11-23 20:00:00",
    }


ALL_PERIODS: dict[str, Any] = {
    "currencyType": "base",
    "view": ["U9900001", "U9900002"],
    "nd": 366,
    "id": "getPerformanceAllPeriods",
    "included": ["U9900001", "U9900002"],
    "pm": "TWR",
    "U9900001": _year_of(["20261119", "20261120"], [100.5, 101.0], [0.005, 0.01]),
    "U9900002": _year_of(["20261120"], [7.0], [0.0]),
}


def _all_periods(bent: Bent, reply: dict[str, Any]) -> Bent:
    asked = {"acctIds": ["U9900001", "U9900002"]}
    bent.ask_as("performance", lambda _: Request("POST", "/pa/allperiods", {}, asked))
    return bent.bend("performance", lambda _request, _reply: reply)


def test_all_periods_tell_several_accounts_apart_by_a_key_that_is_the_accounts_id(bent: Bent) -> None:
    built = _all_periods(bent, ALL_PERIODS).build(*TABLES)
    assert built.rows("nav")[["account_id", "date", "nav", "currency"]].values.tolist() == [
        ["U9900001", date(2026, 11, 19), 100.5, "EUR"],
        ["U9900001", date(2026, 11, 20), 101.0, "EUR"],
        ["U9900002", date(2026, 11, 20), 7.0, "EUR"],
    ]
    assert built.rows("cumulative_returns")["cumulative_return"].tolist() == [0.005, 0.01, 0.0]
    assert len(built.rows("period_returns")) == 0, "they tell no months"
    assert [built.reasons(table) for table in TABLES] == [[], [], []]


@pytest.mark.parametrize("count", [2, 5, 7])
def test_the_months_of_each_account_come_within_as_many_trading_days_as_there_are_accounts(count: int) -> None:
    calendar = trading_calendar("XNYS")
    days = [day.item() for day in calendar.between(date(2026, 11, 2), date(2027, 3, 31))]
    accounts = [str(number) for number in range(count)]
    turns = [whose_turn(accounts, day, calendar) for day in days]
    assert all(set(turns[place : place + count]) == set(accounts) for place in range(len(turns) - count))


def test_a_year_whose_days_and_values_do_not_align_is_rejected_whole(bent: Bent) -> None:
    crooked = _year_of(["20261119", "20261120"], [100.5], [0.005, 0.01])
    built = _all_periods(bent, {**ALL_PERIODS, "U9900001": crooked}).build("nav")
    assert "which belongs to which is unknown" in built.reasons("nav")[0][0]
    assert not built.verdict("values_align_with_their_dates").has_passed


def test_an_account_without_a_year_yet_is_told_and_holds_nobody_up(bent: Bent) -> None:
    new = {"periods": [], "baseCurrency": "USD"}
    built = _all_periods(bent, {**ALL_PERIODS, "U9900001": new}).build("nav", "accounts")
    assert built.rows("nav")["account_id"].tolist() == ["U9900002"]
    assert built.verdict("every_account_has_a_value").count == 1


def test_of_an_account_whose_year_is_not_told_the_longest_period_is_read(bent: Bent) -> None:
    days = {"freq": "D", "dates": ["20260101", "20261120"], "nav": [99.0, 101.0], "cps": [0.0, 0.02]}
    week = {**days, "dates": ["20261120"], "nav": [101.0], "cps": [0.01]}
    cut = {"1D": week, "7D": week, "YTD": days, "baseCurrency": "USD", "start": "20251123"}
    built = _all_periods(bent, {**ALL_PERIODS, "U9900001": cut}).build("nav", "cumulative_returns")
    own = built.rows("nav").query("account_id == 'U9900001'")
    assert own["nav"].tolist() == [99.0, 101.0]
    assert built.rows("cumulative_returns").query("account_id == 'U9900001'")["cumulative_return"].tolist() == [
        0.0,
        0.02,
    ]


def test_values_without_their_currency_are_rejected_and_not_overlooked(bent: Bent) -> None:
    bare = {name: value for name, value in ALL_PERIODS["U9900001"].items() if name != "baseCurrency"}
    built = _all_periods(bent, {**ALL_PERIODS, "U9900001": bare}).build("nav")
    assert built.rows("nav")["account_id"].tolist() == ["U9900002"]
    assert built.reasons("nav") == [["currency: baseCurrency is missing"]] * 2


def test_every_account_of_a_night_has_a_value(bent: Bent) -> None:
    assert bent.build("nav", "accounts").verdict("every_account_has_a_value").has_passed


@pytest.mark.parametrize("table", TABLES)
def test_a_series_that_aligns_passes(bent: Bent, table: str) -> None:
    assert bent.build(table).verdict(ALIGNED[table]).has_passed


@pytest.mark.parametrize("table", TABLES)
def test_a_series_with_a_date_too_many_is_rejected_whole_and_fails(bent: Bent, table: str) -> None:
    def longer(_: Request, reply: dict[str, Any]) -> Any:
        reply[FAMILIES[table]]["dates"].append("20261124" if table != "period_returns" else "202612")
        return reply

    built = bent.bend("performance", longer).build(table)
    assert "which belongs to which is unknown" in built.reasons(table)[0][0]
    assert not built.verdict(ALIGNED[table]).has_passed


def test_a_nav_of_the_future_fails(bent: Bent) -> None:
    def future(_: Request, reply: dict[str, Any]) -> Any:
        reply["nav"]["dates"][-1] = "20261201"
        return reply

    [offender] = bent.bend("performance", future).build("nav").verdict("values_align_with_their_dates").offenders
    assert offender["problem"] == "later than the day it was told on"


def test_a_day_that_began_after_the_trading_day_and_before_the_reply_is_not_of_the_future(bent: Bent) -> None:
    def holiday(_: Request, reply: dict[str, Any]) -> Any:
        reply["nav"]["dates"][-1] = "20261123"
        return reply

    name = "values_align_with_their_dates"
    for path in bent.lake.raw.landings("performance", DAY.isoformat()):  # as on a holiday, of the Friday before it
        target = bent.lake.layout.raw_folder("performance", BEFORE.isoformat()) / path.name
        target.parent.mkdir()
        path.rename(target)
    built = bent.bend("performance", holiday, day=BEFORE).build("nav", day=BEFORE)
    assert built.verdict(name, day=BEFORE).has_passed


@pytest.mark.parametrize("table", TABLES)
def test_a_single_value_that_cannot_be_read_is_rejected_and_holds_nobody_up(bent: Bent, table: str) -> None:
    def unread(_: Request, reply: dict[str, Any]) -> Any:
        [series] = reply[FAMILIES[table]]["data"]
        series["navs" if table == "nav" else "returns"][0] = "n/a"
        return reply

    built = bent.bend("performance", unread).build(table)
    assert len(built.reasons(table)) == 1
    assert built.verdict(ALIGNED[table]).has_passed


def test_a_tenth_of_the_value_on_some_days_stands_apart_as_was_seen_live(bent: Bent) -> None:
    name = "no_nav_stands_apart_from_the_days_around_it"
    assert bent.build("nav").verdict(name).has_passed

    def glitch(_: Request, reply: dict[str, Any]) -> Any:
        navs = reply["nav"]["data"][0]["navs"]
        for place in (40, 42, 43, 44):
            navs[place] /= 10
        return reply

    assert bent.bend("performance", glitch).build("nav").verdict(name).count == 4


def test_todays_nav_is_the_ledgers_net_liquidation(bent: Bent) -> None:
    assert bent.build("nav", "ledger").verdict("nav_is_the_net_liquidation_of_the_ledger").has_passed


def test_a_nav_that_is_not_the_ledgers_fails(bent: Bent) -> None:
    def off(_: Request, reply: dict[str, Any]) -> Any:
        reply["nav"]["data"][0]["navs"][-1] *= 1.01
        return reply

    built = bent.bend("performance", off).build("nav", "ledger")
    assert built.verdict("nav_is_the_net_liquidation_of_the_ledger").count == 1


def test_a_nav_that_is_not_the_ledgers_does_not_block_since_it_is_told_again_for_a_year(bent: Bent) -> None:
    name = "nav_is_the_net_liquidation_of_the_ledger"
    assert not CHECKS[name].is_blocking

    def deposited(_: Request, reply: dict[str, Any]) -> Any:
        place = reply["nav"]["dates"].index("20261120")
        reply["nav"]["data"][0]["navs"][place] *= 1.02
        return reply

    bent.again_on(BEFORE, "ledger").build("ledger", day=BEFORE)
    assert bent.bend("performance", deposited).build("nav", "ledger").verdict(name).count == 1, "of an earlier night"


def test_a_restated_nav_is_shown_as_a_diff(bent: Bent) -> None:
    bent.again_on(BEFORE, "performance").build("nav", day=BEFORE).build("nav")
    assert bent.verdict("no_earlier_nav_was_restated").has_passed

    def restated(_: Request, reply: dict[str, Any]) -> Any:
        reply["nav"]["data"][0]["navs"][0] += 12.5
        return reply

    [offender] = bent.bend("performance", restated).build("nav").verdict("no_earlier_nav_was_restated").offenders
    assert float(offender["residual"]) == pytest.approx(12.5)
