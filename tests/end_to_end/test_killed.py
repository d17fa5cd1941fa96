"""The command killed (kill -9) leaves nothing half done, and the next one makes it good.

What a kill at any moment does, test_killed_at_random asks.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from pipelines.settings import Choices
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.crooked import crooked
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import ALIKE, PROFILE, USUAL_TABLES, Listening, Nights, dagster_home

pytestmark = [pytest.mark.slow, pytest.mark.long]
ROOT = Path(__file__).parents[2]
SCOPE = {"watchlist": ["265598", "272093"], "bars_asset_classes": ["STK"], "bars_depth_days": 60}
LEFT_OUT = [*ALIKE, "orders", "trades"]
"""What is like the others, and what waits for its limits of seconds."""
CONFIG = f"""
watchlist = ["265598", "272093"]
leave_out = {json.dumps(LEFT_OUT)}
bars = {{ depth_days = 60, asset_classes = ["STK"] }}
"""
OBSERVATION = {"observed_at", "raw_sha256", "run_id", "reckoned_at"}
WORLD = Options(clock=EVENING, positions=20)
HANGS = 900  # seconds; a run takes about ten
Process = subprocess.Popen[str]


@dataclass(frozen=True)
class Owner:
    """Somebody who runs the command, with a data folder and a home for Dagster."""

    folder: Path

    def starts(self, gateway: Listening) -> Process:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("IBKR_")}
        own = {
            "DAGSTER_HOME": str(self.folder / "home"),
            "IBKR_DATA": str(self.folder / "data"),
            "IBKR_CONFIG": str(self.folder / "own.toml"),
            "IBKR_PROFILE": PROFILE,
            "IBKR_GATEWAY_URL": gateway.url,
            "IBKR_GATEWAY_CERT": str(gateway.certificate or ""),
        }
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "pipelines", "nightly", DAY],
            cwd=ROOT,
            env={**clean, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def nights(self) -> Nights:
        return Nights(self.folder / "data")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    with serve(WORLD) as running:
        nights = Nights(
            tmp_path_factory.mktemp("undisturbed"), running, scope=SCOPE, choices=Choices(leave_out=LEFT_OUT)
        )
        outcome = nights.run("nightly", DAY)
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    return nights


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    dagster_home(tmp_path / "home")
    (tmp_path / "own.toml").write_text(CONFIG)
    return Owner(tmp_path)


def test_killed_while_a_reply_arrives_and_as_a_step_ends(owner: Owner, undisturbed: Nights) -> None:
    _kill_at_reply(owner, "/portfolio/U9900001/positions/0")
    owner.nights.assert_whole(DAY, positions=WORLD.positions)
    _kill_after_line(owner, "check   ledger")
    owner.nights.assert_whole(DAY, positions=WORLD.positions)
    _assert_made_good(owner, undisturbed)


def _kill_at_reply(owner: Owner, path: str) -> None:
    """Kill between the gateway's answer and its arrival."""
    victims: list[Process] = []

    def kill(body: bytes) -> tuple[int, bytes]:
        victims[0].kill()
        return 200, body

    with serve(WORLD) as running, crooked(running, {path: kill}) as gateway, _started(owner, gateway) as process:
        victims.append(process)
        told, _ = process.communicate(timeout=HANGS)
        assert process.returncode == -9, told


def _kill_after_line(owner: Owner, words: str) -> None:
    with serve(WORLD) as running, _started(owner, running) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if words in line:
                process.kill()
                break
        else:
            pytest.fail(f"no line told of {words!r}")
        assert process.wait() == -9


@contextmanager
def _started(owner: Owner, gateway: Listening) -> Iterator[Process]:
    with owner.starts(gateway) as process:
        try:
            yield process
        finally:
            process.kill()


def _assert_made_good(owner: Owner, undisturbed: Nights) -> None:
    with serve(WORLD) as running, _started(owner, running) as process:
        told, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 0, told
    nights = owner.nights
    for table in (one for one in USUAL_TABLES if one.raw.time != "local" and one.raw.name not in LEFT_OUT):
        found, expected = nights.table(table.name), undisturbed.table(table.name)
        kept = [name for name in expected.columns if name not in OBSERVATION]
        pd.testing.assert_frame_equal(found[kept], expected[kept])
        published = nights.query(f'select count(*) as rows from "{table.name}"')["rows"].tolist()
        assert published == [len(expected)], table.name
    assert [path.name for path in nights.lake.layout.folder.rglob("*.tmp*")] == []
