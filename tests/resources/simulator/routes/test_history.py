import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.routing import Router

from resources.simulator.accounts import dividends
from resources.simulator.flavour import Flavour
from resources.simulator.market.market import Market, SeededMarket
from resources.simulator.market.market_file import FileMarket
from resources.simulator.routes.history import routes
from resources.simulator.session import Session
from tests.resources.simulator.conftest import Answer, Caller

MARKET = SeededMarket(7, 600, date(2026, 11, 24))
NOW = datetime(2026, 11, 24, 16, 0, 30, tzinfo=UTC)
PATH = "/iserver/marketdata/history"
APPLE, EURO, LONDON, ZURICH, SPY = "265598", "12087792", "990000001", "990000008", "756733"
PFIZER = "11031"
MONDAY = date(2026, 11, 23)
OPTION = next(each for each in MARKET.instruments() if each.asset_class == "OPT" and each.expiry == date(2026, 12, 18))


@dataclass
class Stopped:
    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass
class Stand:
    market: Market
    clock: Stopped
    flavour: Flavour
    session: Session
    seed: int = 7


def make_stand(market: Market = MARKET, *, now: datetime = NOW, flavour: Flavour | None = None) -> Stand:
    return Stand(market, Stopped(now), flavour or Flavour(cold_history=False), Session(now))


def make_client(market: Market = MARKET, *, now: datetime = NOW, **flavour: Any) -> Caller:
    stand = make_stand(market, now=now, flavour=Flavour(**{"cold_history": False, **flavour}))
    return Caller(Router(routes(stand)), prefix="")


def ask(client: Caller, conid: str = APPLE, **query: str) -> Any:
    answer = client.get(PATH, conid=conid, **query)
    assert answer.status == 200
    return answer.json


def unavailable(answer: Answer) -> bool:
    return (answer.status, answer.json) == (500, {"error": "Chart data unavailable"})


@pytest.fixture
def client() -> Caller:
    return make_client()


def test_a_reply_has_the_shape_of_the_wire(client: Caller) -> None:
    reply = ask(client, period="6d", bar="1d")
    bars = reply.pop("data")
    assert [list(bar) for bar in bars] == [["o", "c", "h", "l", "v", "t"]] * 5
    assert re.fullmatch(r"\d+/\d+(\.\d+)?/\d+", reply.pop("high"))
    assert re.fullmatch(r"\d+/\d+(\.\d+)?/\d+", reply.pop("low"))
    assert isinstance(reply.pop("travelTime"), int)
    assert reply.pop("serverId").isdecimal()
    assert reply == {
        "symbol": "AAPL",
        "text": "APPLE INC",
        "priceFactor": 100,
        "startTime": "20261117-14:30:00",
        "timePeriod": "6d",
        "barLength": 86400,
        "mdAvailability": "S",
        "mktDataDelay": 0,
        "outsideRth": False,
        "tradingDayDuration": 390,
        "volumeFactor": 100,
        "priceDisplayRule": 1,
        "priceDisplayValue": "2",
        "negativeCapable": False,
        "messageVersion": 2,
        "points": 4,
    }


