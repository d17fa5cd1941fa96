from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.declare import ByMonth, ByYear
from assets.kit.merging import merged, parted, read_partition
from assets.kit.schema import arrow_schema
from tests.assets.bent import TABLES, Bent

BARS = TABLES["bars_1d"]
SCHEMA = pa.schema([("name", pa.string()), ("number", pa.int64()), ("observed_at", pa.int64()), ("place", pa.int64())])


def _without(bent: Bent, *names: str) -> Path:
    """A year of bars as a version that did not have some columns wrote it."""
    [path] = bent.lake.tables.files(BARS.name)
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(list(names)), path)
    return path


def test_a_partition_of_before_a_column_was_there_has_none_in_it(bent: Bent) -> None:
    bent.build("bars_1d")
    rows = read_partition(BARS, _without(bent, "extra"))
    assert rows.schema == arrow_schema(BARS.row)
    assert rows["extra"].null_count == rows.num_rows > 0


def test_a_partition_without_what_may_not_be_empty_is_refused_with_what_to_do(bent: Bent) -> None:
    bent.build("bars_1d")
    path = _without(bent, "close")
    with pytest.raises(dg.Failure) as failed:
        read_partition(BARS, path)
    assert "bars_1d: year=2026 was written by another version" in str(failed.value.description)
    assert "make reprocess writes it anew" in str(failed.value.description)


@pytest.mark.parametrize("storage", [ByYear(), ByMonth()])
@given(days=st.lists(st.dates(date(2024, 11, 1), date(2026, 2, 28)), max_size=30))
def test_each_row_is_in_the_partition_of_its_trading_day_and_keeps_its_place_in_its_month(
    storage: ByYear, days: list[date]
) -> None:
    rows = pa.table({"trading_day": pa.array(days, pa.date32()), "number": range(len(days))})
    parts = dict(parted(rows, storage))
    assert sorted(number for part in parts.values() for number in part["number"].to_pylist()) == list(range(len(days)))
    for value, part in parts.items():
        told = list(zip(part["trading_day"].to_pylist(), part["number"].to_pylist(), strict=True))
        assert {storage.value_of(day) for day, _ in told} == {value}
        assert told == sorted(told, key=lambda one: (one[0].year, one[0].month, one[1]))


ROWS = st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.integers(1, 3), st.integers(0, 2)), max_size=12)


@given(told=ROWS, cut=st.integers(0, 12), stands=st.sampled_from(["first", "last"]))
def test_of_rows_with_equal_keys_one_stands_and_those_that_stand_lie_by_key(
    told: list[tuple[str | None, int, int]], cut: int, stands: Literal["first", "last"]
) -> None:
    """A key that may be null is after all others, and null is like null."""
    rows = [(*row, place) for place, row in enumerate(told)]
    by_key: dict[tuple[str | None, int], list[tuple[str | None, int, int, int]]] = {}
    for row in sorted(rows, key=lambda one: one[2:]):
        by_key.setdefault(row[:2], []).append(row)
    standing = [alike[0 if stands == "first" else -1] for alike in by_key.values()]
    whole = pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)
    table = replace(BARS, key=("name", "number"), storage=ByYear(stands=stands))
    found = merged(table, [whole.slice(0, cut), whole.slice(cut)]).to_pylist()
    expected = sorted(standing, key=lambda one: (one[0] is None, one[0] or "", one[1]))
    assert [tuple(row.values()) for row in found] == expected


def test_values_sort_as_time_does() -> None:
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 10, 1)]
    assert [ByMonth().value_of(day) for day in days] == ["2025-12", "2026-01", "2026-10"]
    assert [ByYear().value_of(day) for day in days] == ["2025", "2026", "2026"]
