"""One simulated night, shared by the tests that only look at it, in whichever process they are."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines.outcome import Outcome
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.nights import SOME_OF_ALL, Nights
from tests.once import made_once

DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
BARS = {"bars_asset_classes": ["CASH", "BOND"], "bars_depth_days": 150}
WATCHED = {**SOME_OF_ALL, "watchlist": ["AAPL", "265598"], **BARS}
DATA, HOME, OUTCOME = "data", "home", "outcome.pickle"


@dataclass(frozen=True)
class Night:
    """A finished night: what it left behind."""

    nights: Nights
    outcome: Outcome


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder = made_once(tmp_path_factory, "night", _live)
    with dg.DagsterInstance.local_temp(str(folder / HOME)) as instance:
        nights = Nights(folder / DATA, scope=WATCHED, instance=instance)
        yield Night(nights, pickle.loads((folder / OUTCOME).read_bytes()))


def _live(folder: Path) -> None:
    (folder / HOME).mkdir(parents=True)
    with (
        serve(Options(clock=EVENING, positions=120)) as gateway,
        dg.DagsterInstance.local_temp(str(folder / HOME)) as instance,
    ):
        outcome = Nights(folder / DATA, gateway, scope=WATCHED, instance=instance).run("nightly", DAY)
    (folder / OUTCOME).write_bytes(pickle.dumps(outcome))