def test_extremes_are_scaled_prices_with_the_volume_and_minutes_of_their_bar(client: Caller) -> None:
    reply = ask(client, period="30d", bar="1d")
    price, volume, minutes = reply["high"].split("/")
    start = datetime.strptime(reply["startTime"], "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC).timestamp()
    top = max(reply["data"], key=lambda bar: bar["h"])
    assert float(price) / reply["priceFactor"] == top["h"]
    assert float(volume) == top["v"]
    assert int(minutes) == (top["t"] / 1000 - start) / 60


def test_american_volume_is_in_lots_of_a_hundred_and_loses_nothing(client: Caller) -> None:
    bars = ask(client, period="1000d", bar="1d", startTime="20261124-00:00:00")["data"]
    instrument = MARKET.instrument(int(APPLE))
    assert instrument is not None
    volumes = MARKET.daily(instrument, date(2020, 1, 1), date(2026, 11, 20)).volume[-999:]
    assert [round(bar["v"] * 100, 6) for bar in bars] == volumes.tolist()
    assert any(isinstance(bar["v"], float) for bar in bars)


def test_elsewhere_volume_is_plain_and_whole(client: Caller) -> None:
    reply = ask(client, LONDON, period="1m", bar="1d")
    assert reply["volumeFactor"] == 1
    assert all(isinstance(bar["v"], int) for bar in reply["data"])


@pytest.mark.parametrize("source", ["Midpoint", "bid_ask"])
def test_midpoints_have_no_volume(client: Caller, source: str) -> None:
    assert {bar["v"] for bar in ask(client, period="5d", bar="1d", source=source)["data"]} == {0}


def test_a_pair_has_five_digits_and_days_of_1440_minutes(client: Caller) -> None:
    reply = ask(client, EURO, period="2d", bar="1h")
    assert (reply["priceFactor"], reply["priceDisplayValue"], reply["tradingDayDuration"]) == (100_000, "5", 1440)


def test_bars_are_stamped_with_the_opening_in_utc(client: Caller) -> None:
    [bar] = ask(client, period="1d", bar="1d")["data"]
    assert bar["t"] == 1000 * datetime(2026, 11, 24, 14, 30, tzinfo=UTC).timestamp()


def test_more_than_a_thousand_bars_are_clipped_to_the_newest(client: Caller) -> None:
    reply = ask(client, period="15y", bar="1d")
    assert (len(reply["data"]), reply["points"], reply["timePeriod"]) == (1000, 999, "15y")
    assert reply["data"][-1]["t"] == 1000 * datetime(2026, 11, 24, 14, 30, tzinfo=UTC).timestamp()


def test_outside_hours_are_echoed(client: Caller) -> None:
    assert ask(client, period="1d", bar="1h", outsideRth="true")["outsideRth"] is True


def test_defaults_are_a_week_of_quarter_hours(client: Caller) -> None:
    reply = ask(client)
    assert (reply["timePeriod"], reply["barLength"]) == ("1w", 900)


def test_an_upper_case_unit_is_echoed_but_not_obeyed(client: Caller) -> None:
    reply = ask(client, period="1Y", bar="1d")
    assert (reply["timePeriod"], reply["points"]) == ("1Y", 83)


@pytest.mark.parametrize("query", [{}, {"conid": "apple"}, {"conid": APPLE, "startTime": "2026-11-24"}])
def test_a_query_that_cannot_be_read_is_a_bad_request(client: Caller, query: dict[str, str]) -> None:
    answer = client.get(PATH, **query)
    assert (answer.status, answer.json["statusCode"]) == (400, 400)


def test_options_by_the_day_long_expired_and_unknown_contracts_have_no_charts(client: Caller) -> None:
    expired = next(each for each in MARKET.instruments() if each.asset_class == "OPT")
    future = next(each for each in MARKET.instruments() if each.symbol == "ES")
    for conid in (OPTION.conid, future.conid, 1):
        assert unavailable(client.get(PATH, conid=str(conid), period="5d", bar="1d"))
    assert unavailable(client.get(PATH, conid=str(expired.conid), period="1d", bar="1h"))


def test_a_living_option_has_hours_and_a_future_has_charts_for_two_years_after_its_end(client: Caller) -> None:
    dead = next(each for each in MARKET.instruments() if each.symbol == "ES" and each.expiry == date(2025, 3, 21))
    assert ask(client, str(OPTION.conid), period="1d", bar="1h")["data"]
    last = ask(client, str(dead.conid), period="5d", bar="1d", startTime="20250401-00:00:00")["data"][-1]
    assert datetime.fromtimestamp(last["t"] / 1000, UTC).date() == date(2025, 3, 20)


def test_looking_ahead_is_not_served(client: Caller) -> None:
    assert unavailable(client.get(PATH, conid=APPLE, period="5d", bar="1d", direction="1"))


def test_a_window_without_bars_has_no_data(client: Caller) -> None:
    answer = client.get(PATH, conid=APPLE, period="5d", bar="1d", startTime="19990101-00:00:00")
    assert (answer.status, answer.json) == (500, {"error": "No data."})


@pytest.mark.parametrize("status", [500, 404])
def test_about_one_contract_in_ten_is_cold_once(status: int) -> None:
    market = SeededMarket(7, 900, date(2026, 11, 24))
    client = make_client(market, cold_history=True, cold_history_status=status)
    stocks = [str(each.conid) for each in market.instruments() if each.asset_class == "STK"]
    answers = {conid: client.get(PATH, conid=conid, period="1d", bar="1d") for conid in stocks}
    cold = {conid: answer.json["error"] for conid, answer in answers.items() if answer.status == status}
    assert 0.03 < len(cold) / len(stocks) < 0.2
    assert set(cold.values()) == {"Chart data unavailable", "No data."}
    assert all(client.get(PATH, conid=conid, period="1d", bar="1d").status == 200 for conid in cold)


def test_a_build_without_cold_charts_serves_every_share_at_once() -> None:
    shares = [str(each.conid) for each in MARKET.instruments() if each.asset_class == "STK"]
    client = make_client(cold_history=False)
    assert {client.get(PATH, conid=each, period="1d", bar="1d").status for each in shares} == {200}


def test_a_new_brokerage_session_is_cold_again() -> None:
    stand = make_stand(flavour=Flavour())
    client = Caller(Router(routes(stand)), prefix="")
    stocks = [str(each.conid) for each in MARKET.instruments() if each.asset_class == "STK"]
    cold = next(each for each in stocks if client.get(PATH, conid=each, period="1d", bar="1d").status == 500)
    assert client.get(PATH, conid=cold, period="1d", bar="1d").status == 200
    stand.session.initialise(compete=False)
    assert client.get(PATH, conid=cold, period="1d", bar="1d").status == 500


@pytest.mark.parametrize(
    ("conid", "build", "told", "shares"),
    [(SPY, 2023, 1, 100), (SPY, 2024, 100, 100), (SPY, 2026, 40, 40), (APPLE, 2026, 100, 100), (LONDON, 2026, 1, 1)],
)
def test_volume_factors_follow_the_build(conid: str, build: int, told: int, shares: int) -> None:
    reply = ask(make_client(chart_build=build), conid, period="2d", bar="1d", startTime="20261124-12:00:00")
    instrument = MARKET.instrument(int(conid))
    assert instrument is not None
    assert reply["volumeFactor"] == told
    assert reply["data"][-1]["v"] * shares == pytest.approx(MARKET.daily(instrument, MONDAY, MONDAY).volume[-1])


def test_before_round_lots_shrank_dear_shares_came_by_the_hundred_too() -> None:
    client = make_client(now=datetime(2025, 10, 1, 18, tzinfo=UTC))
    assert ask(client, SPY, period="2d", bar="1d")["volumeFactor"] == 100


def test_late_exchanges_say_so_and_are_late() -> None:
    morning = datetime(2026, 11, 24, 10, 0, 30, tzinfo=UTC)
    reply = ask(make_client(now=morning), ZURICH, period="1d", bar="1min")
    assert (reply["mdAvailability"], reply["mktDataDelay"]) == ("S", 900)
    assert reply["data"][-1]["t"] == 1000 * datetime(2026, 11, 24, 9, 44, tzinfo=UTC).timestamp()


def test_builds_of_2023_said_d_and_had_no_length_of_the_day() -> None:
    client = make_client(chart_build=2023)
    reply = ask(client, ZURICH, period="2d", bar="1d", startTime="20261120-00:00:00")
    assert reply["mdAvailability"] == "D"
    assert not {"tradingDayDuration", "chartPanStartTime", "direction"} & set(reply)
    assert ask(client, period="2d", bar="1d")["mdAvailability"] == "S"


def test_a_window_with_an_end_tells_where_it_pans_to(client: Caller) -> None:
    reply = ask(client, period="5d", bar="1d", startTime="20261120-00:00:00")
    assert (reply["chartPanStartTime"], reply["direction"]) == ("20261120-00:00:00", -1)


def test_outside_hours_surround_the_same_regular_bars(client: Caller) -> None:
    at = {"period": "1d", "bar": "1min", "startTime": "20261124-05:00:00"}
    inside = ask(client, **at)["data"]
    reply = ask(client, outsideRth="true", **at)
    assert (len(inside), len(reply["data"]), reply["tradingDayDuration"]) == (390, 960, 1440)
    assert reply["data"][330:720] == inside
    assert reply["data"][0]["t"] == 1000 * datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()


def test_a_day_with_all_its_hours_is_what_its_minutes_add_up_to(client: Caller) -> None:
    at = {"outsideRth": "true", "startTime": "20261124-12:00:00"}
    [day] = ask(client, period="2d", bar="1d", **at)["data"]
    minutes = ask(client, period="1d", bar="1min", outsideRth="true", startTime="20261124-05:00:00")["data"]
    assert (day["o"], day["c"], day["t"]) == (minutes[0]["o"], minutes[-1]["c"], minutes[0]["t"])
    assert (day["h"], day["l"]) == (max(each["h"] for each in minutes), min(each["l"] for each in minutes))
    assert day["v"] == pytest.approx(sum(each["v"] for each in minutes))


def test_bids_and_asks_lie_around_trades_and_have_no_volume(client: Caller) -> None:
    at = {"period": "1d", "bar": "1h"}
    trades = ask(client, source="Last", **at)["data"]
    for trade, both in zip(trades, ask(client, source="Bid_Ask", **at)["data"], strict=True):
        assert both["l"] < trade["l"] <= trade["h"] < both["h"]
        assert both["v"] == 0


def test_dividends_are_marked_on_the_days_on_which_owners_receive_them(client: Caller) -> None:
    reply = ask(client, PFIZER, period="1y", bar="1d")
    instrument = MARKET.instrument(int(PFIZER))
    assert instrument is not None
    paid = dividends.paid(MARKET, instrument, date(2025, 11, 25), date(2026, 11, 24))
    marks = re.findall(r"x/D ([\d.]+)/(\d+);", reply["chartAnnotations"])
    start = datetime.strptime(reply["startTime"], "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    days = [(start + timedelta(minutes=int(minutes))).date() for _, minutes in marks]
    assert days == [each.day for each in paid]
    assert [float(amount) for amount, _ in marks] == [round(each.amount, 4) for each in paid]
    assert len(marks) == 4


def test_without_a_dividend_there_is_no_annotation(client: Caller) -> None:
    assert "chartAnnotations" not in ask(client, PFIZER, period="2d", bar="1d")


@pytest.mark.parametrize(
    ("period", "bar", "status"),
    [
        ("1w", "1min", 400),
        ("1d", "1d", 400),
        ("1d", "1min", 200),
        ("1m", "1d", 200),
        ("1Y", "1d", 400),
        ("1m", "", 200),
    ],
)
def test_a_strict_gateway_refuses_what_the_table_does_not_have(period: str, bar: str, status: int) -> None:
    client = make_client(strict_history=True)
    assert client.get(PATH, conid=APPLE, period=period, bar=bar).status == status
    assert make_client().get(PATH, conid=APPLE, period=period, bar=bar).status == 200


def test_prices_of_a_file_arrive_bit_for_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    days = [f"2012-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29)]
    closes = rng.uniform(100, 200, len(days))
    lines = [
        f"{day},{c!r},{c + 0.1!r},{c - 0.1!r},{c!r},{i + 1}"
        for i, (day, c) in enumerate(zip(days, closes.tolist(), strict=True))
    ]
    (tmp_path / "AAPL.csv").write_text("\n".join(["date,open,high,low,close,volume", *lines]))
    client = make_client(FileMarket(tmp_path), now=datetime(2013, 1, 1, tzinfo=UTC))
    bars = ask(client, period="1000d", bar="1d")["data"]
    assert [bar["c"] for bar in bars] == closes.tolist()
    assert [bar["h"] for bar in bars] == [close + 0.1 for close in closes.tolist()]
    assert [round(bar["v"] * 100, 6) for bar in bars] == list(range(1, len(days) + 1))
    assert [f"{datetime.fromtimestamp(bar['t'] / 1000, UTC):%Y-%m-%d}" for bar in bars] == days


def test_bars_before_a_split_are_adjusted_once_its_day_has_come(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(
        "symbol,date,open,high,low,close,volume,split\n"
        "AAPL,2005-02-25,89.62,89.91,88.19,88.99,32696100,\n"
        "AAPL,2005-02-28,44.68,45.14,43.96,44.86,23271800,2\n"
    )
    market = FileMarket(file)
    before, after = (datetime(2005, 2, day, 23, 30, tzinfo=UTC) for day in (25, 28))
    [traded] = ask(make_client(market, now=before), period="5d", bar="1d")["data"]
    adjusted, _ = ask(make_client(market, now=after), period="5d", bar="1d")["data"]
    assert (traded["c"], traded["v"]) == (88.99, 326961)
    assert (adjusted["c"], adjusted["v"], adjusted["t"]) == (44.5, 653922, traded["t"])
