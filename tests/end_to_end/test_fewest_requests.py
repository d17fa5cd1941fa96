"""Requests made / fewest possible, against the simulator: one life of a data folder for each of some bar sizes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipelines.definitions import published_keys
from pipelines.outcome import Outcome
from pipelines.settings import Choices
from resources.calendar.trading_days import trading_calendar
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.nights import Nights, rest

pytestmark = [pytest.mark.slow, pytest.mark.long]
EVENING = datetime(2026, 11, 12, 23, 30, tzinfo=UTC)  # a Thursday: of weeks too there is one more a day later
CAP, CONIDS, NEW = 1000, [265598, 272093], 8314
DEPTHS = {"1d": 1000, "1h": 300, "5min": 40, "1min": 7, "1w": 250}
LIVES = [["1d", "1w", "1h", "5min", "1min"]]


def fewest(due: int, missing: list[int]) -> int:
    """The fewest runs of a thousand bars that cover what is missing, by trying each run for each bar."""
    best = {-1: 0}
    for place, bar in enumerate(missing):
        best[place] = min(best[first - 1] + 1 for first in range(place + 1) if bar - missing[first] < CAP)
    assert all(0 <= bar < due for bar in missing)
    return best[len(missing) - 1]


@dataclass
class Life:
    """What was asked at each stage, and what would have been enough; of `beside` in the same nights."""

    size: str
    nights: Nights
    gateway: Running
    made: dict[str, int] = field(default_factory=dict)
    enough: dict[str, int] = field(default_factory=dict)
    beside: "Life | None" = None

    @property
    def each(self) -> list["Life"]:
        """One for each size."""
        return [self, *(self.beside.each if self.beside else [])]

    @property
    def dataset(self) -> str:
        return f"bars_{self.size}"

    @property
    def day(self) -> str:
        return trading_calendar("XNYS").day_of(self.gateway.simulation.clock.now()).isoformat()

    def bars(self, conid: int) -> "np.ndarray[tuple[int], np.dtype[np.datetime64]]":
        """When the bars of a contract begin that are held."""
        if not self.nights.lake.tables.files(self.dataset):
            return np.array([], dtype="datetime64[s]")
        rows = self.nights.table(self.dataset)
        starts = rows[rows["conid"] == conid]["bar_start"].dt.tz_localize(None)
        return np.sort(starts.to_numpy().astype("datetime64[s]"))

    def night(self, stage: str, conids: list[int]) -> None:
        """A night's bars, and how many requests would have been enough for those that are there now and were not."""
        rest(self.gateway)
        self.nights.scope["watchlist"] = [str(conid) for conid in conids]
        self._run("raw/positions", "positions", "raw/symbols", "symbols")
        rest(self.gateway)
        self._run("raw/instruments", "instruments")
        for one in self.each:
            one._land(stage, conids)

    def _land(self, stage: str, conids: list[int]) -> None:
        before = {conid: self.bars(conid) for conid in conids}
        outcome = self._run(f"raw/{self.dataset}", self.dataset)
        self.made[stage] = outcome.requests
        after = {conid: self.bars(conid) for conid in conids}
        self.enough[stage] = sum(
            fewest(len(after[one]), np.flatnonzero(~np.isin(after[one], before[one])).tolist()) for one in conids
        )

    def _run(self, *keys: str) -> Outcome:
        outcome = self.nights.materialize(*keys, day=self.day)
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
        return outcome

    def pass_days(self, count: int) -> None:
        """Days on which nobody looks; then the owner logs in."""
        self.gateway.control.advance(timedelta(days=count))
        self.gateway.control.log_in()

    def lose(self, share: float) -> None:
        """Take a share of the trading days out of the table."""
        random = Random(5)
        if self.beside:
            self.beside.lose(share)
        for path in self.nights.lake.tables.files(self.dataset):
            rows = pq.read_table(path, partitioning=None)
            days = sorted(set(rows["trading_day"].to_pylist()))
            lost = random.sample(days, max(1, round(share * len(days))))
            pq.write_table(rows.filter(pc.invert(pc.is_in(rows["trading_day"], pa.array(lost)))), path)


