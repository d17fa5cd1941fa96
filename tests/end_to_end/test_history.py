"""Daily bars of a range of days, in one run and in the fewest requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from pipelines.outcome import Outcome
from resources.calendar.trading_days import trading_calendar
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import Nights, rest

pytestmark = pytest.mark.slow
CONIDS = [265598, 272093]
FIRST, LAST = "2026-08-03", "2026-09-30"
SESSIONS = trading_calendar("XNYS").between(date.fromisoformat(FIRST), date.fromisoformat(LAST))


@dataclass(frozen=True)
class Lived:
    """A night, a history of two months, the same history again, and a longer one."""

    nights: Nights
    history: Outcome
    again: Outcome
    longer: Outcome
    materialized: set[str]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder: Path = tmp_path_factory.mktemp("history")
    scope = {"watchlist": [str(conid) for conid in CONIDS], "bars_asset_classes": ["STK"], "bars_depth_days": 5}
    with serve(Options(clock=EVENING, positions=0)) as gateway:
        nights = Nights(folder, gateway, scope=scope)
        night = nights.run("nightly", DAY)
        assert night.is_success, (night.failures, night.failed_checks)
        rest(gateway)
        history = nights.run("history", FIRST, LAST)
        materialized = nights.instance.get_materialized_partitions(dg.AssetKey(["raw", "bars_1d"]))
        rest(gateway)
        again = nights.run("history", FIRST, LAST)
        rest(gateway)
        longer = nights.run("history", "2026-07-01", "2026-10-30")
        yield Lived(nights, history, again, longer, materialized)


def test_one_request_per_contract_fetches_two_months(lived: Lived) -> None:
    assert lived.history.is_success, (lived.history.failures, lived.history.failed_checks)
    assert lived.history.requests == len(CONIDS)


def test_each_day_of_the_range_is_recorded_as_done(lived: Lived) -> None:
    days = np.arange(FIRST, np.datetime64(LAST) + 1, dtype="datetime64[D]").astype(str)
    assert lived.materialized == {DAY, *days}
    assert lived.nights.instance.get_materialized_partitions(dg.AssetKey("bars_1d")) >= lived.materialized


def test_the_same_range_again_asks_nothing_and_changes_nothing(lived: Lived) -> None:
    assert lived.again.is_success, (lived.again.failures, lived.again.failed_checks)
    assert lived.again.requests == 0


def test_a_longer_range_asks_for_what_is_missing_only(lived: Lived) -> None:
    assert lived.longer.is_success, (lived.longer.failures, lived.longer.failed_checks)
    assert len(CONIDS) <= lived.longer.requests <= 2 * len(CONIDS), "what lies before, what lies after"


@pytest.mark.parametrize("conid", CONIDS)
def test_the_warehouse_has_every_trading_day_once(lived: Lived, conid: int) -> None:
    kept = lived.nights.query(
        f"select trading_day from bars_1d where conid = {conid} "
        "and trading_day between date '2026-07-01' and date '2026-10-30' order by 1"
    )
    sessions = trading_calendar("XNYS").between(date(2026, 7, 1), date(2026, 10, 30))
    np.testing.assert_array_equal(kept["trading_day"].to_numpy().astype("datetime64[D]"), sessions)


def test_the_history_is_what_a_deep_night_would_have_fetched(lived: Lived, tmp_path: Path) -> None:
    scope = {**lived.nights.scope, "bars_depth_days": 120}
    with serve(Options(clock=EVENING, positions=0)) as gateway:
        deep = Nights(tmp_path, gateway, scope=scope)
        outcome = deep.materialize("raw/symbols", "symbols", "raw/positions", "positions", day=DAY)
        assert outcome.is_success, outcome.failures
        rest(gateway)
        outcome = deep.materialize("raw/instruments", "instruments", "raw/bars_1d", "bars_1d", day=DAY)
        assert outcome.is_success, outcome.failures
    columns = ["conid", "trading_day", "open", "high", "low", "close", "volume"]
    wanted = deep.table("bars_1d")[columns]
    found = lived.nights.table("bars_1d")[columns].merge(wanted, on=["conid", "trading_day"], suffixes=("", "_deep"))
    assert len(found) >= 2 * len(SESSIONS)
    for name in columns[2:]:
        np.testing.assert_array_equal(found[name], found[f"{name}_deep"])


def test_what_the_night_had_landed_before_is_kept(lived: Lived) -> None:
    kept = lived.nights.query("select max(trading_day) as last_day from bars_1d")
    assert kept["last_day"][0].strftime("%Y-%m-%d") == DAY


def test_the_ledger_of_gaps_tells_of_the_whole_range_in_a_row_per_contract(lived: Lived) -> None:
    ledger = lived.nights.table("bar_coverage")
    rows = ledger[ledger["trading_day"] == date(2026, 10, 30)]
    assert rows["conid"].tolist() == CONIDS
    assert set(rows["state"]) == {"held"}
    assert rows["first_day"].max() <= date(2026, 7, 1)
    assert set(rows["last_day"]) == {date(2026, 10, 30)}
