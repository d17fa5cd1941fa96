from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.shape import ShapeError, keyed, listed, paired, rows

NO_LIST: list[Any] = [None, {}, "text", 5]
NO_OBJECT: list[Any] = [None, [], "text", 5]


def test_a_block_is_the_records_as_they_came_and_what_holds_for_all_of_them() -> None:
    block = rows(iter([{"a": 1}, {}]), account_id="U9900001")
    assert (block.records, block.constants) == ([{"a": 1}, {}], {"account_id": "U9900001"})


@pytest.mark.parametrize("strange", [None, 7, "text", [1]])
def test_a_record_that_is_no_object_is_a_shape_that_is_not_known(strange: Any) -> None:
    with pytest.raises(ShapeError, match="an object per row was due"):
        rows([{}, strange])


def test_only_the_beginning_of_what_came_is_told() -> None:
    with pytest.raises(ShapeError) as caught:
        rows(["x" * 500])
    assert len(str(caught.value)) < 130


@pytest.mark.parametrize("value", NO_LIST)
def test_what_is_no_list_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError, match="a list was due"):
        listed(value)


@pytest.mark.parametrize("value", NO_OBJECT)
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError, match="an object was due"):
        keyed(value)


@given(dates=st.lists(st.text()), values=st.lists(st.floats()))
def test_parallel_arrays_are_paired_whole_or_not_at_all(dates: list[str], values: list[float]) -> None:
    if len(dates) != len(values):
        with pytest.raises(ShapeError, match=f"{len(dates)} dates stand beside {len(values)} values"):
            paired(dates, values, date="date", value="nav")
        return
    records = paired(dates, values, date="date", value="nav")
    assert [record["date"] for record in records] == dates
    assert [record["nav"] for record in records] == [pytest.approx(value, nan_ok=True) for value in values]
