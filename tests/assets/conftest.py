"""One recorded night for all tests of datasets; each gets a copy of its own to bend."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.assets.bent import DAY, Bent
from tests.nights import Nights

EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw replies of a night with two pages of positions and the bars of a few bonds."""
    scope = {"watchlist": ["AAPL"], "bars_asset_classes": ["BOND"], "bars_depth_days": 15}
    with serve(Options(clock=EVENING, positions=120)) as gateway:
        nights = Nights(tmp_path_factory.mktemp("recorded"), gateway, scope=scope)
        outcome = nights.run("nightly", DAY.isoformat())
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    return nights.lake.layout.folder / "raw"


@pytest.fixture
def bent(recorded: Path, tmp_path: Path) -> Bent:
    return Bent(recorded, tmp_path)
