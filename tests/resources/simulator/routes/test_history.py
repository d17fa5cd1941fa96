import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.routing import Router

from resources.simulator.market.market import Market, SeededMarket
from resources.simulator.market.market_file import FileMarket
from resources.simulator.routes.history import HistoryState, routes
from tests.resources.simulator.conftest import Answer, Caller

MARKET = SeededMarket(7, 600, date(2026, 11, 24))
NOW = datetime(2026, 11, 24, 16, 0, 30, tzinfo=UTC)
PATH = "/iserver/marketdata/history"
APPLE, EURO, LONDON = "265598", "12087792", "990000001"


@dataclass
class Stopped:
    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass
class Stand:
    market: Market
    clock: Stopped
    seed: int = 7


def make_client(market: Market = MARKET, *, now: datetime = NOW, cold: bool = False) -> Caller:
    state = HistoryState(7, cold_history=cold)
    return Caller(Router(routes(Stand(market, Stopped(now)), state)), prefix="")


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
    reply = ask(client, period="5d", bar="1d")
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
        "timePeriod": "5d",
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
    volumes = MARKET.daily(instrument, date(2020, 1, 1), date(2026, 11, 20)).volume[-1000:]
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


def test_options_expired_and_unknown_contracts_have_no_charts(client: Caller) -> None:
    option = next(
        each for each in MARKET.instruments() if each.asset_class == "OPT" and each.expiry == date(2026, 12, 18)
    )
    future = next(each for each in MARKET.instruments() if each.symbol == "ES")
    for conid in (option.conid, future.conid, 1):
        assert unavailable(client.get(PATH, conid=str(conid), period="5d", bar="1d"))


def test_looking_ahead_is_not_served(client: Caller) -> None:
    assert unavailable(client.get(PATH, conid=APPLE, period="5d", bar="1d", direction="1"))


def test_a_window_without_bars_has_no_data(client: Caller) -> None:
    answer = client.get(PATH, conid=APPLE, period="5d", bar="1d", startTime="19990101-00:00:00")
    assert (answer.status, answer.json) == (500, {"error": "No data."})


def test_about_one_contract_in_ten_is_cold_once() -> None:
    client = make_client(cold=True)
    stocks = [str(each.conid) for each in MARKET.instruments() if each.asset_class == "STK"]
    cold = [conid for conid in stocks if unavailable(client.get(PATH, conid=conid, period="1d", bar="1d"))]
    assert 0.03 < len(cold) / len(stocks) < 0.2
    assert all(client.get(PATH, conid=conid, period="1d", bar="1d").status == 200 for conid in cold)


def test_a_new_session_is_cold_again() -> None:
    state = HistoryState(7)
    cold = next(conid for conid in range(100) if not state.warm_up(conid))
    assert state.warm_up(cold)
    state.forget()
    assert not state.warm_up(cold)


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
