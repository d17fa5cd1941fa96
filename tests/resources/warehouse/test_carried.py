"""A warehouse of which large tables are carried over is the one that is built of the same files from nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.warehouse.build import WarehouseMistake, build, connected
from resources.warehouse.source import ColumnDoc, Mart, TableSource

FIRST = date(2026, 1, 30)
DAY = ColumnDoc("trading_day", "DATE", False, "Day.")
CONID = ColumnDoc("conid", "BIGINT", False, "IBKR's contract id.")
CLOSE = ColumnDoc("close", "DOUBLE", True, "Last price.")
COLUMNS = (DAY, CONID, CLOSE)
LATEST = Mart("latest", "Last close.", "select conid, arg_max(close, trading_day) as close from bars group by all", ())
LARGE = 4
Month = Mapping[int, float]  # the close of each day of it
Years = Mapping[str, Month]


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _write(folder: Path, month: str, closes: Month, columns: Sequence[ColumnDoc] = COLUMNS) -> Path:
    path = folder / f"month={month}" / "part-0.parquet"
    path.parent.mkdir(exist_ok=True)
    rows = [(_day(number), conid, close) for conid in (7, 8) for number, close in sorted(closes.items())]
    days, conids, prices = zip(*rows, strict=True)
    made = {"trading_day": pa.array(days), "conid": pa.array(conids), "close": pa.array(prices)}
    pq.write_table(pa.table({one.name: made[one.name] for one in columns}), path)
    return path


def _bars(files: Sequence[Path], columns: tuple[ColumnDoc, ...] = COLUMNS) -> TableSource:
    return TableSource("bars", "Bars.", columns, tuple(sorted(files)), ("conid", "trading_day"))


def _up_to(compared: str) -> Mart:
    """Bars of the days before one, or up to it."""
    return Mart("up_to", "Bars up to a day.", f"from bars where trading_day {compared} as_of", (), "date '2027-01-01'")


def _rows(warehouse: Path, sql: str = "from bars order by all") -> list[tuple[object, ...]]:
    with connected(warehouse, read_only=True) as connection:
        found: list[tuple[object, ...]] = connection.execute(sql).fetchall()
    return found


closes = st.dictionaries(st.integers(0, 5), st.sampled_from([1.0, 2.0]), min_size=1)
nights = st.lists(st.dictionaries(st.sampled_from(["1", "2", "3"]), closes, min_size=1), min_size=2, max_size=4)


@settings(max_examples=8)
@given(nights)
@pytest.mark.slow
def test_whatever_files_change_come_and_go_the_rows_are_those_of_the_files(history: Sequence[Years]) -> None:
    with TemporaryDirectory() as made:
        folder = Path(made)
        for months in history:
            for old in folder.glob("month=*/part-0.parquet"):
                old.unlink()
            files = [
                _write(folder, month, {number + 6 * int(month): close for number, close in days.items()})
                for month, days in months.items()
            ]
            build(folder / "w.duckdb", [_bars(files)], [LATEST], large=LARGE)
            build(folder / "anew.duckdb", [_bars(files)], [LATEST])
            for sql in ("from bars order by all", "from latest order by all"):
                assert _rows(folder / "w.duckdb", sql) == _rows(folder / "anew.duckdb", sql)


def test_a_day_more_is_added_and_the_rest_stays_where_it_lies(tmp_path: Path) -> None:
    path, warehouse = _write(tmp_path, "1", {0: 1.0, 1: 1.0}), tmp_path / "w.duckdb"
    assert build(warehouse, [_bars([path])], [LATEST], large=LARGE) == {"bars": 4, "latest": 2}
    assert [conid for _, conid, _ in _rows(warehouse, "from bars")] == [7, 7, 8, 8]
    _write(tmp_path, "1", {0: 1.0, 1: 1.0, 2: 3.0})
    assert build(warehouse, [_bars([path])], [LATEST], large=LARGE) == {"bars": 6, "latest": 2}
    assert [conid for _, conid, _ in _rows(warehouse, "from bars")] == [7, 7, 8, 8, 7, 8]
    assert _rows(warehouse, "from latest order by all") == [(7, 3.0), (8, 3.0)]


def test_a_restated_day_replaces_that_day_alone(tmp_path: Path) -> None:
    path, warehouse = _write(tmp_path, "1", {0: 1.0, 1: 1.0}), tmp_path / "w.duckdb"
    build(warehouse, [_bars([path])], [], large=LARGE)
    _write(tmp_path, "1", {0: 5.0, 1: 1.0})
    build(warehouse, [_bars([path])], [], large=LARGE)
    assert _rows(warehouse, "from bars") == [(_day(1), 7, 1.0), (_day(1), 8, 1.0), (_day(0), 7, 5.0), (_day(0), 8, 5.0)]


def test_a_table_that_got_a_column_is_loaded_anew(tmp_path: Path) -> None:
    old, warehouse = _write(tmp_path, "1", {0: 1.0, 1: 1.0}, COLUMNS[:2]), tmp_path / "w.duckdb"
    build(warehouse, [_bars([old], COLUMNS[:2])], [], large=LARGE)
    new = _write(tmp_path, "2", {40: 2.0})
    build(warehouse, [_bars([old, new])], [LATEST], large=LARGE)
    assert [row[2] for row in _rows(warehouse)] == [None, None, None, None, 2.0, 2.0]


def test_small_tables_are_loaded_anew_and_what_is_no_more_declared_goes(tmp_path: Path) -> None:
    path, warehouse = _write(tmp_path, "1", {0: 1.0, 1: 1.0}), tmp_path / "w.duckdb"
    small = TableSource("small", "", COLUMNS, (_write(tmp_path, "9", {9: 1.0}),), ("conid",))
    build(warehouse, [_bars([path]), small], [LATEST], large=LARGE)
    _write(tmp_path, "9", {9: 2.0})
    assert build(warehouse, [_bars([path]), small], [], large=LARGE) == {"bars": 4, "small": 2}
    assert [row[2] for row in _rows(warehouse, "from small")] == [2.0, 2.0]
    tables = "select table_name from duckdb_tables() where schema_name = 'main' order by all"
    assert _rows(warehouse, tables) == [("bars",), ("small",)]


def test_a_mart_that_is_told_as_of_something_is_made_anew_and_goes_when_it_is_no_more_declared(tmp_path: Path) -> None:
    path, warehouse = _write(tmp_path, "1", {0: 1.0, 1: 1.0}), tmp_path / "w.duckdb"
    build(warehouse, [_bars([path])], [_up_to("<"), LATEST], large=LARGE)
    assert build(warehouse, [_bars([path])], [_up_to("<="), LATEST], large=LARGE)["up_to"] == 4
    assert _rows(warehouse, f"select count(*) from up_to(date '{FIRST}')") == [(2,)]
    build(warehouse, [_bars([path])], [replace(_up_to("<="), as_of=None, sql="from bars")], large=LARGE)
    build(warehouse, [_bars([path])], [], large=LARGE)
    left = "select view_name from duckdb_views() where not internal union all select function_name from "
    left += "duckdb_functions() where function_type = 'table_macro' and not internal union all select table_name from "
    assert _rows(warehouse, f"{left} duckdb_tables() where schema_name = 'main'") == [("bars",)]


def test_a_warehouse_that_is_damaged_is_no_reason_not_to_build_one(tmp_path: Path) -> None:
    path, warehouse = _write(tmp_path, "1", {0: 1.0, 1: 1.0}), tmp_path / "w.duckdb"
    warehouse.write_bytes(b"no DuckDB at all")
    assert build(warehouse, [_bars([path])], [], large=LARGE) == {"bars": 4}


def test_a_file_that_may_not_be_as_it_is_leaves_the_warehouse_before(tmp_path: Path) -> None:
    path, warehouse = _write(tmp_path, "1", {0: 1.0, 1: 1.0}), tmp_path / "w.duckdb"
    build(warehouse, [_bars([path])], [], large=LARGE)
    before = warehouse.read_bytes()
    _write(tmp_path, "1", {0: 1.0, 1: 1.0}, COLUMNS[:1] + COLUMNS[2:])
    with pytest.raises(WarehouseMistake, match="conid.* make reprocess"):
        build(warehouse, [_bars([path])], [], large=LARGE)
    assert warehouse.read_bytes() == before
