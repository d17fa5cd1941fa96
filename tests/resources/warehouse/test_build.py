import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.warehouse.build import WarehouseMistake, build, columns_of, connected
from resources.warehouse.source import ColumnDoc, Mart, TableSource

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
OLD_DUCKDB = ROOT / ".venv" / "duckdb15"
COLUMNS = (
    ColumnDoc("conid", "BIGINT", False, "IBKR's contract id."),
    ColumnDoc("version", "BIGINT", True, "The owner's version."),
)
DOUBLED = Mart("doubled", "Twice the ids.", "select conid * 2 as twice, version from held", (("twice", "Two ids."),))
UP_TO = Mart(
    "up_to", "Ids up to one.", "select conid from held where conid <= as_of", (("conid", "Id."),), "1e9::bigint"
)

READER = """
import sys, time
import duckdb
path, stop = sys.argv[1], sys.argv[2]
import pathlib
reads = 0
while not pathlib.Path(stop).exists() or reads < 5:
    connection = duckdb.connect(path, read_only=True)
    one = connection.execute("select count(*), min(version), max(version) from held").fetchall()[0]
    two = connection.execute("select count(*), min(version), max(version) from doubled").fetchall()[0]
    connection.close()
    assert one == two and one[1] == one[2], (one, two)
    reads += 1
    if reads == 1:
        print("reading", flush=True)
print(reads)
"""


def _source(folder: Path, version: int = 1, rows: int = 1000) -> TableSource:
    path = folder / f"part-{version}.parquet"
    pq.write_table(pa.table({"conid": list(range(rows, 0, -1)), "version": [version] * rows}), path)
    return TableSource("held", "What is held.", COLUMNS, (path,), ("conid",))


def test_tables_are_sorted_typed_and_say_what_they_are(tmp_path: Path) -> None:
    rows = build(tmp_path / "w.duckdb", [_source(tmp_path)], [DOUBLED])
    assert rows == {"held": 1000, "doubled": 1000}
    with connected(tmp_path / "w.duckdb", read_only=True) as connection:
        assert connection.execute("select conid from held limit 2").fetchall() == [(1,), (2,)]
        told = connection.execute(
            "select column_name, data_type, is_nullable, comment from duckdb_columns() where table_name = 'held'"
        ).fetchall()
        assert told == [
            ("conid", "BIGINT", False, "IBKR's contract id."),
            ("version", "BIGINT", True, "The owner's version."),
        ]
        assert connection.execute("select comment from duckdb_tables() where table_name = 'doubled'").fetchall() == [
            ("Twice the ids.",)
        ]


def test_a_table_that_never_landed_is_there_without_rows(tmp_path: Path) -> None:
    empty = TableSource("held", "What is held.", COLUMNS, (), ("conid",))
    assert build(tmp_path / "w.duckdb", [empty], [DOUBLED]) == {"held": 0, "doubled": 0}


def test_a_mart_that_is_told_as_of_something_is_a_view_of_all_and_a_macro_of_any(tmp_path: Path) -> None:
    assert build(tmp_path / "w.duckdb", [_source(tmp_path)], [UP_TO]) == {"held": 1000, "up_to": 1000}
    assert columns_of((UP_TO,), (_source(tmp_path),)) == {"up_to": {"conid": "BIGINT"}}
    with connected(tmp_path / "w.duckdb", read_only=True) as connection:
        assert connection.execute("select count(*) from up_to").fetchall() == [(1000,)]
        assert connection.execute("select count(*) from up_to(7)").fetchall() == [(7,)]
        told = "select comment from duckdb_views() where view_name = 'up_to'"
        assert connection.execute(told).fetchall() == [("Ids up to one.",)]
        told = "select comment from duckdb_columns() where table_name = 'up_to'"
        assert connection.execute(told).fetchall() == [("Id.",)]


def test_a_mart_that_fails_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    target = tmp_path / "out" / "w.duckdb"
    build(target, [_source(tmp_path)], [DOUBLED])
    before = target.read_bytes()
    with pytest.raises(duckdb.BinderException):
        build(target, [_source(tmp_path, version=2)], [Mart("wrong", "", "select nothing from held", ())])
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["w.duckdb"]


def test_a_required_value_that_is_missing_is_never_published(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"conid": pa.array([1, None]), "version": [1, 1]}), path)
    source = TableSource("held", "", COLUMNS, (path,), ("conid",))
    with pytest.raises(WarehouseMistake, match="held: files of it are not as this version .* make reprocess"):
        build(tmp_path / "w.duckdb", [source], [])
    assert not (tmp_path / "w.duckdb").exists()


def test_files_of_before_a_column_was_there_have_none_in_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old.parquet", tmp_path / "new.parquet"
    pq.write_table(pa.table({"conid": [1]}), old)
    pq.write_table(pa.table({"version": [7], "conid": [2]}), new)
    build(tmp_path / "w.duckdb", [TableSource("held", "", COLUMNS, (old, new), ("conid",))], [])
    with connected(tmp_path / "w.duckdb", read_only=True) as connection:
        assert connection.execute("from held").fetchall() == [(1, None), (2, 7)]
    with pytest.raises(WarehouseMistake, match="version.* make reprocess"):
        build(tmp_path / "w.duckdb", [TableSource("held", "", COLUMNS, (old,), ("conid",))], [])


def test_rows_that_were_not_loaded_are_noticed(tmp_path: Path) -> None:
    thief = Mart("thief", "", "select 1 as one; delete from held where conid = 7", ())
    with pytest.raises(WarehouseMistake, match="held: 999 rows were loaded, the files hold 1000"):
        build(tmp_path / "w.duckdb", [_source(tmp_path)], [thief])
    assert not (tmp_path / "w.duckdb").exists()


def test_a_reader_in_another_process_sees_whole_versions_during_50_publications(tmp_path: Path) -> None:
    target, stop = tmp_path / "w.duckdb", tmp_path / "stop"
    build(target, [_source(tmp_path, version=0)], [DOUBLED])
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(target), str(stop)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "reading\n"
    for version in range(1, 51):
        assert build(target, [_source(tmp_path, version=version)], [DOUBLED]) == {"held": 1000, "doubled": 1000}
    stop.touch()
    out, errors = reader.communicate(timeout=600)
    assert reader.returncode == 0, errors
    assert int(out) >= 5


def test_duckdb_1_5_reads_what_2_0_wrote(tmp_path: Path) -> None:
    target = tmp_path / "w.duckdb"
    build(target, [_source(tmp_path)], [DOUBLED, UP_TO])
    query = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); "
        "sums = ('sum(twice) from doubled', 'sum(conid) from up_to', 'sum(conid) from up_to(7)'); "
        "print(duckdb.__version__, *(c.execute('select ' + one).fetchall()[0][0] for one in sums))"
    )
    done = subprocess.run(
        [sys.executable, "-c", query, str(target)],
        env={**os.environ, "PYTHONPATH": str(OLD_DUCKDB)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["1.5.6", "1001000", "500500", "28"], (
        done.stderr or "run `make check`: it installs DuckDB 1.5 beside"
    )
