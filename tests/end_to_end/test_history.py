"""Daily bars of a range of days, in one run and in the fewest requests; and of what is no American share, with hours.

What is to be there is told by the simulator's own notion of each exchange's hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import numpy as np
import orjson
import pandas as pd
import pytest

from pipelines.outcome import Outcome
from pipelines.settings import Choices
from resources.calendar.trading_days import trading_calendar
from resources.simulator.calendars import hours
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import Nights, only, rest

pytestmark = pytest.mark.slow
CONIDS = [265598, 272093]
FIRST, LAST = "2026-08-03", "2026-09-30"
SESSIONS = trading_calendar("XNYS").between(date.fromisoformat(FIRST), date.fromisoformat(LAST))
ELSEWHERE = {265598: "NASDAQ", 14204: "IBIS", 990500434: "CME", 12087792: "IDEALPRO"}  # ES ends in March of 2026
BOTH = ("bars_1d", "bars_1h")
BEGIN, MONDAY = date(2025, 10, 24), date(2025, 12, 1)  # clocks changed in Europe and America, and two half days


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
        ranged = only("positions", "symbols", "instruments", "bars_1d", "corporate_actions", "bar_coverage")
        nights = Nights(folder, gateway, scope=scope, choices=ranged)
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


@dataclass(frozen=True)
class Around:
    """A night at 16:30 in New York, what it stored by then, and a history up to that day at 18:30."""

    nights: Nights
    night: Outcome
    early: dict[str, pd.DataFrame]
    history: Outcome


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Around]:
    folder: Path = tmp_path_factory.mktemp("around")
    scope = {"watchlist": [str(conid) for conid in ELSEWHERE], "bars_asset_classes": ["STK", "FUT", "CASH"]}
    chosen = Choices.model_validate({"bars": {"sizes": ["1d", "1h"]}})
    with serve(Options(clock=datetime(2025, 12, 1, 21, 30, tzinfo=UTC), positions=0)) as gateway:
        nights = Nights(
            folder, gateway, scope={**scope, "bars_depth_days": 3, "bars_depths": {"1h": 3}}, choices=chosen
        )
        wished = ("positions", "symbols", "instruments", *BOTH, "bar_coverage")
        night = nights.materialize(*(f"raw/{name}" for name in wished), *wished, day=MONDAY.isoformat())
        early = {name: nights.table(name) for name in BOTH}
        gateway.simulation.clock.advance(timedelta(hours=2))
        history = nights.run("history", BEGIN.isoformat(), MONDAY.isoformat())
        yield Around(nights, night, early, history)


def _session(exchange: str, day: date) -> tuple[datetime, datetime]:
    """When a session opens and closes, as the simulator has it."""
    opens, closes = hours(exchange).session(day)
    return datetime.fromtimestamp(opens, UTC), datetime.fromtimestamp(closes, UTC)


def _kept(around: Around, table: str, conid: int) -> pd.DataFrame:
    """What is published of a contract; a window shows the trading day before its first too."""
    return around.nights.query(f"from {table} where conid = {conid} and trading_day >= '{BEGIN}' order by bar_start")


def _days(exchange: str) -> list[date]:
    here = hours(exchange)
    return list(here.days[here.between(BEGIN, MONDAY)])


def test_at_half_past_four_only_what_had_ended_is_stored(around: Around) -> None:
    assert around.night.is_success, (around.night.failures, around.night.failed_checks)
    last = around.early["bars_1d"].groupby("conid")["trading_day"].max().rename(ELSEWHERE).to_dict()
    assert last == {"NASDAQ": MONDAY, "IBIS": MONDAY, "CME": date(2025, 11, 28), "IDEALPRO": date(2025, 11, 28)}
    begun = around.early["bars_1h"].groupby("conid")["bar_start"].max().rename(ELSEWHERE)
    assert set(begun[["CME", "IDEALPRO"]]) == {pd.Timestamp("2025-12-01T20:00Z")}, "the last whole hour"


@pytest.mark.parametrize("conid", ELSEWHERE)
def test_each_session_has_a_bar_of_its_day_that_begins_with_it_and_came_after_its_end(
    around: Around, conid: int
) -> None:
    assert around.history.is_success, (around.history.failures, around.history.failed_checks)
    exchange, kept = ELSEWHERE[conid], _kept(around, "bars_1d", conid)
    sessions = [(day, *_session(exchange, day)) for day in _days(exchange)]
    assert kept["trading_day"].dt.date.tolist() == [day for day, _, _ in sessions]
    assert kept["bar_start"].dt.tz_convert("UTC").tolist() == [opens for _, opens, _ in sessions]
    assert all(observed >= closes for observed, (_, _, closes) in zip(kept["observed_at"], sessions, strict=True))


def test_the_bars_of_the_next_day_came_too_and_are_not_stored(around: Around) -> None:
    [landing] = around.nights.lake.raw.landings("bars_1d", MONDAY.isoformat())[-1:]
    last = {
        ELSEWHERE[int(reply.request.query["conid"])]: orjson.loads(reply.body)["data"][-1]["t"] // 1000
        for reply in around.nights.lake.raw.read(landing)
    }
    begun = {exchange for exchange, start in last.items() if start >= hours(exchange).session(MONDAY)[1]}
    assert begun == {"CME", "IDEALPRO"}, "their Tuesday opens on Monday evening"
    assert around.nights.query("select max(trading_day) as last_day from bars_1d")["last_day"][0].date() == MONDAY


@pytest.mark.parametrize("conid", ELSEWHERE)
def test_each_hour_of_a_session_is_of_its_trading_day(around: Around, conid: int) -> None:
    exchange = ELSEWHERE[conid]
    kept = _kept(around, "bars_1h", conid)
    kept = kept[kept["trading_day"].dt.date <= MONDAY]
    starts, days = kept["bar_start"].dt.tz_convert("UTC"), kept["trading_day"].dt.date
    due = [(day, hour) for day in _days(exchange) for hour in _hours_of(exchange, day)]
    assert list(zip(days, starts, strict=True)) == due


def test_the_ledger_has_no_hole_of_either_size(around: Around) -> None:
    ledger = around.nights.table("bar_coverage")
    rows = ledger[ledger["trading_day"] == MONDAY]
    assert set(rows["state"]) == {"held"}
    assert {(row.conid, row.bar_size) for row in rows.itertuples()} == {(c, s) for c in ELSEWHERE for s in ("1d", "1h")}
    assert rows["first_day"].max() <= BEGIN
    assert set(rows["last_day"]) == {MONDAY}


def test_one_request_for_each_contract_and_size_brought_all_that_was_missing(around: Around) -> None:
    assert around.history.requests == len(ELSEWHERE) * len(BOTH)


def _hours_of(exchange: str, day: date) -> list[datetime]:
    """When the bars of an hour begin: with the session, then with each hour."""
    opens, closes = _session(exchange, day)
    whole = opens.replace(minute=0) + timedelta(hours=1)
    return [opens, *(whole + timedelta(hours=count) for count in range(24) if whole + timedelta(hours=count) < closes)]
