from datetime import date
from typing import Any

import pytest

from resources.envelope import Request
from tests.assets.bent import Bent

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


def test_todays_nav_is_the_ledgers_net_liquidation(bent: Bent) -> None:
    assert bent.build("nav", "ledger").verdict("nav_is_the_net_liquidation_of_the_ledger").has_passed


def test_a_nav_that_is_not_the_ledgers_fails(bent: Bent) -> None:
    def off(_: Request, reply: dict[str, Any]) -> Any:
        reply["nav"]["data"][0]["navs"][-1] *= 1.01
        return reply

    built = bent.bend("performance", off).build("nav", "ledger")
    assert built.verdict("nav_is_the_net_liquidation_of_the_ledger").count == 1


def test_a_restated_nav_is_shown_as_a_diff(bent: Bent) -> None:
    bent.again_on(BEFORE, "performance").build("nav", day=BEFORE).build("nav")
    assert bent.verdict("no_earlier_nav_was_restated").has_passed

    def restated(_: Request, reply: dict[str, Any]) -> Any:
        reply["nav"]["data"][0]["navs"][0] += 12.5
        return reply

    [offender] = bent.bend("performance", restated).build("nav").verdict("no_earlier_nav_was_restated").offenders
    assert float(offender["residual"]) == pytest.approx(12.5)
