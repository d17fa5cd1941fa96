"""A login with several accounts: what must wait is told and comes last, and only what was wished for is kept."""

import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.definitions import declared
from resources.gateway.resource import Gateway
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from resources.simulator.simulation import Simulation
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import Nights

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
THREE = Options(clock=EVENING, accounts=3, positions=3)
ACCOUNTS = ["U9900001", "U9900002", "U9900003"]
SCOPE = {"bars_asset_classes": ["BOND"]}


class Hours:
    """Time that passes only by waiting, for the client and for the simulator's world alike."""

    now = 0.0
    waited: list[float] = []
    moved: Callable[[timedelta], None]


def _wait(seconds: float) -> None:
    Hours.now += seconds
    Hours.waited.append(seconds)
    Hours.moved(timedelta(seconds=seconds))


class Hurried(Gateway):
    """The real gateway resource in a world where a quarter of an hour is over at once."""

    def pace(self) -> tuple[Callable[[], float], Callable[[float], None]]:
        return lambda: Hours.now, _wait


@pytest.fixture
def gateway() -> Iterator[Running]:
    with serve(THREE) as running:
        assert isinstance(running.simulation, Simulation)
        Hours.now, Hours.waited, Hours.moved = 0.0, [], running.simulation.clock.advance
        yield running


def test_each_account_waits_its_quarter_of_an_hour_and_nothing_else_waits_for_it(
    gateway: Running, tmp_path: Path
) -> None:
    nights = Nights(tmp_path, gateway, scope=SCOPE, kind=Hurried)
    outcome = nights.run("nightly", DAY)
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert sorted(nights.table("nav")["account_id"].unique()) == ACCOUNTS
    assert len([seconds for seconds in Hours.waited if seconds > 900]) == 2
    events = nights.instance.all_logs(outcome.run_id)
    told = [event.user_message for event in events if event.level == logging.WARNING]
    assert told == ["POST /pa/performance, 1 per 900 s: waiting 15.3 minutes for the next"] * 2
    started = [event.step_key for event in events if event.dagster_event and event.dagster_event.is_step_start]
    landed = [step for step in started if step and step.startswith("raw__") and "checks" not in step]
    perishable = {f"raw__{one.name}" for one in declared().landings if one.time == "perishable"}
    assert set(landed[: len(perishable)]) == perishable, "the perishable first"
    assert landed[-1] == "raw__performance"
    assert {"positions", "ledger", "bars_1d"} <= set(started[: started.index("raw__performance")])


@pytest.mark.parametrize("wished", [["U9900002"], ["U9900003", "U9900001"]])
def test_only_the_accounts_that_are_wished_for_are_kept_in_any_table(
    gateway: Running, tmp_path: Path, wished: list[str]
) -> None:
    nights = Nights(tmp_path, gateway, scope={**SCOPE, "accounts": wished}, kind=Hurried)
    for job in ("nightly", "reprocess"):
        outcome = nights.run(job, DAY)
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
        by_account = [table for table in declared().tables if "account_id" in table.key]
        assert {"accounts", "ledger", "positions", "nav"} <= {table.name for table in by_account}
        for table in by_account:
            assert sorted(nights.table(table.name)["account_id"].unique()) == sorted(wished), table.name


def test_a_person_who_is_told_of_the_wait_can_stop_it_and_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    shutil.copy(ROOT / "pipelines" / "dagster.yaml", tmp_path / "home")
    (tmp_path / "own.toml").write_text('[bars]\nasset_classes = ["BOND"]\n')
    with serve(THREE) as running:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("IBKR_")},
            "DAGSTER_HOME": str(tmp_path / "home"),
            "IBKR_DATA": str(tmp_path),
            "IBKR_PROFILE": "test",
            "IBKR_CONFIG": str(tmp_path / "own.toml"),
            "IBKR_GATEWAY_URL": running.url,
            "IBKR_GATEWAY_CERT": str(running.certificate),
        }
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "pipelines", "nightly", DAY],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            before = []
            for line in process.stdout:
                before.append(line)
                if "waiting 15.3 minutes" in line:
                    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: the whole group hears it
                    break
            after, _ = process.communicate(timeout=60)
    assert process.returncode == 130, (before, after)
    assert "✗ Stopped. What was landed is kept; run it again." in after
    assert "Traceback" not in after
    assert "mistake in the software" not in after
    nights = Nights(tmp_path)
    assert sorted(nights.table("ledger")["account_id"].unique()) == ACCOUNTS
    [cut_short] = nights.lake.raw.files("performance", DAY)
    assert [envelope.status for envelope in nights.lake.raw.read(cut_short)] == [200]
