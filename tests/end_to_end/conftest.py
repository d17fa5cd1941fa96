"""One simulated night, shared by the tests that only look at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.outcome import Outcome
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.nights import SOME_OF_ALL, Nights

DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
BARS = {"bars_asset_classes": ["CASH", "BOND"], "bars_depth_days": 150}
WATCHED = {**SOME_OF_ALL, "watchlist": ["AAPL", "265598"], **BARS}


@dataclass(frozen=True)
class Night:
    """A finished night: what it left behind, and the gateway it was from."""

    nights: Nights
    outcome: Outcome
    gateway: Running


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder: Path = tmp_path_factory.mktemp("night")
    with serve(Options(clock=EVENING, positions=120)) as gateway:
        nights = Nights(folder, gateway, scope=WATCHED)
        yield Night(nights, nights.run("nightly", DAY), gateway)
