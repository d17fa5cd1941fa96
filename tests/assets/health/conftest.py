from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.outcome import Outcome
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.assets.health.written import Written
from tests.nights import USUAL_LANDINGS, Nights, only

DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
FROM_THE_LOGIN = ["accounts", "allocation", "ledger", "positions"]
SMALL = only(*FROM_THE_LOGIN, *(one.name for one in USUAL_LANDINGS if one.time == "local"))
"""A few datasets that are landed and checked, and all that is found about them."""
SCOPE = {"watchlist": ["AAPL"], "bars_asset_classes": ["BOND"], "bars_depth_days": 15}


@dataclass(frozen=True)
class Night:
    """A night that was run, and its gateway, which still answers."""

    nights: Nights
    outcome: Outcome
    gateway: Running


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A night on which all went well."""
    with serve(Options(clock=EVENING, positions=5)) as gateway:
        nights = Nights(tmp_path_factory.mktemp("night"), gateway, scope=SCOPE)
        yield Night(nights, nights.run("nightly", DAY), gateway)


@pytest.fixture(scope="module")
def lapsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A night on which nobody had logged in."""
    with serve(Options(clock=EVENING, positions=5, logged_in=False)) as gateway:
        nights = Nights(tmp_path_factory.mktemp("lapsed"), gateway, scope=SCOPE, choices=SMALL)
        yield Night(nights, nights.run("nightly", DAY), gateway)
