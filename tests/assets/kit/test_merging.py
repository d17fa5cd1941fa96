from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.declare import ByMonth, ByYear
from assets.kit.merging import parted


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


def test_values_sort_as_time_does() -> None:
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 10, 1)]
    assert [ByMonth().value_of(day) for day in days] == ["2025-12", "2026-01", "2026-10"]
    assert [ByYear().value_of(day) for day in days] == ["2025", "2026", "2026"]
