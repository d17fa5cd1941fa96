import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import orjson
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.outcome import Outcome
from resources.calendar.trading_days import trading_calendar
from resources.envelope import Envelope, Request
from resources.lake.resource import Lake
from resources.simulator.faults.rule import Rule
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from resources.simulator.simulation import Simulation
from tests.assets.bent import DAY, Bent
from tests.nights import Nights, rest

NYSE = trading_calendar("XNYS")
APPLE, NAMED = 265598, "NEWCO"
WEDNESDAY, THANKSGIVING, HALF_DAY, MONDAY = (date(2025, *day) for day in ((11, 26), (11, 27), (11, 28), (12, 1)))
HOLE, LISTED = date(2025, 11, 19), date(2025, 11, 17)
DEPTH = 20
CHAIN = [f"{layer}{name}" for name in ("symbols", "positions", "instruments", "bars_1d") for layer in ("raw/", "")]
LEDGER = ["raw/bar_coverage", "bar_coverage"]
COLUMNS = ["state", "first_day", "last_day", "sessions", "asked"]


def _hole(day: date) -> Rule:
    """A gateway that has no bar of one day of Apple's."""
    least = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000
    lacking: Any = {"fault": "lacking", "least": least, "below": least + 86_400_000}
    return Rule(faults=(lacking,), path="/iserver/marketdata/history", query={"conid": str(APPLE)})


def _prices(folder: Path) -> Path:
    """A share that was listed a week ago."""
    days = NYSE.between(LISTED, MONDAY).astype(str)
    lines = [f"{day},10,11,9,10.5,1000,{NAMED}" for day in days]
    path = folder / "prices.csv"
    path.write_text("\n".join(["date,open,high,low,close,volume,symbol", *lines]))
    return path


def _option(gateway: Running) -> int:
    """A listed option: the gateway has no bars of days of it."""
    assert isinstance(gateway.simulation, Simulation)
    listed = (one for one in gateway.simulation.market.instruments() if one.asset_class == "OPT")
    return next(one.conid for one in listed if one.expiry and one.expiry > date(2026, 1, 1))


def _hourly(lake: Lake) -> None:
    """Bars of hours of Apple's, as some dataset landed them: none of Friday, which was asked for twice."""
    starts = [datetime(2025, 11, 26, 14, 30, tzinfo=UTC), datetime(2025, 12, 1, 14, 30, tzinfo=UTC)]
    body = {"barLength": 3600, "data": [{"t": int(start.timestamp() * 1000)} for start in starts]}
    request = Request("GET", "/iserver/marketdata/history", {"conid": str(APPLE), "period": "5d", "bar": "1h"})
    at = datetime(2025, 12, 1, 23, tzinfo=UTC)
    with lake.raw.landing("bars_1h", MONDAY.isoformat(), at=at, run_id="hours") as landing:
        for _ in range(2):
            landing.append(Envelope(request, 200, {}, orjson.dumps(body), at, "hours"))
    rows = pa.table({"conid": [APPLE] * 2, "trading_day": [WEDNESDAY, MONDAY]})
    lake.tables.write("bars_1h", "year", "2025", rows)


