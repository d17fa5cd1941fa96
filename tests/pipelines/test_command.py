"""Commands as somebody at a terminal has them, against a gateway whose time a wait lets pass."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest
from rich.console import Console

from pipelines.command import PARKED_CODE, Command
from pipelines.settings import Choices, Environment, Settings
from resources.lake.parked import Parked
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.held import held
from tests.nights import Nights, dagster_home, only

DAY = date(2026, 11, 23)
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
SCOPE = {"watchlist": ["AAPL"], "bars_asset_classes": ["STK"], "bars_depth_days": 3}
FEW_LINES = 3
BARS = ("symbols", "instruments", "positions", "bars_1d")
NET_VALUE = ("accounts", "ledger", "performance")
"""Each with what it needs."""


@dataclass
class Terminal:
    """A folder, a gateway, and what a person read last."""

    folder: Path
    gateway: Running
    read: str = ""
    choices: Choices = field(default_factory=Choices)

    @property
    def nights(self) -> Nights:
        return Nights(self.folder, self.gateway, scope=SCOPE)

    @property
    def waiting(self) -> set[str]:
        return {work.dataset for work in self.nights.lake.parked.waiting()}

    def nightly(self, *names: str) -> int:
        """A night of the named datasets alone."""
        self.choices = only(*names)
        return self._runs(lambda command: command.run("nightly", DAY, DAY))

    def resume(self) -> int:
        return self._runs(lambda command: command.resume())

    def _runs(self, what: Any) -> int:
        text = io.StringIO()
        settings = Settings(environment=Environment(data=self.folder), choices=self.choices)
        code: int = what(Command(settings, Console(file=text, width=100), self.nights.resources))
        self.read = text.getvalue()
        return code

    def faults(self, *rules: dict[str, Any]) -> None:
        self.gateway.control.replace_faults(list(rules))

    def last_lines(self) -> str:
        """What stands after the summary."""
        return self.read[self.read.rindex("… ") :]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = dagster_home(tmp_path / "home")
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    return folder


@pytest.fixture
def terminal(tmp_path: Path, home: Path) -> Iterator[Terminal]:  # noqa: ARG001
    with serve(Options(clock=EVENING, positions=2)) as gateway:
        gateway.control.tick_at(0)
        yield Terminal(tmp_path / "data", gateway)


def _runs(home: Path) -> list[tuple[str, str]]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return [(run.job_name, run.status.value) for run in reversed(instance.get_runs())]


def test_resuming_where_nothing_waits_asks_nobody_anything(terminal: Terminal, home: Path) -> None:
    assert terminal.resume() == 0
    assert terminal.read == "Nothing waits.\n"
    assert terminal.gateway.control.requests() == []
    assert _runs(home) == []


def test_resuming_without_a_login_starts_nothing_and_says_who_waits_and_what_to_do(
    terminal: Terminal, home: Path
) -> None:
    for dataset in ("ledger", "bars_1d"):
        reason = "GET /portfolio/U9900001/ledger: 401, nobody is logged in. Log in."
        terminal.nights.lake.parked.park(Parked(dataset, (DAY,), "LoginRequired", reason, EVENING, None, "night"))
    terminal.gateway.control.log_out()
    assert terminal.resume() == PARKED_CODE == 75
    assert terminal.waiting == {"ledger", "bars_1d"}
    assert _runs(home) == []
    assert terminal.last_lines().splitlines() == [
        "… ledger, bars_1d of 2026-11-23 wait. GET /portfolio/U…0001/ledger: 401, nobody is logged in. Log in.",
        "The session: not logged in.",
        "It goes on by itself while `make dev` runs, or with `make resume` once that has passed.",
    ]
    assert "! IBKR: log in by Tue 09:30 New York\n" in terminal.read, "there is nobody else to tell"


@pytest.mark.slow
@pytest.mark.long
def test_a_night_without_a_login_waits_and_resume_makes_it_whole(terminal: Terminal, home: Path) -> None:
    terminal.gateway.control.log_out()
    assert terminal.nightly(*NET_VALUE, *BARS, "allocation") == PARKED_CODE
    assert terminal.waiting >= {"accounts", "ledger", "positions", "allocation", "performance", "bars_1d"}
    assert held(home, terminal.folder) == []
    assert len(terminal.last_lines().splitlines()) == FEW_LINES
    assert "✗" not in terminal.read
    assert "emitted no result" not in terminal.read
    terminal.gateway.control.log_in()
    assert terminal.resume() == 0, terminal.read
    assert terminal.waiting == set()
    assert "Waiting" not in terminal.read
    assert len(terminal.nights.query("from positions")) == 2
    assert {status for _, status in _runs(home)} == {"SUCCESS"}
    assert terminal.resume() == 0
    assert terminal.read == "Nothing waits.\n"


@pytest.mark.slow
@pytest.mark.long
def test_a_limit_of_minutes_is_waited_for_between_two_runs_and_not_in_one(terminal: Terminal, home: Path) -> None:
    terminal.faults({"path": "*/ledger", "times": 1, "faults": ["throttled"]})
    assert terminal.nightly("ledger") == 0, terminal.read
    assert "ledger" in terminal.read.split("Waiting 15 minutes; stopped here, it goes on with `make resume`.")[0]
    assert terminal.gateway.simulation.clock.now() - EVENING >= timedelta(minutes=15)
    assert [job for job, _ in _runs(home)] == ["nightly", "resume"]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        spent = [stats.end_time - stats.start_time for stats in map(_stats(instance), instance.get_runs())]
    assert max(spent) < timedelta(minutes=5).total_seconds()
    assert terminal.gateway.control.limits()["broken"] == []
    assert terminal.waiting == set()


@pytest.mark.slow
@pytest.mark.long
def test_what_landed_is_published_though_a_part_waits_for_a_person(terminal: Terminal, home: Path) -> None:
    terminal.gateway.control.compete()
    assert terminal.nightly(*BARS, "ledger", "orders", "trades") == PARKED_CODE
    assert terminal.waiting >= {"bars_1d", "orders", "trades"}
    assert "positions" not in terminal.waiting
    assert len(terminal.nights.query("from positions")) == 2
    assert "The session: competing login." in terminal.last_lines()
    assert "in use elsewhere" in terminal.last_lines()
    assert [job for job, _ in _runs(home)] == ["nightly", "resume"]


@pytest.mark.slow
@pytest.mark.long
def test_a_failed_check_ends_with_1_and_what_was_parked_with_it_is_landed_but_not_published(
    terminal: Terminal,
) -> None:
    terminal.faults(
        {"path": "*/positions/*", "faults": ["duplicated"]},
        {"path": "/pa/performance", "times": 1, "faults": ["throttled"]},
    )
    assert terminal.nightly(*NET_VALUE, "positions") == 1
    assert "performance" in terminal.waiting
    terminal.faults()
    terminal.gateway.control.advance(timedelta(minutes=16))
    assert terminal.resume() == 0, terminal.read
    assert terminal.waiting == set()
    assert len(terminal.nights.table("nav")) > 0
    assert not terminal.nights.lake.layout.warehouse_file.exists()


@pytest.mark.slow
@pytest.mark.long
def test_what_a_killed_command_was_at_is_taken_up(terminal: Terminal, home: Path) -> None:
    run_id = str(uuid4())
    with dg.DagsterInstance.from_config(str(home)) as instance:
        job = terminal.nights.definitions().resolve_job_def("resume")
        instance.create_run_for_job(job, run_id=run_id, status=dg.DagsterRunStatus.STARTED)
    (home / "alive").mkdir()
    (home / "alive" / f"{run_id}.lock").touch()
    terminal.nights.lake.parked.park(Parked("ledger", (DAY,), "Maintenance", "Wait.", EVENING, None, run_id))
    assert terminal.resume() == 0, terminal.read
    assert _runs(home) == [("resume", "FAILURE"), ("resume", "SUCCESS")]
    assert terminal.waiting == set()


@pytest.mark.slow
@pytest.mark.long
def test_resuming_while_a_penalty_lasts_waits_for_its_end(terminal: Terminal) -> None:
    terminal.faults({"path": "*/ledger", "times": 1, "faults": ["throttled"]})
    assert terminal.nights.materialize("raw/ledger", "ledger", day=DAY.isoformat()).is_success
    assert terminal.resume() == 0, terminal.read
    assert "✗" not in terminal.read
    assert terminal.gateway.simulation.clock.now() - EVENING >= timedelta(minutes=15)
    assert terminal.waiting == set()


def _stats(instance: dg.DagsterInstance) -> Any:
    return lambda run: instance.get_run_stats(run.run_id)
