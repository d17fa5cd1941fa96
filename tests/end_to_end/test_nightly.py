"""The nightly job as a whole, against the simulator over HTTPS."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.nights import Nights

DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.mark.slow
def test_a_night_lands_builds_checks_and_publishes_everything(tmp_path: Path) -> None:
    with serve(Options(clock=EVENING, positions=120)) as gateway:
        outcome = Nights(tmp_path, gateway).run("nightly", DAY)
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert outcome.datasets["positions"].rows == 120
