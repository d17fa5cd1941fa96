"""A simulated gateway that paces as strictly as the real one, and one client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.resources.gateway.wired import EVENING, Hours, Wired, wired


@pytest.fixture
def gateway() -> Iterator[Running]:
    """It paces as strictly as the real one."""
    with serve(Options(clock=EVENING, positions=120)) as running:
        yield running
        assert running.control.limits()["broken"] == []


@pytest.fixture
def one(gateway: Running, tmp_path: Path) -> Iterator[Wired]:
    with wired(gateway, tmp_path, Hours(gateway)) as client:
        yield client
