"""A run that has to wait long, or that somebody stops, holds nothing: no slot, no lock, no run that never ends.

In real processes with real clocks: the command at a terminal, and a run of the UI.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from pipelines.command import STOPPED_CODE
from resources.lake.layout import OPEN
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.end_to_end.dagster_dev import dagster_dev, soon
from tests.end_to_end.held import held
from tests.nights import NOT_IN_REAL_TIME, PROFILE, Nights, dagster_home

pytestmark = [pytest.mark.slow, pytest.mark.long]
ROOT = Path(__file__).parents[2]
SMALL = f"""
watchlist = ["AAPL"]
leave_out = {json.dumps(NOT_IN_REAL_TIME)}
bars = {{ depth_days = 5, asset_classes = ["STK"] }}
"""
HISTORY = "/iserver/marketdata/history"
HANGS = 900  # seconds; a command takes about ten
WAITING = "stopped here, it goes on with `make resume`"
STOPPED = "Stopped. What was landed is kept; run it again."
SLOW_BARS = {"name": "slow", "path": HISTORY, "faults": [{"fault": "slow", "seconds": 60}]}
Process = subprocess.Popen[str]


@dataclass(frozen=True)
class Owner:
    """Somebody at a terminal, with a data folder and a home for Dagster."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def nights(self) -> Nights:
        return Nights(self.data)

    @contextmanager
    def night(self, gateway: Running) -> Iterator[Process]:
        """The command, under way."""
        own = {**_settings(gateway), "DAGSTER_HOME": str(self.home), "IBKR_DATA": str(self.data)}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("IBKR_")}
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "pipelines", "nightly", DAY],
            cwd=ROOT,
            env={**clean, **own, "IBKR_CONFIG": str(self.folder / "own.toml")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def ended(self) -> list[dg.DagsterRunStatus]:
        """How each run ended, the latest first."""
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            return [run.status for run in instance.get_runs()]


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    dagster_home(tmp_path / "home")
    (tmp_path / "own.toml").write_text(SMALL)
    return Owner(tmp_path)


def _settings(gateway: Running) -> dict[str, str]:
    return {
        "IBKR_GATEWAY_URL": gateway.url,
        "IBKR_GATEWAY_CERT": str(gateway.certificate),
        "IBKR_PROFILE": PROFILE,
    }


def test_while_a_limit_of_minutes_is_waited_for_nothing_is_held_and_who_stops_it_loses_nothing(owner: Owner) -> None:
    one_by_one = Flavour(all_periods=False)
    world = Options(clock=EVENING, positions=3, accounts=2, flavour=one_by_one)
    with serve(world) as gateway, owner.night(gateway) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if WAITING in line:
                break
        assert process.poll() is None, told
        assert set(owner.ended()) == {dg.DagsterRunStatus.SUCCESS}, told
        assert held(owner.home, owner.data) == []
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: the whole group hears it
        after, _ = process.communicate(timeout=HANGS)
    assert process.returncode == STOPPED_CODE, after
    assert STOPPED in after
    assert "Traceback" not in after
    assert "mistake in the software" not in after
    assert list((owner.home / "alive").iterdir()) == []
    assert len(owner.nights.table("ledger")["account_id"].unique()) == world.accounts
    assert [path.name.endswith(OPEN) for path in owner.nights.lake.raw.files("performance", DAY)] == [True]
    waiting = [(work.dataset, work.waits_for) for work in owner.nights.lake.parked.waiting()]
    assert waiting == [("performance", "Postponed")]


def test_a_command_stopped_in_the_middle_of_a_landing_frees_everything_and_the_next_goes_on(owner: Owner) -> None:
    with serve(Options(clock=EVENING, positions=3)) as gateway:
        gateway.control.add_faults(SLOW_BARS)
        with owner.night(gateway) as process:
            soon(lambda: gateway.control.requests(path=HISTORY) or None, "bars to be asked for")
            os.killpg(process.pid, signal.SIGINT)
            told, _ = process.communicate(timeout=HANGS)
        assert process.returncode == STOPPED_CODE, told
        assert STOPPED in told
        assert owner.ended() == [dg.DagsterRunStatus.FAILURE]
        assert held(owner.home, owner.data) == []
        before = _assert_landed_before_the_bars(owner.nights, gateway)
        with owner.night(gateway) as process:
            told, _ = process.communicate(timeout=HANGS)
        assert process.returncode == 0, told
        _assert_went_on(owner.nights, gateway, before)


def test_a_run_terminated_in_the_ui_frees_everything_and_the_next_goes_on(tmp_path: Path) -> None:
    home, data = tmp_path / "home", tmp_path / "data"
    with serve(Options(clock=EVENING, positions=3)) as gateway:
        gateway.control.add_faults(SLOW_BARS)
        with dagster_dev(tmp_path, SMALL, **_settings(gateway)) as dev:
            run = dev.run("nightly", DAY)
            soon(lambda: gateway.control.requests(path=HISTORY) or None, "bars to be asked for")
            dev.terminate(run)
            assert dev.ended(runIds=[run]) == {run: "CANCELED"}
            assert held(home, data) == []
            before = _assert_landed_before_the_bars(Nights(data), gateway)
            again = dev.run("nightly", DAY)
            assert dev.ended(runIds=[again]) == {again: "SUCCESS"}
            assert held(home, data) == []
        _assert_went_on(Nights(data), gateway, before)


def _assert_landed_before_the_bars(nights: Nights, gateway: Running) -> Counter[str]:
    """What was landed is kept, of the bars that nobody waited for there is none; gives what was asked for."""
    raw = nights.lake.raw
    for dataset in ("accounts", "ledger", "positions", "instruments"):
        assert [path.name.endswith(OPEN) for path in raw.files(dataset, DAY)] == [False], dataset
    assert raw.landings("bars_1d", DAY) == []
    assert len(nights.table("positions")) == 3
    gateway.control.clear_faults()
    return _asked(gateway)


def _assert_went_on(nights: Nights, gateway: Running, before: Counter[str]) -> None:
    again = [path for path in _asked(gateway) - before if path in before]
    assert again == [HISTORY], "only what had not come yet"
    assert 265598 in set(nights.query("from bars_1d")["conid"])
    assert len(nights.query("from positions")) == 3
    assert nights.lake.parked.waiting() == []


def _asked(gateway: Running) -> Counter[str]:
    """How often each path was asked, but for the session's: each process asks those."""
    session = ("/iserver/auth/", "/tickle", "/iserver/account", "/portfolio/accounts")
    return Counter(one["path"] for one in gateway.control.requests() if not one["path"].startswith(session))
