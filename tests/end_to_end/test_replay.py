"""A recorded night can be run again anywhere, and gives the same tables."""

from pathlib import Path

import pandas as pd
import pytest

from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.end_to_end.conftest import DAY, WATCHED, Night
from tests.nights import USUAL_TABLES, Nights

pytestmark = pytest.mark.slow
EVENTS = {"orders", "trades"}
OF_A_RUN = ["run_id", "observed_at", "run_at"]


def test_a_replayed_night_gives_the_same_tables(night: Night, tmp_path: Path) -> None:
    recording = night.nights.lake.layout.folder / "raw"
    with serve(Options(replay=recording)) as gateway:
        nights = Nights(tmp_path, gateway, scope=WATCHED)
        outcome = nights.run("nightly", DAY)
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    for table in (one for one in USUAL_TABLES if one.raw.time != "local"):
        recorded, replayed = night.nights.table(table.name), nights.table(table.name)
        pd.testing.assert_frame_equal(
            recorded.drop(columns=OF_A_RUN, errors="ignore"),
            replayed.drop(columns=OF_A_RUN, errors="ignore"),
            check_categorical=False,  # replies of bars come in no certain order
        )
        assert len(recorded) == len(replayed)
        assert len(recorded) > 0 or table.name in EVENTS, table.name


def test_what_was_not_recorded_is_refused_in_one_line(night: Night, tmp_path: Path) -> None:
    recording = night.nights.lake.layout.folder / "raw"
    with serve(Options(replay=recording)) as gateway:
        nights = Nights(tmp_path, gateway, scope={**WATCHED, "watchlist": ["MSFT"]})
        outcome = nights.materialize("raw/symbols", day=DAY)
    [reason] = outcome.failures
    assert reason.startswith("GET /trsrv/stocks?symbols=MSFT: 404, not recorded")
