from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from assets.kit.bars.grid import grid
from assets.kit.bars.held_bars import answered
from assets.kit.bars.windows import SIZES
from assets.kit.declare import ByMonth, Check, Landing, Table
from assets.kit.scope import Scope
from assets.kit.tabulate import build_years
from assets.kit.verify import Verdict, run_check
from assets.market.bars import INTRADAY, bars_of
from pipelines.choices import Bars
from pipelines.definitions import declared
from pipelines.settings import Choices
from resources.calendar.trading_days import trading_calendar
from resources.envelope import Envelope, Request
from resources.lake.resource import Lake
from resources.simulator.faults.rule import Rule
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.assets.bent import DAY, TABLES
from tests.assets.made import EVENING, Made
from tests.nights import Nights, rest

DECLARED = bars_of("1h")
RAW = next(one for one in DECLARED if isinstance(one, Landing))
TABLE = next(one for one in DECLARED if isinstance(one, Table))
CHECKS = {one.name: one for one in DECLARED if isinstance(one, Check)}
APPLE, TOKYO, CHICAGO, EURO, NOWHERE = 1, 2, 3, 4, 5
LISTED = {APPLE: ("STK", "NASDAQ"), TOKYO: ("STK", "TSEJ"), CHICAGO: ("FUT", "CME"), EURO: ("CASH", "IDEALPRO")}
STARTS = ("2026-11-23T15:00", "2026-11-23T16:00")
LISTED[NOWHERE] = ("STK", "VENUE")


class Hourly:
    """A lake with definitions of a few contracts, and what a test lands of their hourly bars."""

    def __init__(self, folder: Path) -> None:
        made = Made(folder)
        told = [
            {"conid": conid, "assetClass": kind, "currency": "USD", "listingExchange": exchange, "ticker": f"C{conid}"}
            for conid, (kind, exchange) in LISTED.items()
        ]
        made.land("instruments", (Request("GET", "/trsrv/secdef", {"conids": "1,2,3,4,5"}), {"secdef": told})).build(
            "instruments"
        )
        self.lake: Lake = made.lake

    def land(
        self, conid: int, *starts: str, at: datetime = EVENING, end: str | None = None, **changes: Any
    ) -> "Hourly":
        """A reply with a bar at each of some instants."""
        bars = [{"o": 10.0, "h": 12.0, "l": 9.5, "c": 11.0, "v": 5, "t": _millis(start)} for start in starts]
        query = {"conid": str(conid), "bar": "1h"} | ({"startTime": end} if end else {})
        body = {"symbol": f"C{conid}", "barLength": 3600, "volumeFactor": 100, "outsideRth": False, "data": bars}
        request = Request("GET", "/iserver/marketdata/history", query)
        with self.lake.raw.landing("bars_1h", DAY.isoformat(), at=at, run_id="run-1") as landing:
            landing.append(Envelope(request, 200, {}, orjson.dumps(body | changes), at, "run-1"))
        return self

    def rows(self) -> pd.DataFrame:
        """The table that is built of it."""
        calendar = Scope().calendar
        build_years(TABLE, [DAY.isoformat()], lake=self.lake, calendar=calendar, afresh=True)
        files = self.lake.tables.files("bars_1h")
        return self.lake.tables.read(files) if files else pd.DataFrame(columns=["conid"])

    def reasons(self) -> list[str]:
        files = self.lake.tables.rejected_files("bars_1h")
        return [reason for why in self.lake.tables.read(files)["reasons"] for reason in why]

    def verdict(self, name: str) -> Verdict:
        return run_check(CHECKS[name], [DAY], lake=self.lake, scope=Scope(), tables=TABLES)


def _millis(start: str) -> int:
    return int(pd.Timestamp(start, tz="UTC").timestamp() * 1000)


@pytest.fixture
def hourly(tmp_path: Path) -> Hourly:
    return Hourly(tmp_path)