@dataclass
class Lived:
    """Three nights around a holiday, as the ledger told of them, and what a night cost."""

    folder: Path
    prices: Path
    option: int = 0
    newcomer: int = 0
    ledgers: dict[date, pd.DataFrame] = field(default_factory=dict)
    outcomes: dict[date, Outcome] = field(default_factory=dict)
    figures: dict[date, dict[str, Any]] = field(default_factory=dict)
    again: int = -1
    all_again: int = -1
    afresh: pd.DataFrame = field(default_factory=pd.DataFrame)
    with_hours: pd.DataFrame = field(default_factory=pd.DataFrame)

    @contextmanager
    def evening(self, day: date, *faults: Rule) -> Iterator[Nights]:
        clock = datetime(day.year, day.month, day.day, 19 if day == HALF_DAY else 23, 30, tzinfo=UTC)
        with serve(Options(clock=clock, positions=0, market=self.prices, faults=faults)) as gateway:
            self.option = self.option or _option(gateway)
            scope = {"bars_asset_classes": ["STK", "OPT"], "bars_depth_days": DEPTH}
            yield Nights(self.folder, gateway, scope={"watchlist": [str(APPLE), NAMED, str(self.option)], **scope})

    def live(self, nights: Nights, day: date) -> None:
        outcome = nights.materialize(*CHAIN, *LEDGER, day=day.isoformat())
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
        self.outcomes[day], self.ledgers[day] = outcome, self.ledger(nights, day)
        event = nights.instance.get_latest_materialization_event(dg.AssetKey(["raw", "bar_coverage"]))
        assert event is not None
        assert event.asset_materialization is not None
        self.figures[day] = {name: one.value for name, one in event.asset_materialization.metadata.items()}

    def ledger(self, nights: Nights, day: date) -> pd.DataFrame:
        path = nights.lake.tables.file("bar_coverage", "trading_day", day.isoformat())
        assert path is not None
        rows = nights.lake.tables.read([path]).astype(object)
        return rows.where(rows.notna(), None)

    def stretches(self, day: date, conid: int) -> list[tuple[Any, ...]]:
        rows = self.ledgers[day]
        return list(rows.loc[rows["conid"] == conid, COLUMNS].itertuples(index=False, name=None))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder = tmp_path_factory.mktemp("coverage")
    found = Lived(folder / "data", _prices(folder))
    with found.evening(WEDNESDAY, _hole(HOLE)) as nights:
        found.live(nights, WEDNESDAY)
    known = nights.table("instruments").set_index("symbol")["conid"]
    found.newcomer = int(known[NAMED])
    with found.evening(HALF_DAY, _hole(HOLE)) as nights:
        found.live(nights, HALF_DAY)
        rest(nights.gateway)  # type: ignore[arg-type]
        found.again = nights.materialize("raw/bars_1d", day=HALF_DAY.isoformat()).requests
        nights.scope["bars_ask_empty_again_days"] = 0
        found.all_again = nights.materialize("raw/bars_1d", day=HALF_DAY.isoformat()).requests
    with found.evening(MONDAY) as nights:
        found.live(nights, MONDAY)
        shutil.rmtree(nights.lake.layout.raw_folder("bar_coverage"))
        assert nights.materialize(*LEDGER, day=MONDAY.isoformat()).is_success
        found.afresh = found.ledger(nights, MONDAY)
        _hourly(nights.lake)
        assert nights.materialize(*LEDGER, day=MONDAY.isoformat()).is_success
        found.with_hours = found.ledger(nights, MONDAY)
    return found


@pytest.mark.slow
def test_a_day_that_the_gateway_has_no_bar_of_is_verified_empty_and_says_by_which_replies(lived: Lived) -> None:
    before, hole, after = lived.stretches(WEDNESDAY, APPLE)
    assert (before[0], before[2]) == ("held", date(2025, 11, 18))
    assert hole == ("verified_empty", HOLE, HOLE, 1, 2)
    assert after == ("held", date(2025, 11, 20), WEDNESDAY, 5, None)
    [row] = lived.ledgers[WEDNESDAY].query("state == 'verified_empty'").to_dict("records")
    evidence = orjson.loads(row["evidence"])
    raw = Nights(lived.folder).lake.raw
    for one in evidence:
        replies = list(raw.read(raw.layout.raw_folder(one["file"])))
        assert [reply for reply in replies if reply.sha256 == one["sha256"]], "the evidence leads to the reply"
    assert row["first_asked_at"] <= row["last_asked_at"]


@pytest.mark.slow
def test_days_before_a_listing_were_asked_for_twice_and_are_not_expected(lived: Lived) -> None:
    before, held = lived.stretches(WEDNESDAY, lived.newcomer)
    assert before == (
        "before_life",
        NYSE.between(date(2025, 1, 1), WEDNESDAY)[-DEPTH].item(),
        date(2025, 11, 14),
        12,
        2,
    )
    assert held == ("held", LISTED, WEDNESDAY, 8, None)


@pytest.mark.slow
def test_a_holiday_is_not_expected_and_a_half_day_is(lived: Lived) -> None:
    [_, held] = lived.stretches(HALF_DAY, lived.newcomer)
    assert held == ("held", LISTED, HALF_DAY, 9, None)
    assert THANKSGIVING not in NYSE


@pytest.mark.slow
def test_a_contract_without_history_is_missing_until_two_nights_have_asked(lived: Lived) -> None:
    [first] = lived.stretches(WEDNESDAY, lived.option)
    assert (first[0], *first[2:]) == ("missing", WEDNESDAY, DEPTH, 1)
    assert [one.name for one in lived.outcomes[WEDNESDAY].failed_checks] == ["no_day_is_missing"]
    [second] = lived.stretches(HALF_DAY, lived.option)
    assert (second[0], *second[2:]) == ("verified_empty", HALF_DAY, DEPTH + 1, 2)
    assert lived.outcomes[HALF_DAY].failed_checks == []


