"""Raw files, tables and profiles: whole or not at all, append-only, never mixed."""

import gzip
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from resources.envelope import Envelope, Request
from resources.lake.layout import Layout
from resources.lake.profile import WrongProfile, claim
from resources.lake.publish import published
from resources.lake.raw import RawDamaged, RawStore, written_by
from resources.lake.tables import TableStore

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
ENVELOPES = [
    Envelope(Request("GET", f"/portfolio/U9900001/positions/{page}", {}), 200, {}, b"[%d]" % page, NOW, "run-123456789")
    for page in range(3)
]


@pytest.fixture
def raw(tmp_path: Path) -> RawStore:
    return RawStore(Layout(tmp_path / "p"))


def _land(raw: RawStore) -> Path:
    with raw.landing("positions", "2026-11-23", at=NOW, run_id="run-123456789") as landing:
        for envelope in ENVELOPES:
            landing.append(envelope)
    return landing.path


def test_a_landing_is_open_until_it_ends_well(raw: RawStore) -> None:
    with raw.landing("positions", "2026-11-23", at=NOW, run_id="run-1") as landing:
        landing.append(ENVELOPES[0])
        assert [path.name for path in raw.files("positions", "2026-11-23")] == [
            "20261123T233000Z-01-run-1.open.jsonl.gz"
        ]
        assert raw.landings("positions", "2026-11-23") == []
    assert [path.name for path in raw.landings("positions", "2026-11-23")] == ["20261123T233000Z-01-run-1.jsonl.gz"]


def test_replies_are_read_back_as_they_came_and_by_any_gzip_tool(raw: RawStore) -> None:
    path = _land(raw)
    assert list(raw.read(path)) == ENVELOPES
    assert gzip.decompress(path.read_bytes()).count(b"\n") == 3


def test_a_second_landing_stands_beside_the_first(raw: RawStore) -> None:
    first, second = _land(raw), _land(raw)
    assert raw.landings("positions", "2026-11-23") == [first, second]
    assert raw.partitions("positions") == ["2026-11-23"]


def test_of_two_runs_in_one_second_the_later_landing_is_the_last(raw: RawStore) -> None:
    for run_id in ("b", "a"):
        with raw.landing("positions", "2026-11-23", at=NOW, run_id=run_id) as landing:
            landing.append(ENVELOPES[0])
    assert raw.landings("positions", "2026-11-23")[-1] == landing.path
    assert landing.path.name == "20261123T233000Z-02-a.jsonl.gz"


def test_a_landing_that_fails_keeps_what_it_received_and_stays_open(raw: RawStore) -> None:
    def fail() -> None:
        with raw.landing("positions", "2026-11-23", at=NOW, run_id="run-1") as landing:
            landing.append(ENVELOPES[0])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    [cut_short] = raw.files("positions", "2026-11-23")
    assert list(raw.read(cut_short)) == ENVELOPES[:1]


def test_a_landing_that_had_nothing_to_ask_is_an_answer_too(raw: RawStore) -> None:
    with raw.landing("symbols", "2026-11-23", at=NOW, run_id="run-1"):
        pass
    [path] = raw.landings("symbols", "2026-11-23")
    assert list(raw.read(path)) == []


def test_a_file_cut_at_any_byte_gives_every_reply_before_the_cut(raw: RawStore) -> None:
    path = _land(raw)
    content = path.read_bytes()
    cut = path.with_name("cut.open.jsonl.gz")
    held = []
    for length in range(len(content) + 1):
        cut.write_bytes(content[:length])
        read = list(raw.read(cut))
        assert read == ENVELOPES[: len(read)]
        held.append(len(read))
    assert held == sorted(held)
    assert set(held) == {0, 1, 2, 3}


def test_a_closed_file_that_was_damaged_is_refused_with_what_to_do(raw: RawStore) -> None:
    path = _land(raw)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(RawDamaged, match="Restore the file from a backup"):
        list(raw.read(path))


def test_a_writer_killed_half_way_leaves_the_old_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "part-0.parquet"
    target.write_bytes(b"old")
    script = (
        "import os, signal, sys; from pathlib import Path; from resources.lake.publish import published\n"
        "with published(Path(sys.argv[1])) as beside:\n"
        "    beside.write_bytes(b'half'); beside.with_name(beside.name + '.wal').write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"
    assert list(tmp_path.glob("*.parquet")) == [target]
    with published(target) as beside:
        beside.write_bytes(b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["part-0.parquet"], "the next writer sweeps"


def test_a_block_that_fails_publishes_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with published(tmp_path / "x") as beside:
            beside.write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_rejected_rows_that_are_no_more_leave_no_file(tmp_path: Path) -> None:
    tables = TableStore(Layout(tmp_path))
    rows = pa.table({"record": ["{}"]})
    assert tables.write_rejected("ledger", "trading_day", "2026-11-23", rows) is not None
    assert len(tables.rejected_files("ledger")) == 1
    assert tables.write_rejected("ledger", "trading_day", "2026-11-23", rows.slice(0, 0)) is None
    assert tables.rejected_files("ledger") == []


def test_partitions_are_listed_in_order(tmp_path: Path) -> None:
    tables = TableStore(Layout(tmp_path))
    for day in ("2026-11-23", "2026-11-20"):
        tables.write("ledger", "trading_day", day, pa.table({"a": [day]}))
    assert tables.values("ledger") == ["2026-11-20", "2026-11-23"]
    latest = [tables.latest("ledger", "trading_day", day) for day in ("2026-11-19", "2026-11-22", "2026-11-23")]
    assert [path and path.parent.name for path in latest] == [None, "trading_day=2026-11-20", "trading_day=2026-11-23"]
    assert tables.read(tables.files("ledger"))["a"].tolist() == ["2026-11-20", "2026-11-23"]


@pytest.mark.parametrize("is_simulated", [True, False])
def test_a_profile_keeps_the_kind_of_data_it_began_with(tmp_path: Path, is_simulated: bool) -> None:
    layout = Layout(tmp_path / "p")
    claim(layout, is_simulated=is_simulated)
    claim(layout, is_simulated=is_simulated)
    with pytest.raises(WrongProfile, match="Set IBKR_PROFILE to another name"):
        claim(layout, is_simulated=not is_simulated)
    assert layout.folder.stat().st_mode & 0o077 == 0, "readable by the owner only"


def test_after_a_table_is_written_arrow_gives_freed_memory_back_to_the_system(tmp_path: Path) -> None:
    TableStore(Layout(tmp_path)).write("ledger", "trading_day", "2026-11-23", pa.table({"a": [1]}))
    assert pa.default_memory_pool().backend_name == "system"


def test_a_landing_tells_by_its_name_which_run_wrote_it(raw: RawStore) -> None:
    path = _land(raw)
    assert "run-123456789".startswith(written_by(path))
    assert len(written_by(path)) == 8
