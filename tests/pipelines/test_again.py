"""What was rejected or held back, built again as somebody at a terminal has it; nobody answers for the gateway."""

import io
import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from rich.console import Console

from pipelines.again import Again
from pipelines.settings import Choices, Environment, Settings, SettingsMistake
from resources.envelope import Envelope, Request
from tests.assets.shrunk import FRIDAY, MONDAY, TUESDAY, Shrunk
from tests.nights import dagster_home

pytestmark = pytest.mark.slow


@dataclass
class Desk:
    """A folder with a few nights, and what a person read last."""

    shrunk: Shrunk
    home: Path
    read: str = ""
    jobs: list[dg.DagsterRun] = field(default_factory=list)

    def does(self, what: Any) -> int:
        text = io.StringIO()
        settings = Settings(environment=Environment(data=self.shrunk.folder), choices=Choices())
        resources = self.shrunk.nights.resources
        code: int = what(Again(settings, Console(file=text, width=200), resources))
        self.read = text.getvalue()
        return code

    @property
    def runs(self) -> list[tuple[str, set[str]]]:
        """The days and assets of each run so far."""
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            found = list(reversed(instance.get_runs()))
        return [
            (run.tags.get("dagster/partition", ""), {key.to_user_string() for key in run.asset_selection or ()})
            for run in found
        ]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    home = dagster_home(tmp_path / "home")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    desk = Desk(Shrunk(tmp_path / "data"), home)
    desk.shrunk.landed(FRIDAY, U1234567=30).built(FRIDAY)
    return desk


def _mended(shrunk: Shrunk, day: date) -> None:
    """What a fix of ours does: rows that were rejected can be read now. Here it is raw that is put right."""
    [path] = shrunk.lake.raw.landings("positions", day.isoformat())
    path.unlink()
    shrunk.landed(day, U1234567=30)


def test_exactly_what_has_rejected_rows_is_built_again_and_published(desk: Desk) -> None:
    shrunk = desk.shrunk
    shrunk.landed(MONDAY, unreadable=2, U1234567=30).built(MONDAY)
    shrunk.landed(TUESDAY, unreadable=3, U1234567=30).built(TUESDAY)
    untouched = shrunk.lake.tables.file("positions", "trading_day", FRIDAY.isoformat())
    assert untouched is not None
    before = untouched.stat().st_ino
    _mended(shrunk, MONDAY)
    assert desk.does(lambda again: again.rejected(None, MONDAY)) == 0, desk.read
    assert [(day, assets) for day, assets in desk.runs if day] == [(MONDAY.isoformat(), {"positions"})]
    assert untouched.stat().st_ino == before
    assert "positions     1              2             0" in " ".join(desk.read.splitlines()[-1:])
    assert len(shrunk.nights.query("from positions")) == 30 + 30 + 27
    assert list(shrunk.nights.query("from rejected_rows")["trading_day"].dt.date) == [TUESDAY] * 3


def test_where_nothing_is_rejected_nothing_is_started(desk: Desk) -> None:
    assert desk.does(lambda again: again.rejected(None, None)) == 0
    assert desk.read == "No row is rejected.\n"
    assert desk.runs == []


def test_what_is_still_rejected_is_counted_and_nothing_is_lost(desk: Desk) -> None:
    desk.shrunk.landed(MONDAY, unreadable=2, U1234567=30).built(MONDAY)
    assert desk.does(lambda again: again.rejected(None, None)) == 0, desk.read
    assert "positions     1              2             2" in desk.read
    assert desk.shrunk.standing(MONDAY) == 28


def test_what_is_held_back_is_told_accepted_built_and_published(desk: Desk) -> None:
    shrunk = desk.shrunk
    shrunk.landed(MONDAY, U1234567=4).built(MONDAY)
    shrunk.landed(TUESDAY, U1234567=5).built(TUESDAY)
    assert desk.does(lambda again: again.tell_held_back()) == 0
    assert [line.partition(" is held")[0] for line in desk.read.splitlines()] == [
        "… positions of 2024-11-25",
        "… positions of 2024-11-26",
    ]
    assert desk.does(lambda again: again.accept("positions", MONDAY)) == 0, desk.read
    assert desk.read.startswith("✓ positions of 2024-11-25 is accepted.\n")
    assert [shrunk.standing(day) for day in (MONDAY, TUESDAY)] == [4, 5], "the day after follows from it"
    assert shrunk.lake.held_back.waiting() == []
    assert len(shrunk.nights.query("from positions")) == 39
    quality = shrunk.nights.query("select has_passed from data_quality where check_name = 'nothing_is_held_back'")
    assert quality["has_passed"].all()
    lines = (shrunk.lake.layout.decisions_folder / "all.jsonl").read_text().splitlines()
    assert [(json.loads(line)["table"], json.loads(line)["day"]) for line in lines] == [("positions", "2024-11-25")]
    shutil.rmtree(shrunk.lake.layout.folder / "tables")
    assert [shrunk.built(day).rows for day in (FRIDAY, MONDAY, TUESDAY)] == [30, 4, 5]


def test_what_a_night_left_out_since_its_replies_are_in_doubt_does_not_come_in_by_what_is_accepted(desk: Desk) -> None:
    shrunk = desk.shrunk
    shrunk.landed(MONDAY, U1234567=4).built(MONDAY)
    at = datetime(2024, 11, 25, 23, 40, tzinfo=UTC)
    with shrunk.lake.raw.landing("orders", MONDAY.isoformat(), at=at, run_id="00000009") as landing:
        request = Request("GET", "/iserver/account/orders", {})
        landing.append(Envelope(request, 200, {}, b'{"orders": [], "snapshot": false}', at, "run-9"))
    assert desk.does(lambda again: again.accept("positions", MONDAY)) == 1
    assert (
        "Not published, since the replies of orders of 2024-11-25 are in doubt: orders of the account: asked"
        in desk.read
    )
    assert shrunk.standing(MONDAY) == 4, "it is accepted all the same"
    assert shrunk.lake.tables.files("orders") == []
    assert not shrunk.lake.layout.warehouse_file.exists()


@pytest.mark.parametrize("dataset", ["ledger", "nonsense"])
def test_what_is_not_held_back_cannot_be_accepted(desk: Desk, dataset: str) -> None:
    desk.shrunk.landed(MONDAY, U1234567=4).built(MONDAY)
    with pytest.raises(SettingsMistake, match=f"{dataset} of 2024-11-25 is not held back. Held back: positions of"):
        desk.does(lambda again: again.accept(dataset, MONDAY))
    assert desk.runs == []


def test_a_decision_that_cannot_be_carried_out_is_not_recorded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.shrunk.landed(MONDAY, U1234567=4).built(MONDAY)
    monkeypatch.delenv("DAGSTER_HOME")
    with pytest.raises(SettingsMistake, match="DAGSTER_HOME is not set"):
        desk.does(lambda again: again.accept("positions", MONDAY))
    assert not desk.shrunk.lake.layout.decisions_folder.exists()
    assert len(desk.shrunk.lake.held_back.waiting()) == 1
