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

pytestmark = pytest.mark.slow
EVENING = datetime(2026, 11, 11, 23, 30, tzinfo=UTC)
CAP, CONIDS, NEW = 1000, [265598, 272093], 8314
DEPTHS = {"1d": 1000, "1h": 300, "5min": 40, "1min": 7}


def fewest(due: int, missing: list[int]) -> int:
    """The fewest runs of a thousand bars that cover what is missing, by trying each run for each bar."""
    best = {-1: 0}
    for place, bar in enumerate(missing):
        best[place] = min(best[first - 1] + 1 for first in range(place + 1) if bar - missing[first] < CAP)
    assert all(0 <= bar < due for bar in missing)
    return best[len(missing) - 1]


@dataclass
class Life:
    """What was asked at each stage, and what would have been enough."""

    size: str
    nights: Nights
    gateway: Running
    made: dict[str, int] = field(default_factory=dict)
    enough: dict[str, int] = field(default_factory=dict)

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
        for path in self.nights.lake.tables.files(self.dataset):
            rows = pq.read_table(path, partitioning=None)
            days = sorted(set(rows["trading_day"].to_pylist()))
            lost = random.sample(days, max(1, round(share * len(days))))
            pq.write_table(rows.filter(pc.invert(pc.is_in(rows["trading_day"], pa.array(lost)))), path)


@pytest.fixture(scope="module", params=list(DEPTHS))
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    size: str = request.param
    folder: Path = tmp_path_factory.mktemp(f"life_{size}")
    scope = {"bars_asset_classes": ["STK"], "bars_depth_days": DEPTHS["1d"], "bars_depths": DEPTHS}
    choices = Choices.model_validate({"bars": {"sizes": sorted({"1d", size})}})
    with serve(Options(clock=EVENING, positions=0)) as gateway:
        lived = Life(size, Nights(folder, gateway, scope=scope, choices=choices), gateway)
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
    assert life.enough[stage] > 0
    assert life.made[stage] / life.enough[stage] == 1.00


def test_what_is_held_is_not_asked_for_again(life: Life) -> None:
    assert (life.made["again"], life.enough["again"]) == (0, 0)


def test_all_bars_of_the_time_are_there_after_all_that(life: Life) -> None:
    calendar = trading_calendar("XNYS")
    rows = life.nights.table(life.dataset)
    for _, bars in rows.groupby("conid"):
        days = np.unique(bars["trading_day"].to_numpy().astype("datetime64[D]"))
        np.testing.assert_array_equal(days, calendar.between(days[0].item(), date.fromisoformat(life.day)))
        counts = bars.groupby("trading_day").size()
        cut = {str(days[0])} if life.size == "1min" else set()  # the day before the depth, for a part of which was room
        assert {str(day) for day in counts[counts < counts.max()].index} <= {"2025-11-28", "2025-12-24"} | cut, (
            "half days"
        )
        assert len(days) >= DEPTHS[life.size]


def test_the_warehouse_has_them_by_contract_and_time(life: Life) -> None:
    outcome = life.nights.materialize(
        *(key.to_user_string() for key in published_keys(["1d", life.size])), day=life.day
    )
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    told = life.nights.query(f"select conid, bar_start, trading_day from {life.dataset}")
    if life.size != "1d":
        assert life.nights.query(f"select count(*) as rows from {life.dataset}_adjusted")["rows"].tolist() == [
            len(told)
        ]
    assert len(told) == len(life.nights.table(life.dataset)) > 0
    assert told.equals(told.sort_values(["conid", "bar_start"], ignore_index=True))


def test_every_reply_was_needed(life: Life) -> None:
    """No reply repeats what another of the same night told whole."""
    raw = life.nights.lake.raw
    for day in raw.partitions(life.dataset):
        for path in raw.landings(life.dataset, day):
            told = [
                (envelope.request.query["conid"], {bar["t"] for bar in orjson.loads(envelope.body)["data"]})
                for envelope in raw.read(path)
                if envelope.status == 200
            ]
            assert not [
                one for one in told for other in told if one is not other and one[0] == other[0] and one[1] <= other[1]
            ]
