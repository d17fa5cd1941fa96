"""Drift, asked of every dataset: a field that is new, gone or of another kind touches its row and no other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from assets.kit.batch import Source
from assets.kit.conform import Conformed, conform
from assets.kit.declare import Table
from assets.kit.replies import day_answers
from resources.lake.layout import Layout
from resources.lake.raw import RawStore
from resources.lake.tables import TableStore
from tests.assets.bent import DAY, TABLES

pytestmark = pytest.mark.slow

Record = Mapping[str, Any]
OF_THE_GATEWAY = sorted(name for name, table in TABLES.items() if table.raw.time != "local")
STRANGE = {"of": ["another", "kind"]}


def _source(table: Table, recorded: Path) -> Source:
    """A reply of the recorded night with rows that are all accepted."""
    layout = Layout(recorded.parent)
    shape = table.given_from(TableStore(layout)).shape
    for page, file in day_answers(RawStore(layout), table, DAY.isoformat()):
        source = Source(shape(page), page.envelope, file, DAY)
        if source.block.records and conform(table.row, [source]).rejected.num_rows == 0:
            return source
    raise AssertionError("the recorded night has none")


def _with_first(table: Table, source: Source, first: Record) -> Conformed:
    records: Sequence[Record] = [first, *source.block.records[1:]]
    block = type(source.block)(records, source.block.constants)
    return conform(table.row, [Source(block, source.envelope, source.raw_file, source.trading_day)])


@pytest.mark.parametrize("name", OF_THE_GATEWAY)
def test_a_required_field_that_is_gone_or_of_another_kind_fails_its_row_alone_and_is_named(
    recorded: Path, name: str
) -> None:
    table = TABLES[name]
    source = _source(table, recorded)
    first, count = source.block.records[0], len(source.block.records)
    for column in table.row.columns:
        if column.is_nullable or column.derive or column.wire not in first:
            continue
        for changed in ({**first, column.wire: STRANGE}, {**first, column.wire: None}):
            done = _with_first(table, source, changed)
            assert (done.accepted.num_rows, done.rejected.num_rows) == (count - 1, 1), column.name
            [reasons] = done.rejected["reasons"].to_pylist()
            assert any(why.startswith(f"{column.name}: {column.wire} ") for why in reasons)
            assert orjson.loads(done.rejected["record"][0].as_py())[column.wire] == changed[column.wire]


@pytest.mark.parametrize("name", OF_THE_GATEWAY)
def test_a_field_that_is_new_is_kept_and_reported_and_fails_nothing(recorded: Path, name: str) -> None:
    table = TABLES[name]
    source = _source(table, recorded)
    done = _with_first(table, source, {**source.block.records[0], "novelty": STRANGE})
    assert (done.accepted.num_rows, done.rejected.num_rows) == (len(source.block.records), 0)
    assert done.unknown["novelty"] == '{"of":["another","kind"]}'
    kept = [orjson.loads(extra) for extra in done.accepted["extra"].to_pylist() if extra]
    assert {"novelty": STRANGE}.items() <= kept[0].items()