@pytest.mark.parametrize(
    ("conid", "start", "day"),
    [
        (APPLE, "2026-11-20T14:30", "2026-11-20"),
        (APPLE, "2026-11-21T00:00", "2026-11-20"),  # 19:00 in New York, after the close
        (APPLE, "2026-11-20T09:00", "2026-11-20"),  # 4:00 in New York, before the open
        (TOKYO, "2026-11-20T00:00", "2026-11-20"),
        (TOKYO, "2026-11-20T06:00", "2026-11-20"),
        (CHICAGO, "2026-11-19T23:00", "2026-11-20"),  # opens the evening before
        (CHICAGO, "2026-11-20T21:00", "2026-11-20"),
        (CHICAGO, "2026-07-06T22:00", "2026-07-07"),  # in summer an hour earlier
        (EURO, "2026-11-19T22:00", "2026-11-20"),
        (EURO, "2026-11-20T21:00", "2026-11-20"),
        (EURO, "2026-11-22T22:00", "2026-11-23"),  # Sunday evening
        (EURO, "2026-07-06T21:00", "2026-07-07"),
        (NOWHERE, "2026-11-19T23:00", "2026-11-20"),  # as of daily bars
        (99, "2026-11-19T23:00", "2026-11-20"),  # never defined
    ],
)
def test_a_bar_is_of_the_trading_day_of_its_exchange(hourly: Hourly, conid: int, start: str, day: str) -> None:
    [row] = hourly.land(conid, start).rows().to_dict("records")
    assert row["trading_day"] == date.fromisoformat(day)
    assert row["bar_start"] == pd.Timestamp(start, tz="UTC")


def test_volume_is_in_units_and_the_calendar_and_hours_are_told(hourly: Hourly) -> None:
    [row] = hourly.land(APPLE, "2026-11-20T15:00").rows().to_dict("records")
    assert (row["wire_volume"], row["volume_factor"], row["volume"]) == (5.0, 100.0, 500.0)
    assert (row["calendar"], row["has_all_hours"]) == ("XNYS", False)


@pytest.mark.parametrize(("minute", "late", "stored"), [(59, 0, 0), (60, 0, 1), (60, 900, 0), (75, 900, 1)])
def test_a_bar_is_stored_once_it_has_ended_by_what_the_reply_can_know(
    hourly: Hourly, minute: int, late: int, stored: int
) -> None:
    at = datetime(2026, 11, 23, 15 + minute // 60, minute % 60, tzinfo=UTC)
    assert len(hourly.land(APPLE, "2026-11-23T15:00", at=at, mktDataDelay=late).rows()) == stored


def test_a_bar_that_has_not_ended_waits_beside_one_that_cannot_be_read_too(hourly: Hourly) -> None:
    at = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    ended, moving = ({"o": 10.0, "h": 12.0, "l": 9.5, "c": 11.0, "v": 5, "t": _millis(t)} for t in STARTS)
    rows = hourly.land(APPLE, at=at, data=[ended, ended | {"t": "soon"}, moving]).rows()
    assert rows["bar_start"].tolist() == [pd.Timestamp(STARTS[0], tz="UTC")]
    assert set(hourly.reasons()) == {"bar_start: t cannot be read as datetime"}


def test_an_impossible_bar_is_rejected_and_the_rest_stays(hourly: Hourly) -> None:
    bars = [
        {"o": 13.0, "h": 12.0, "l": 9.5, "c": 11.0, "v": 5, "t": _millis("2026-11-20T15:00")},
        {"o": 10.0, "h": 12.0, "l": 9.5, "c": 11.0, "v": 5, "t": _millis("2026-11-20T16:00")},
    ]
    assert len(hourly.land(APPLE, data=bars).rows()) == 1
    assert hourly.reasons() == ["Open and close lie between low and high"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"barLength": 60}, "the reply is of bars of seconds 60, which was not asked for"),
        ({"end": "20261120-14:00:00"}, "the window was to end at 20261120-14:00:00, and bars after that came"),
    ],
)
def test_a_reply_of_another_size_or_window_is_rejected_whole(
    hourly: Hourly, changes: dict[str, Any], reason: str
) -> None:
    assert hourly.land(APPLE, "2026-11-20T15:00", **changes).rows().empty
    assert reason in hourly.reasons()[0]


