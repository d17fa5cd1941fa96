"""Real daily prices, 2000 to 2013, go through the whole pipeline and come out as they went in; a split is found."""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bokeh_sampledata import stocks

from pipelines.choices import Bars, BarSize
from pipelines.definitions import published_keys
from pipelines.outcome import Outcome
from resources.calendar.trading_days import trading_calendar
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.nights import Nights, only, rest

pytestmark = [pytest.mark.slow, pytest.mark.long]
CONIDS = {"AAPL": 265598, "FB": 107113386, "GOOG": 208813720, "IBM": 8314, "MSFT": 272093}
LAST = date(2013, 3, 1)
PRICES = ["open", "high", "low", "close"]
BEFORE, SPLIT, AFTER, LATER = date(2005, 2, 25), date(2005, 2, 28), date(2005, 3, 1), date(2005, 3, 2)
RESTATED = date(2005, 2, 24)
EARLIER = date(2005, 2, 7), date(2005, 2, 9)
"""Days whose smaller bars are fetched after the split only."""
SIZES: list[BarSize] = ["1d", "1h"]
LISTED = ["positions", "symbols", "instruments"]
PRICED = only(*LISTED, "bars_1d", "corporate_actions", "bar_coverage", "check_results", "requests")
OF_PRICES = ["bars_1d", "bars_1h", "corporate_actions", "bar_restatements"]


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
        nights = Nights(folder / "data", gateway, scope=scope, choices=PRICED)
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


@dataclass(frozen=True)
class Vintages:
    """Nights around Apple's split of February 2005, on the third of which one bar of IBM's is told otherwise."""

    nights: Nights
    outcomes: list[Outcome]
    traded: pd.DataFrame

    def closes(self, symbol: str, last: date) -> "pd.Series[Any]":
        """What was traded, by day, as far back as is held."""
        rows = self.traded[self.traded["symbol"] == symbol]
        closes: pd.Series[Any] = rows[rows["date"] <= last.isoformat()].set_index("date")["close"].tail(100)
        return closes

    def told(self, symbol: str, relation: str) -> pd.DataFrame:
        rows = self.nights.query(f"from {relation} where conid = {CONIDS[symbol]} order by trading_day")
        return rows.assign(date=rows["trading_day"].dt.strftime("%Y-%m-%d")).set_index("date").tail(100)


def _splits(prices: pd.DataFrame) -> pd.DataFrame:
    """Splits as the adjusted closes of the files tell them: a dividend changes their ratio by far less."""
    adjusted_by = prices["close"] / prices["adj_close"]
    step = adjusted_by.shift(1) / adjusted_by
    return prices.assign(split=step.round(1).where(step > 1.4))


@pytest.fixture(scope="module")
def vintages(tmp_path_factory: pytest.TempPathFactory) -> Vintages:
    folder: Path = tmp_path_factory.mktemp("vintages")
    frames = [_splits(pd.DataFrame(getattr(stocks, symbol))).assign(symbol=symbol) for symbol in ("AAPL", "IBM")]
    traded = pd.concat(frames, ignore_index=True).drop(columns="adj_close")
    traded.to_csv(folder / "traded.csv", index=False)
    changed = (traded["symbol"] == "IBM") & (traded["date"] == RESTATED.isoformat())
    restated = traded.assign(close=traded["close"].where(~changed, traded["close"] - 0.25))
    restated["low"] = restated[["low", "close"]].min(axis=1)
    restated.to_csv(folder / "restated.csv", index=False)
    scope = {"watchlist": ["AAPL", "IBM"], "bars_asset_classes": ["STK"], "bars_depth_days": 150}
    scope |= {"bars_depths": {"1h": 10}}
    outcomes, choices = [], PRICED.model_copy(update={"bars": Bars(sizes=SIZES)})
    for day, file in ((BEFORE, "traded"), (SPLIT, "traded"), (AFTER, "restated"), (LATER, "restated")):
        evening = datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)
        with serve(Options(market=folder / f"{file}.csv", clock=evening, positions=0)) as gateway:
            nights = Nights(folder / "data", gateway, scope=scope, choices=choices)
            if day == LATER:
                outcomes.append(nights.materialize("raw/bars_1h", "bars_1h", day=str(EARLIER[0]), last=str(EARLIER[1])))
                rest(gateway)
            outcomes.append(nights.run("nightly", day.isoformat()))
    return Vintages(nights, outcomes, traded)


