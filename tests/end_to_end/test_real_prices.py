"""Real daily prices, 2000 to 2013, go through the whole pipeline and come out as they went in."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bokeh_sampledata import stocks

from pipelines.outcome import Outcome
from resources.calendar.trading_days import trading_calendar
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.nights import Nights

pytestmark = pytest.mark.slow
CONIDS = {"AAPL": 265598, "FB": 107113386, "GOOG": 208813720, "IBM": 8314, "MSFT": 272093}
LAST = date(2013, 3, 1)
PRICES = ["open", "high", "low", "close"]


@pytest.fixture(scope="module")
def given() -> pd.DataFrame:
    """What the files say: symbol, date, open, high, low, close, volume."""
    frames = [pd.DataFrame(getattr(stocks, symbol)).assign(symbol=symbol) for symbol in CONIDS]
    return pd.concat(frames, ignore_index=True).drop(columns="adj_close")


@pytest.fixture(scope="module")
def lived(given: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Nights, Outcome]:
    """A nightly run of the last day, with all of its history still to fetch."""
    folder: Path = tmp_path_factory.mktemp("real")
    given.to_csv(folder / "prices.csv", index=False)
    evening = datetime(2013, 3, 1, 23, 30, tzinfo=UTC)
    scope = {"watchlist": list(CONIDS), "bars_asset_classes": ["STK"], "bars_depth_days": 4000}
    with serve(Options(market=folder / "prices.csv", clock=evening, positions=3)) as gateway:
        nights = Nights(folder / "data", gateway, scope=scope)
        return nights, nights.run("nightly", LAST.isoformat())


def test_the_night_succeeds_and_every_symbol_is_found(lived: tuple[Nights, Outcome]) -> None:
    nights, outcome = lived
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    found = nights.query("select symbol, conid from symbols where is_us order by symbol")
    assert dict(zip(found["symbol"], found["conid"], strict=True)) == CONIDS


@pytest.mark.parametrize("symbol", CONIDS)
def test_every_price_volume_and_date_is_in_the_warehouse(
    lived: tuple[Nights, Outcome], given: pd.DataFrame, symbol: str
) -> None:
    nights, _ = lived
    kept = nights.query(f"from bars_1d where conid = {CONIDS[symbol]} order by bar_start")
    expected = given[given["symbol"] == symbol].reset_index(drop=True)
    assert kept["trading_day"].dt.strftime("%Y-%m-%d").tolist() == expected["date"].tolist()
    for name in (*PRICES, "volume"):
        np.testing.assert_array_equal(kept[name].to_numpy(), expected[name].to_numpy(dtype="float64"))


def test_no_row_was_rejected(lived: tuple[Nights, Outcome]) -> None:
    nights, outcome = lived
    assert {name: one.rejected for name, one in outcome.datasets.items() if one.rejected} == {}
    assert nights.lake.tables.rejected_files("bars_1d") == []


@pytest.mark.parametrize("symbol", CONIDS)
def test_there_is_no_hole_against_the_exchange_calendar(lived: tuple[Nights, Outcome], symbol: str) -> None:
    nights, _ = lived
    kept = nights.query(f"select trading_day from bars_1d where conid = {CONIDS[symbol]} order by 1")["trading_day"]
    days = kept.to_numpy().astype("datetime64[D]")
    np.testing.assert_array_equal(days, trading_calendar("XNYS").between(days[0].item(), LAST))