@pytest.fixture(scope="module", params=LIVES, ids="-".join)
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    sizes: list[str] = request.param
    folder: Path = tmp_path_factory.mktemp(f"life_{sizes[0]}")
    scope = {"bars_asset_classes": ["STK"], "bars_depth_days": DEPTHS["1d"], "bars_depths": DEPTHS}
    choices = Choices.model_validate({"bars": {"sizes": sorted({"1d", *sizes})}})
    with serve(Options(clock=EVENING, positions=0)) as gateway:
        nights = Nights(folder, gateway, scope=scope, choices=choices)
        lived: Life | None = None
        for size in reversed(sizes):
            lived = Life(size, nights, gateway, beside=lived)
        assert lived is not None
        lived.night("first load", CONIDS)
        lived.night("again", CONIDS)
        lived.pass_days(1)
        lived.night("nightly increment", CONIDS)
        lived.pass_days(7)
        lived.night("a week missed", CONIDS)
        lived.lose(0.05)
        lived.night("a random 5 % of holes", CONIDS)
        lived.night("a new contract", [*CONIDS, NEW])
        yield lived


@pytest.mark.parametrize(
    "stage", ["first load", "nightly increment", "a week missed", "a random 5 % of holes", "a new contract"]
)
def test_requests_made_are_the_fewest_possible(life: Life, stage: str) -> None:
    for one in life.each:
        assert one.enough[stage] > 0
        assert one.made[stage] / one.enough[stage] == 1.00


def test_what_is_held_is_not_asked_for_again(life: Life) -> None:
    assert [(one.made["again"], one.enough["again"]) for one in life.each] == [(0, 0)] * len(life.each)


def test_all_bars_of_the_time_are_there_after_all_that(life: Life) -> None:
    calendar = trading_calendar("XNYS")
    for one in life.each:
        for _, bars in one.nights.table(one.dataset).groupby("conid"):
            days = np.unique(bars["trading_day"].to_numpy().astype("datetime64[D]"))
            due = calendar.between(days[0].item(), date.fromisoformat(one.day)).tolist()
            if one.size == "1w":
                due = [*{day.isocalendar()[:2]: day for day in reversed(due)}.values()][::-1]
            assert days.tolist() == due
            counts = bars.groupby("trading_day").size()
            cut = {str(days[0])} if one.size == "1min" else set()  # the day before the depth, for a part of it was room
            shorter = {str(day) for day in counts[counts < counts.max()].index}
            assert shorter <= {"2025-11-28", "2025-12-24"} | cut, "half days"
            assert len(days) >= DEPTHS[one.size]


def test_the_warehouse_has_them_by_contract_and_time(life: Life) -> None:
    published = [key.to_user_string() for key in published_keys(["1d", *(one.size for one in life.each)])]
    outcome = life.nights.materialize("raw/bar_coverage", "bar_coverage", *published, day=life.day)
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert life.nights.query("select distinct state from bar_coverage")["state"].tolist() == ["held"]
    for one in life.each:
        told = life.nights.query(f"select conid, bar_start, trading_day from {one.dataset}")
        assert len(told) == len(life.nights.table(one.dataset)) > 0
        assert told.equals(told.sort_values(["conid", "bar_start"], ignore_index=True))
        if one.size != "1d":
            adjusted = life.nights.query(f"select count(*) as rows from {one.dataset}_adjusted")
            assert adjusted["rows"].tolist() == [len(told)]


def test_every_reply_was_needed(life: Life) -> None:
    """No reply repeats what another of the same night told whole."""
    raw = life.nights.lake.raw
    landed = [
        path for one in life.each for day in raw.partitions(one.dataset) for path in raw.landings(one.dataset, day)
    ]
    for path in landed:
        told = [
            (envelope.request.query["conid"], {bar["t"] for bar in orjson.loads(envelope.body)["data"]})
            for envelope in raw.read(path)
            if envelope.status == 200
        ]
        assert not [
            one for one in told for other in told if one is not other and one[0] == other[0] and one[1] <= other[1]
        ]
