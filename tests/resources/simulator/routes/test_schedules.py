from datetime import UTC, datetime

import pytest

from tests.resources.simulator.conftest import Desk
from tests.resources.simulator.seeded_desk import seeded_desk

SCHEDULE, DATED = "/trsrv/secdef/schedule", "/contract/trading-schedule"


@pytest.fixture
def desk() -> Desk:
    return seeded_desk()


def test_a_week_of_the_year_2000_stands_for_any(desk: Desk) -> None:
    [venue] = desk.client.get(SCHEDULE, assetClass="STK", symbol="AAPL", exchangeFilter="NASDAQ").json
    assert (venue["timezone"], venue["exchange"]) == ("America/New_York", "NASDAQ")
    week = venue["schedules"][:7]
    assert [day["tradingScheduleDate"] for day in week] == [f"2000010{day}" for day in range(1, 8)]
    assert [bool(day["sessions"]) for day in week] == [False, False, True, True, True, True, True]
    assert week[2] == {
        "clearingCycleEndTime": "2000",
        "tradingScheduleDate": "20000103",
        "sessions": [{"openingTime": "0930", "closingTime": "1600", "prop": "LIQUID"}],
        "tradingtimes": [{"openingTime": "0400", "closingTime": "2000", "cancelDayOrders": "Y"}],
    }


def test_holidays_and_short_days_follow_with_their_dates(desk: Desk) -> None:
    [venue] = desk.client.get(SCHEDULE, assetClass="OPT", symbol="AAPL", exchangeFilter="CBOE").json
    odd = {day["tradingScheduleDate"]: day["sessions"] for day in venue["schedules"][7:]}
    assert list(odd) == ["20261126", "20261127", "20261224", "20261225"]
    assert odd["20261126"] == odd["20261225"] == []
    assert odd["20261127"][0]["closingTime"] == "1300"


@pytest.mark.parametrize(
    ("query", "venues"),
    [
        ({"assetClass": "STK", "symbol": "AAPL", "exchange": "EBS"}, ["EBS"]),
        ({"assetClass": "STK", "symbol": "ULVR"}, ["LSE"]),
        ({"assetClass": "FUT", "symbol": "ES"}, ["CME"]),
        ({"assetClass": "SWP", "symbol": "EUR"}, ["IDEALPRO"]),
        ({"assetClass": "BND", "symbol": "US-T"}, ["SMART"]),
        ({"assetClass": "CFD", "symbol": "AAPL"}, ["SMART"]),
        ({"assetClass": "STK", "symbol": "AAPL", "exchangeFilter": "EBS,NYSE,MOON"}, ["EBS", "NYSE"]),
        ({"assetClass": "STK", "symbol": "NOBODY"}, []),
    ],
)
def test_each_class_has_the_hours_of_its_venues(desk: Desk, query: dict[str, str], venues: list[str]) -> None:
    assert [row["exchange"] for row in desk.client.get(SCHEDULE, **query).json] == venues


def test_a_share_has_its_listing_exchange_first_and_ids_of_its_own(desk: Desk) -> None:
    rows = desk.client.get(SCHEDULE, assetClass="STK", symbol="SPY").json
    assert rows[0]["exchange"] == "ARCA"
    assert len({row["id"] for row in rows}) == len({row["exchange"] for row in rows}) == len(rows) > 10


def test_schedules_need_to_know_of_what(desk: Desk) -> None:
    assert desk.client.get(SCHEDULE, symbol="AAPL").status == 400


def test_the_newer_schedule_has_six_sessions_in_seconds(desk: Desk) -> None:
    answer = desk.client.get(DATED, conid="265598", exchange="SMART").json
    assert answer["exchange_time_zone"] == "America/New_York"
    days = answer["schedules"]
    assert list(days) == ["20261120", "20261123", "20261124", "20261125", "20261127", "20261130"]
    opening = datetime(2026, 11, 24, 14, 30, tzinfo=UTC).timestamp()
    assert days["20261124"]["liquid_hours"] == [{"opening": opening, "closing": opening + 6.5 * 3600}]
    [whole] = days["20261127"]["extended_hours"]
    assert (whole["closing"] - whole["opening"], whole["cancel_daily_orders"]) == (13 * 3600, True)


def test_the_newer_schedule_agrees_with_the_hours_in_which_prices_move(desk: Desk) -> None:
    market = desk.simulation.market
    for conid in (265598, 990_000_002, 990_500_443):
        instrument = market.instrument(conid)
        assert instrument
        days = desk.client.get(DATED, conid=str(conid)).json["schedules"]
        [hours] = days["20261124"]["liquid_hours"]
        minutes = market.minutes(instrument, datetime(2026, 11, 24, tzinfo=UTC).date())
        assert hours["opening"] == minutes.start[0].timestamp()
        assert hours["closing"] == minutes.start[-1].timestamp() + 60


@pytest.mark.parametrize("query", [{}, {"conid": "1"}, {"conid": "265598", "exchange": "LSE"}])
def test_the_newer_schedule_refuses_what_it_does_not_know(desk: Desk, query: dict[str, str]) -> None:
    assert desk.client.get(DATED, **query).status == 400
