from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from assets.kit.merging import read_partition
from assets.kit.schema import arrow_schema
from tests.assets.bent import TABLES, Bent

BARS = TABLES["bars_1d"]


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