@pytest.mark.slow
def test_what_is_verified_empty_is_not_asked_for_again_in_the_same_evening_unless_the_owner_says_so(
    lived: Lived,
) -> None:
    assert lived.again == 0
    assert lived.all_again >= 2, "Apple's hole, and the option"


@pytest.mark.slow
def test_a_bar_that_comes_late_is_held_from_then_on(lived: Lived) -> None:
    assert [one[0] for one in lived.stretches(HALF_DAY, APPLE)] == ["held", "verified_empty", "held"]
    [held] = lived.stretches(MONDAY, APPLE)
    assert (held[0], held[2]) == ("held", MONDAY)


@pytest.mark.slow
def test_the_figures_are_plotted_and_add_up(lived: Lived) -> None:
    for day, ledger in lived.ledgers.items():
        figures = lived.figures[day]
        counts = ledger.groupby("state")["sessions"].sum().to_dict()
        states = ("held", "verified_empty", "missing")
        assert [figures[f"{state}_1d"] for state in states] == [counts.get(state, 0) for state in states]
        assert figures["expected_1d"] == sum(counts.get(state, 0) for state in states)
        assert figures["share_1d"] == 1 - figures["missing_1d"] / figures["expected_1d"]


@pytest.mark.slow
def test_built_again_or_landed_again_from_nothing_the_ledger_is_the_same(lived: Lived) -> None:
    told = [*COLUMNS, "conid", "bar_size", "calendar", "first_asked_at", "last_asked_at", "evidence"]
    pd.testing.assert_frame_equal(lived.afresh[told], lived.ledgers[MONDAY][told])
    nights = Nights(lived.folder)
    shutil.rmtree(nights.lake.layout.table_folder("bar_coverage"))
    assert nights.run("reprocess", MONDAY.isoformat()).is_success
    pd.testing.assert_frame_equal(lived.ledger(nights, MONDAY), lived.with_hours)
    summary = nights.query("from bar_coverage_summary where bar_size = '1d'").set_index("conid")
    assert (summary["expected"] == summary["held"] + summary["verified_empty"] + summary["missing"]).all()
    apple = summary.loc[APPLE]
    assert (apple["symbol"], apple["missing"], apple["share"], apple["last_day"].date()) == ("AAPL", 0, 1.0, MONDAY)


@pytest.mark.slow
def test_bars_of_another_size_join_it_by_being_landed(lived: Lived) -> None:
    rows = lived.with_hours
    hours = rows[(rows["bar_size"] == "1h") & (rows["conid"] == APPLE)]
    assert hours[["state", "first_day", "sessions"]].to_numpy().tolist() == [
        ["held", WEDNESDAY, 1],
        ["verified_empty", HALF_DAY, 1],
        ["held", MONDAY, 1],
    ]
    told = [*COLUMNS, "conid", "bar_size", "evidence"]
    days = rows.loc[rows["bar_size"] == "1d", told].reset_index(drop=True)
    pd.testing.assert_frame_equal(days, lived.afresh[told])


def _with_states(state: str) -> Callable[[Request, Any], Any]:
    def change(_: Request, told: dict[str, Any]) -> Any:
        for contract in told["contracts"]:
            for stretch in contract["stretches"]:
                stretch["state"] = state
        return told

    return change


@pytest.mark.parametrize(("state", "has_passed"), [("held", True), ("verified_empty", True), ("missing", False)])
def test_only_what_is_neither_held_nor_verified_empty_fails(bent: Bent, state: str, has_passed: bool) -> None:
    verdict = bent.bend("bar_coverage", _with_states(state)).build("bar_coverage").verdict("no_day_is_missing")
    assert verdict.has_passed is has_passed


def test_a_night_of_bonds_is_a_row_for_each_that_has_bars(bent: Bent) -> None:
    rows = bent.build("bar_coverage", "bars_1d").rows("bar_coverage")
    held = rows[rows["state"] == "held"]
    bars = bent.rows("bars_1d").groupby("conid")["trading_day"]
    assert held.groupby("conid")["sessions"].sum().to_dict() == bars.nunique().to_dict()
    assert held.groupby("conid")["last_day"].max().to_dict() == bars.max().to_dict()
    assert (rows["trading_day"] == DAY).all()
    assert rows["calendar"].notna().all()
