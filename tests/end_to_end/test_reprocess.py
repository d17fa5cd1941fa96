"""Everything but raw can be deleted, and comes back the same, without a network."""

import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.settings import Choices
from resources.simulator.options import Options
from resources.simulator.server import serve
from resources.warehouse.build import connected
from tests.end_to_end.conftest import EVENING, WATCHED
from tests.nights import FEW, Nights

pytestmark = [pytest.mark.slow, pytest.mark.long]
DAYS = ["2026-11-20", "2026-11-23"]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights of one account, as files; the last of every dataset."""
    folder = tmp_path_factory.mktemp("lived")
    for day, ago in zip(DAYS, (3, 0), strict=True):
        with serve(Options(clock=EVENING - timedelta(days=ago), positions=30)) as gateway:
            choices = Choices() if day == DAYS[-1] else FEW
            outcome = Nights(folder, gateway, scope=WATCHED, choices=choices).run("nightly", day)
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    return folder


def test_reprocess_rebuilds_every_table_row_for_row_without_a_network(lived: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(lived, copy)
    nights = Nights(copy, gateway=None, scope=WATCHED)
    shutil.rmtree(nights.lake.layout.folder / "tables")
    shutil.rmtree(nights.lake.layout.folder / "warehouse")
    outcome = nights.run("reprocess", DAYS[0], DAYS[-1])
    assert outcome.is_success, outcome.failures
    assert outcome.requests == 0
    assert _tables(copy) == _tables(lived)
    assert _warehouse(copy) == _warehouse(lived)


def test_two_nights_are_two_days_in_the_history_of_positions(lived: Path) -> None:
    found = Nights(lived).query("select distinct trading_day from positions_history order by 1")
    assert [str(day.date()) for day in found["trading_day"]] == DAYS


def test_a_past_day_without_replies_is_refused_in_plain_words(lived: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(lived, copy)
    nights = Nights(copy, gateway=None, scope=WATCHED)
    shutil.rmtree(nights.lake.layout.raw_folder("ledger", DAYS[0]))
    outcome = nights.materialize("ledger", day=DAYS[0])
    assert outcome.failures == [
        f"ledger of {DAYS[0]}: no replies are in raw/ledger, so there is nothing to build it from. "
        "Land them first: raw/ledger."
    ]


def test_a_past_day_is_never_asked_for_again(lived: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(lived, copy)
    with serve(Options(clock=EVENING, positions=30)) as gateway:
        nights = Nights(copy, gateway, scope=WATCHED)
        before = len(nights.lake.raw.landings("positions", DAYS[0]))
        kept = nights.materialize("raw/positions", "positions", day=DAYS[0])
        shutil.rmtree(nights.lake.layout.raw_folder("positions", DAYS[0]))
        refused = nights.materialize("raw/positions", day=DAYS[0])
    assert kept.is_success, kept.failures
    assert kept.requests == 0
    assert before == 1
    [reason] = refused.failures
    assert "the gateway tells it only on the day itself, and its trading day is 2026-11-23 now" in reason
    assert "No replies of 2026-11-20 were ever landed" in reason


def _tables(folder: Path) -> dict[str, list[dict[str, object]]]:
    root = Nights(folder).lake.layout.folder / "tables"
    return {
        str(path.relative_to(root)): pq.read_table(path, partitioning=None).to_pylist()
        for path in sorted(root.rglob("*.parquet"))
    }


def _warehouse(folder: Path) -> dict[str, object]:
    with connected(Nights(folder).lake.layout.warehouse_file, read_only=True) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        return {
            name: connection.execute(f'select count(*), bit_xor(hash(t)) from "{name}" t').fetchall() for name in names
        }
