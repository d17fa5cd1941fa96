"""The command killed (kill -9) leaves nothing half done, and the next one makes it good.

What a kill at any moment does, and that the rows are those of an undisturbed night, test_killed_at_random asks.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.crooked import crooked
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import NOT_IN_REAL_TIME, PROFILE, USUAL_TABLES, Listening, Nights, dagster_home, rest

pytestmark = [pytest.mark.slow, pytest.mark.long]
ROOT = Path(__file__).parents[2]
CONFIG = f"""
watchlist = ["265598", "272093"]
leave_out = {json.dumps(NOT_IN_REAL_TIME)}
bars = {{ depth_days = 60, asset_classes = ["STK"] }}
"""
ARRIVING = "/portfolio/U9900001/positions/0"
SESSION = ("/iserver/auth/", "/tickle", "/iserver/account", "/portfolio/accounts")
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


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    dagster_home(tmp_path / "home")
    (tmp_path / "own.toml").write_text(CONFIG)
    return Owner(tmp_path)


def test_killed_while_a_reply_arrives_the_next_command_asks_for_that_one_again_and_goes_on(owner: Owner) -> None:
    with serve(WORLD) as running:
        _kill_at_reply(owner, running, ARRIVING)
        owner.nights.assert_whole(DAY, positions=WORLD.positions)
        before = _asked(running)
        assert before[ARRIVING] == 1
        rest(running)
        with _started(owner, running) as process:
            told, _ = process.communicate(timeout=HANGS)
        again = [path for path in _asked(running) - before if path in before]
    assert process.returncode == 0, told
    assert again == [ARRIVING]
    nights = owner.nights
    nights.assert_whole(DAY, positions=WORLD.positions)
    for table in (one for one in USUAL_TABLES if one.raw.time != "local" and one.raw.name not in NOT_IN_REAL_TIME):
        published = nights.query(f'select count(*) as rows from "{table.name}"')["rows"].tolist()
        assert published == [len(nights.table(table.name))], table.name
    assert [path.name for path in nights.lake.layout.folder.rglob("*.tmp*")] == []


def _kill_at_reply(owner: Owner, running: Running, path: str) -> None:
    """Kill between the gateway's answer and its arrival."""
    victims: list[Process] = []

    def kill(body: bytes) -> tuple[int, bytes]:
        victims[0].kill()
        return 200, body

    with crooked(running, {path: kill}) as gateway, _started(owner, gateway) as process:
        victims.append(process)
        told, _ = process.communicate(timeout=HANGS)
        assert process.returncode == -9, told


@contextmanager
def _started(owner: Owner, gateway: Listening) -> Iterator[Process]:
    with owner.starts(gateway) as process:
        try:
            yield process
        finally:
            process.kill()


def _asked(gateway: Running) -> Counter[str]:
    """How often each path was asked, but for the session's: each process asks those."""
    return Counter(one["path"] for one in gateway.control.requests() if not one["path"].startswith(SESSION))