def test_a_real_split_is_found_with_its_day_and_its_factor(vintages: Vintages) -> None:
    for outcome in vintages.outcomes:
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    [real] = vintages.traded[(vintages.traded["split"] > 0) & (vintages.traded["date"] > "2001")].to_dict("records")
    [found] = vintages.nights.query("from corporate_actions").to_dict("records")
    assert (found["conid"], found["factor"]) == (CONIDS[real["symbol"]], real["split"])
    assert f"{found['first_unadjusted_day']:%Y-%m-%d}" == real["date"]
    assert found["agreed_bars"] == found["compared_bars"] >= 5


def test_reading_bars_again_costs_no_request(vintages: Vintages) -> None:
    asked = vintages.nights.query(
        "select trading_day, count(*) as requests from requests where endpoint like '%/history' and status = 200 "
        "and dataset = 'bars_1d' group by 1 order by 1"
    )
    assert asked["requests"].tolist() == [2, 2, 2, 2], "one for each contract and night"


def test_bars_are_kept_as_they_were_served_and_read_in_the_shares_of_any_day(vintages: Vintages) -> None:
    traded, factor = vintages.closes("AAPL", LATER), 2.0
    before = traded.index < SPLIT.isoformat()
    np.testing.assert_array_equal(vintages.told("AAPL", "bars_1d")["close"], traded)
    now = vintages.told("AAPL", "bars_adjusted")
    np.testing.assert_allclose(now["close"], traded.where(~before, traded / factor))
    assert now["factor"].tolist() == [factor if old else 1.0 for old in before]
    as_of = vintages.told("AAPL", f"bars_adjusted(date '{BEFORE}')")
    np.testing.assert_array_equal(as_of["close"], vintages.closes("AAPL", BEFORE))


def test_smaller_bars_are_in_the_same_shares_as_daily_ones_whenever_they_were_observed(vintages: Vintages) -> None:
    for as_of in (BEFORE, SPLIT, LATER):
        closes = vintages.nights.query(
            f"select trading_day, arg_max(h.close, h.bar_start) as hourly, any_value(d.close) as daily, "
            f"any_value(h.factor) as factor "
            f"from bars_1h_adjusted(date '{as_of}') h join bars_adjusted(date '{as_of}') d using (conid, trading_day) "
            f"where conid = {CONIDS['AAPL']} group by 1 order by 1"
        )
        assert closes["trading_day"].min().date() <= EARLIER[0]
        assert closes["trading_day"].max().date() == as_of
        np.testing.assert_allclose(closes["hourly"], closes["daily"], atol=0.02)
    days = closes["trading_day"].dt.date
    is_new = (days <= EARLIER[1]) | (days >= SPLIT)
    assert closes["factor"].tolist() == [1.0 if new else 2.0 for new in is_new], "those fetched since need nothing"


def test_a_bar_told_otherwise_is_shown_and_not_overwritten(vintages: Vintages) -> None:
    [row] = vintages.nights.query("from bar_restatements").to_dict("records")
    close = vintages.closes("IBM", LATER)[RESTATED.isoformat()]
    assert (row["conid"], row["bar_day"].date()) == (CONIDS["IBM"], RESTATED)
    assert (row["close_before"], row["close"]) == (close, close - 0.25)
    assert row["trading_day"].date() == AFTER, "the night on which it was told otherwise first, and once"
    assert vintages.told("IBM", "bars_1d")["close"][RESTATED.isoformat()] == close
    shown = vintages.told("IBM", "bars_adjusted").loc[RESTATED.isoformat()]
    assert (shown["close"], shown["is_restated"]) == (close - 0.25, True)


def test_the_recorded_split_is_no_jump_of_half_and_the_restated_price_is_told(vintages: Vintages) -> None:
    sql = "select check_name, bool_and(has_passed) as has_passed from data_quality group by 1"
    told = vintages.nights.query(sql).set_index("check_name")["has_passed"]
    assert told["no_price_jumps_by_half"]
    assert not told["no_price_was_restated"]


def test_built_again_from_raw_all_of_it_is_the_same(vintages: Vintages, tmp_path: Path) -> None:
    shutil.copytree(vintages.nights.data, tmp_path / "data")
    again = Nights(tmp_path / "data", gateway=None, scope=vintages.nights.scope, choices=vintages.nights.choices)
    shutil.rmtree(again.lake.layout.folder / "tables")
    published = [key.to_user_string() for key in published_keys(SIZES)]
    outcome = again.run("reprocess", BEFORE.isoformat(), LATER.isoformat(), keys=[*LISTED, *OF_PRICES, *published])
    assert outcome.is_success, outcome.failures
    for name in (*OF_PRICES, "bars_adjusted"):
        sql = f"select count(*), bit_xor(hash(t)) from {name} t"
        assert again.query(sql).equals(vintages.nights.query(sql)), name