@pytest.mark.slow
def test_an_empty_day_and_what_lies_before_a_life_are_asked_for_twice_and_rest_as_the_ledger_knows(
    tmp_path: Path,
) -> None:
    listed = trading_calendar("XNYS").between(date(2026, 11, 12), DAY).astype(str)
    lines = [f"{day},10,11,9,10.5,1000,NEWCO" for day in listed]
    (tmp_path / "prices.csv").write_text("\n".join(["date,open,high,low,close,volume,symbol", *lines]))
    least = _millis("2026-11-10")
    lacking: Any = {"fault": "lacking", "least": least, "below": least + 86_400_000}
    hole = Rule(faults=(lacking,), path="/iserver/marketdata/history", query={"conid": "265598"})
    scope = {"watchlist": ["265598", "NEWCO"], "bars_asset_classes": ["STK"], "bars_depths": {"1h": 20}}
    options = Options(clock=EVENING, positions=0, market=tmp_path / "prices.csv", faults=(hole,))
    with serve(replace(options, flavour=Flavour(cold_history=False))) as gateway:
        nights = Nights(tmp_path / "data", gateway, scope=scope, choices=Choices(bars=Bars(sizes=["1d", "1h"])))
        nights.materialize("raw/symbols", "symbols", "raw/positions", "positions", day=DAY.isoformat())
        rest(gateway)
        nights.materialize("raw/instruments", "instruments", day=DAY.isoformat())
        rest(gateway)
        assert nights.materialize("raw/bars_1h", "bars_1h", day=DAY.isoformat()).requests == 2 * 2
        ledger = nights.materialize("raw/bar_coverage", "bar_coverage", day=DAY.isoformat())
        rest(gateway)
        again = nights.materialize("raw/bars_1h", "bars_1h", day="2026-10-28", last=DAY.isoformat())
    assert ledger.failed_checks == []
    stretches = nights.table("bar_coverage").groupby("conid")["state"].agg(list).tolist()
    assert sorted(stretches) == [["before_life", "held"], ["held", "verified_empty", "held"]]
    assert again.is_success, again.failures
    assert again.requests == 0


def test_a_bar_told_again_stays_as_it_was_first_and_the_reply_that_told_it_answers_what_has_no_bar(
    hourly: Hourly,
) -> None:
    later = EVENING + timedelta(days=1)
    rows = (
        hourly.land(APPLE, "2026-11-20T15:00")
        .land(APPLE, "2026-11-20T15:00", "2026-11-23T16:00", at=later, volumeFactor=40)
        .rows()
        .set_index("bar_start")
    )
    [first, second] = rows.to_dict("records")
    assert (first["volume_factor"], first["observed_at"], first["told_last_at"]) == (100, EVENING, later)
    assert (second["volume_factor"], second["observed_at"], second["told_last_at"]) == (40, later, later)
    days = trading_calendar("XNYS").between(date(2026, 11, 20), DAY)
    due = grid(trading_calendar("XNYS"), SIZES["1h"], days)
    [answers] = answered(hourly.lake.tables, "bars_1h", {APPLE: due}).values()
    assert np.flatnonzero(answers.cells).tolist() == list(range(1, 10)), "from 10:00 on Friday to 11:00 on Monday"


def test_a_reply_of_another_contract_fails(hourly: Hourly) -> None:
    name = "every_reply_is_of_the_contract_asked_for"
    assert hourly.land(APPLE, "2026-11-20T15:00").verdict(name).has_passed
    assert hourly.land(APPLE, "2026-11-20T15:00", symbol="ELSE").verdict(name).count == 1


def test_only_the_sizes_that_are_chosen_are_declared_and_smaller_ones_lie_by_month() -> None:
    names = {table.name for table in declared().tables}
    assert not {f"bars_{name}" for name in INTRADAY.members} & names
    chosen = {table.name: table for table in declared(["1d", "1h", "1min"]).tables}
    assert set(chosen) - names == {"bars_1h", "bars_1min"}
    assert isinstance(chosen["bars_1min"].storage, ByMonth)
    assert not isinstance(chosen["bars_1h"].storage, ByMonth)
    assert declared(["1h"]).tables[0] is declared(["1h"]).tables[0]
