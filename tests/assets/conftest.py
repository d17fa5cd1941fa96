"""One recorded night for all tests of datasets; each gets a copy of its own to bend."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from resources.lake.parked import Parked
from resources.lake.resource import Lake
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.assets.bent import DAY, Bent
from tests.desk import buys_late
from tests.nights import EVERYTHING, MOST_ACTIVE, PROFILE, Nights
from tests.once import made_once

EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
WAITED = Parked(
    dataset="performance",
    days=(DAY,),
    waits_for="Postponed",
    reason="POST /pa/performance, 1 per 900 s: the next may be asked at 23:25:00 UTC.",
    parked_at=EVENING - timedelta(minutes=20),
    until=EVENING - timedelta(minutes=5),
    run_id="earlier",
)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw replies of a night."""
    folder = made_once(tmp_path_factory, "recorded", _record)
    return Lake(root=str(folder), profile=PROFILE).layout.folder / "raw"


def _record(folder: Path) -> None:
    """Two pages of positions, bars of a few bonds, transactions of a share that earned something; some had waited."""
    scope: dict[str, Any] = {"watchlist": ["AAPL"], "bars_asset_classes": ["BOND"], "bars_depth_days": 15}
    scope |= {"options_underlyings": ["AAPL"], "options_months": 2, "options_requests": 5, "details_requests": 2}
    scope["scanner_runs"] = [MOST_ACTIVE]
    old = Flavour(regsnapshot=True)  # newer gateways have it no longer
    with serve(Options(clock=EVENING, positions=115, flavour=old)) as gateway:
        buys_late(gateway)
        nights = Nights(folder, gateway, scope=scope, choices=EVERYTHING)
        nights.lake.parked.park(WAITED)
        outcome = nights.run("nightly", DAY.isoformat())
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)


@pytest.fixture
def bent(recorded: Path, tmp_path: Path) -> Bent:
    return Bent(recorded, tmp_path)
