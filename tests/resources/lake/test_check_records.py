from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from resources.lake.check_records import CheckRecords
from resources.lake.layout import Layout

FRIDAY, MONDAY = date(2024, 11, 22), date(2024, 11, 25)
AT = datetime(2024, 11, 25, 23, 30, tzinfo=UTC)


@pytest.fixture
def records(tmp_path: Path) -> CheckRecords:
    return CheckRecords(Layout(tmp_path / "p"))


def _names(records: CheckRecords, day: date) -> list[str]:
    return [one["check"] for one in records.of_landing(day)]


def test_before_anything_is_written_there_is_nothing(records: CheckRecords) -> None:
    assert records.of_landing(MONDAY) == []


def test_a_landing_takes_what_none_took_before_and_keeps_it(records: CheckRecords) -> None:
    records.append({"check": "one"}, at=AT)
    assert _names(records, FRIDAY) == ["one"]
    records.note_landed(FRIDAY, at=AT)
    records.append({"check": "two"}, at=AT)
    assert _names(records, MONDAY) == ["two"]
    assert _names(records, FRIDAY) == ["one", "two"]
    records.note_landed(MONDAY, at=AT)
    assert _names(records, FRIDAY) == ["one"]
    assert _names(records, MONDAY) == ["two"]


def test_a_landing_that_was_killed_before_it_noted_it_leaves_all_to_the_next(records: CheckRecords) -> None:
    records.append({"check": "one"}, at=AT)
    assert _names(records, FRIDAY) == _names(records, MONDAY) == ["one"]


def test_a_line_that_was_cut_short_is_passed_over(records: CheckRecords) -> None:
    records.append({"check": "one"}, at=AT)
    with (records.layout.checks_folder / "all.jsonl").open("ab") as file:
        file.write(b'{"event":"chec')
    records.append({"check": "two"}, at=AT)
    assert _names(records, MONDAY) == ["one", "two"]
