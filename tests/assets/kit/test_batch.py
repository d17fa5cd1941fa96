from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.batch import ENOUGH, Batch, Source
from assets.kit.columnar import Columnar
from assets.kit.conform import conform, conformed
from assets.kit.schema import Row, column
from assets.kit.shape import Block, rows
from resources.envelope import Envelope, Request


class Quirky(Row):
    """Columns whose fields come as numbers, as text, and not at all."""

    known = frozenset({"ignored"})

    conid: int = column("conid", "Id.", gt=0)
    name: str | None = column("name", "Name.")
    price: float | None = column("price", "Price.")
    day: date | None = column("day", "Day.")
    is_open: bool | None = column("is_open", "Open.")


NUMBERS = st.one_of(
    st.integers(-3, 3), st.sampled_from([2**53, 2**53 + 1, 2**63, 20260105]), st.floats(-9, 9), st.just(1.0)
)
VALUES = st.one_of(NUMBERS, NUMBERS, st.none(), st.booleans(), st.sampled_from(["", "7", "1,300", "20260105", "word"]))
FIELDS = st.sampled_from(["conid", "name", "price", "day", "is_open", "ignored", "new"])
RECORDS = st.lists(st.one_of(st.dictionaries(FIELDS, VALUES), st.fixed_dictionaries({"conid": NUMBERS})), max_size=6)


def _source(records: Sequence[Mapping[str, Any]], **constants: Any) -> Source:
    envelope = Envelope(Request("GET", "/x", {}), 200, {}, b"[]", datetime(2026, 11, 23, 23, tzinfo=UTC), "run-1")
    block = rows(records, **constants)
    return Source(block, envelope, "raw/x.jsonl.gz", date(2026, 11, 23), again=lambda: block)


@given(records=RECORDS, enough=st.sampled_from([1, 2, ENOUGH]), size=st.integers(1, 4))
def test_however_records_are_spread_over_replies_they_become_the_same_rows(
    records: list[dict[str, Any]], enough: int, size: int
) -> None:
    whole = conform(Quirky, [_source(records)])
    batch = Batch(Quirky, enough=enough)
    for start in range(0, len(records), size):
        batch.take(_source(records[start : start + size]))
    parted = conformed(batch)
    assert parted.accepted.to_pylist() == whole.accepted.to_pylist()
    assert parted.rejected.to_pylist() == whole.rejected.to_pylist()
    assert parted.unknown == whole.unknown


@given(sizes=st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=6))
def test_records_that_are_columns_already_stay_in_their_place(sizes: list[tuple[int, bool]]) -> None:
    batch, told = Batch(Quirky, enough=4), iter(range(1, 20))
    for size, is_columnar in sizes:
        ids = [next(told) for _ in range(size)]
        columns = Columnar({"conid": np.array(ids, dtype="i8"), "price": np.array(ids, dtype="f8")})
        batch.take(_source(columns if is_columnar else [{"conid": one, "price": float(one)} for one in ids]))
    rows = conformed(batch).accepted
    assert rows["conid"].to_pylist() == rows["price"].to_pylist() == [*range(1, sum(size for size, _ in sizes) + 1)]


@pytest.mark.parametrize(
    "told", [[1, 2], [1.5, 2.0], [1, 2.5], [2**63, 1], [1, True], [1.0, True], [1, "2"], [None, 1.0]]
)
def test_what_came_comes_out_of_a_column_as_it_was(told: list[Any]) -> None:
    """An array of numbers would make 1 of true, and text of a number beside text."""
    batch = Batch(Quirky, enough=2)
    batch.take(_source([{"price": value} for value in told]))
    batch.take(_source([{"price": "word"}, {"price": None}]))
    column = [None if value is None or value != value else value for value in batch.column("price").tolist()]
    assert [(type(value), value) for value in column] == [(type(value), value) for value in [*told, "word", None]]


def test_numbers_of_one_kind_are_an_array() -> None:
    batch = Batch(Quirky, enough=1)
    batch.take(_source([{"price": 1.5}]))
    batch.take(_source([{"price": 2}]))
    assert batch.column("price").dtype == np.float64


def test_a_reply_that_can_be_shaped_again_is_not_kept_and_its_rejected_records_are_as_they_came() -> None:
    records = [{"conid": 1, "ignored": [1]}, {"conid": "no", "ignored": {"b": 1, "a": None}}]
    made: list[int] = []

    def again() -> Block:
        made.append(1)
        return rows(records)

    source = Source(rows(records), _source([]).envelope, "raw/x.jsonl.gz", date(2026, 11, 23), again=again)
    batch = Batch(Quirky)
    batch.take(_source([{"conid": 5}]))
    batch.take(source)
    assert [len(kept.block.records) for kept in batch.sources] == [0, 0]
    done = conformed(batch)
    assert done.rejected["record"].to_pylist() == ['{"conid":"no","ignored":{"a":null,"b":1}}']
    assert (done.accepted["conid"].to_pylist(), len(made)) == ([5, 1], 1)
