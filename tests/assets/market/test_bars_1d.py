from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from resources.calendar.trading_days import trading_calendar
from resources.envelope import Request
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.assets.bent import DAY, Bent
from tests.assets.conftest import EVENING
from tests.nights import Nights, rest


def _reply(*bars: dict[str, Any], factor: Any = 100) -> Any:
    first = iter((True,))
    return lambda _request, _reply: {"data": list(bars), "volumeFactor": factor} if next(first, False) else None


def _bar(day: int = 20, **changes: Any) -> dict[str, Any]:
    start = int(pd.Timestamp(f"2026-11-{day}T14:30Z").timestamp() * 1000)
    return {"o": 10.0, "h": 12.0, "l": 9.5, "c": 11.0, "v": 1842.75, "t": start, **changes}


def test_volume_is_in_units_and_both_factors_are_kept(bent: Bent) -> None:
    [row] = bent.bend("bars_1d", _reply(_bar())).build("bars_1d").rows("bars_1d").to_dict("records")
    assert (row["volume"], row["wire_volume"], row["volume_factor"]) == (184275.0, 1842.75, 100.0)
    assert row["trading_day"] == date(2026, 11, 20)


def test_a_bar_has_real_prices_and_the_price_factor_is_of_the_high_and_low_beside_them(bent: Bent) -> None:
    beside = {"priceFactor": 100, "high": "1200/1842.75/67", "low": "950/980.25/10", "data": [_bar()], "points": 0}
    first = iter((True,))
    told = {**beside, "volumeFactor": 40}
    bent.bend("bars_1d", lambda _request, _reply: told if next(first, False) else None).build("bars_1d")
    [row] = bent.rows("bars_1d").to_dict("records")
    assert (row["open"], row["high"], row["low"], row["close"]) == (10.0, 12.0, 9.5, 11.0)
    assert row["volume"] == 73_710.0, "a round lot of 40, as of high-priced shares since November 2025"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"o": 13.0}, "Open and close lie between low and high"),
        ({"l": 10.5}, "Open and close lie between low and high"),
        ({"v": -5}, "wire_volume: not at least 0"),
        ({"h": "NaN"}, "high: h cannot be read as float"),
        ({"t": None}, "bar_start: t is missing"),
    ],
)
def test_an_impossible_bar_is_rejected_with_its_reason_and_the_rest_stays(
    bent: Bent, changes: dict[str, Any], reason: str
) -> None:
    built = bent.bend("bars_1d", _reply(_bar(), _bar(19, **changes))).build("bars_1d")
    assert reason in built.reasons("bars_1d")[0]
    assert len(built.rows("bars_1d")) == 1


def test_a_reply_without_a_volume_factor_is_rejected_not_guessed(bent: Bent) -> None:
    built = bent.bend("bars_1d", _reply(_bar(), factor=None)).build("bars_1d")
    assert built.reasons("bars_1d") == [["volume_factor: volumeFactor is missing"]]


def test_a_bar_of_a_day_that_had_not_closed_waits(bent: Bent) -> None:
    built = bent.bend("bars_1d", _reply(_bar(23), _bar(24))).build("bars_1d")
    assert built.rows("bars_1d")["trading_day"].tolist() == [DAY]


@pytest.mark.slow
def test_what_a_reply_of_a_thousand_bars_was_cut_by_without_a_word_is_asked_for_next(tmp_path: Path) -> None:
    """The end of a window is its `startTime`; what lies before the 1000th bar is clipped and nothing says so."""
    scope = {"watchlist": ["265598"], "bars_asset_classes": ["STK"], "bars_depth_days": 1500}
    with serve(Options(clock=EVENING, positions=0)) as gateway:
        nights = Nights(tmp_path, gateway, scope={**scope, "bars_first_day": "2018-01-01"})
        nights.materialize("raw/symbols", "symbols", "raw/positions", "positions", day=DAY.isoformat())
        rest(gateway)
        nights.materialize("raw/instruments", "instruments", "raw/bars_1d", "bars_1d", day=DAY.isoformat())
    [landing] = nights.lake.raw.landings("bars_1d", DAY.isoformat())
    newest, older = nights.lake.raw.read(landing)
    days = np.sort(nights.table("bars_1d")["trading_day"].to_numpy().astype("datetime64[D]"))
    sessions = trading_calendar("XNYS").between(days[0].item(), DAY)
    count = len(orjson.loads(newest.body)["data"])
    assert (newest.request.query["period"], "startTime" in newest.request.query) == ("221w", False)
    assert count == 1000, "a period of 1000 days would have been 999"
    last = days[-count - 1].item()
    assert older.request.query["startTime"] == f"{last + timedelta(days=1):%Y%m%d}-12:00:00"
    assert len(days) >= 1500
    np.testing.assert_array_equal(days, sessions)


@pytest.mark.slow
def test_a_range_of_before_a_listing_is_asked_for_twice_with_the_bars_held_beside_it(tmp_path: Path) -> None:
    """The first bar that comes is then none of the range."""
    listed = trading_calendar("XNYS").between(date(2026, 11, 16), DAY).astype(str)
    lines = [f"{day},10,11,9,10.5,1000,NEWCO" for day in listed]
    (tmp_path / "prices.csv").write_text("\n".join(["date,open,high,low,close,volume,symbol", *lines]))
    scope = {"watchlist": ["NEWCO"], "bars_asset_classes": ["STK"], "bars_depth_days": 5}
    with serve(Options(clock=EVENING, positions=0, market=tmp_path / "prices.csv")) as gateway:
        nights = Nights(tmp_path / "data", gateway, scope=scope)
        nights.materialize("raw/symbols", "symbols", "raw/positions", "positions", day=DAY.isoformat())
        rest(gateway)
        nights.materialize("raw/instruments", "instruments", "raw/bars_1d", "bars_1d", day=DAY.isoformat())
        assert nights.table("bars_1d")["trading_day"].min() == date(2026, 11, 16)
        rest(gateway)
        outcome = nights.materialize("raw/bars_1d", "bars_1d", day="2026-11-02", last="2026-11-13")
    assert outcome.is_success, outcome.failures
    assert outcome.requests == 2
    [landing] = nights.lake.raw.landings("bars_1d", "2026-11-13")
    assert {one.request.query["startTime"] for one in nights.lake.raw.read(landing)} == {"20261121-12:00:00"}


def test_replies_of_the_contracts_asked_for_pass(bent: Bent) -> None:
    verdict = bent.build("instruments", "bars_1d").verdict("every_reply_is_of_the_contract_asked_for")
    assert verdict.has_passed


def test_a_reply_of_another_contract_fails(bent: Bent) -> None:
    def other(_: Request, reply: dict[str, Any]) -> Any:
        return {**reply, "symbol": "ELSE"}

    def a_stock(_: Request, reply: dict[str, Any]) -> Any:
        return {"secdef": [{**row, "assetClass": "STK"} for row in reply["secdef"]]}

    bent.bend("instruments", a_stock).bend("bars_1d", other).build("instruments", "bars_1d")
    verdict = bent.verdict("every_reply_is_of_the_contract_asked_for")
    assert verdict.count > 0
    assert "the reply is of ELSE" in verdict.offenders[0]["problem"]
