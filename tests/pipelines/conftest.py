"""A house on the evening of a trading day, for what looks at it."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.pipelines.watched import EVENING, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with serve(Options(clock=EVENING, positions=2)) as simulator, dg.DagsterInstance.ephemeral() as instance:
        simulator.control.tick_at(0)
        yield House(tmp_path, simulator, instance)
