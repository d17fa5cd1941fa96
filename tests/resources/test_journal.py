import os
import resource
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from multiprocessing import get_context
from pathlib import Path

import pytest

from resources.journal import Journal

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MANY, LONG = 200, "x" * 9000


def test_records_come_back_in_the_order_of_writing_a_file_a_day(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "calls")
    for days in (1, 0, 0):
        journal.append({"days": days, "day": date(2026, 11, 23), "at": NOON}, at=NOON + timedelta(days=days))
    assert [record["days"] for record in journal.everything()] == [0, 0, 1]
    assert sorted(path.name for path in journal.folder.iterdir()) == ["2026-11-23.jsonl", "2026-11-24.jsonl"]
    [first, *_] = journal.everything()
    assert datetime.fromisoformat(first["at"]) == NOON


def test_the_day_of_a_record_is_the_utc_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append({}, at=datetime(2026, 11, 24, 1, 0, tzinfo=timezone(timedelta(hours=9))))
    assert (tmp_path / "2026-11-23.jsonl").exists()


def test_a_span_is_read_by_whole_days_and_missing_ones_are_no_trouble(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for days in (0, 2, 5):
        journal.append({"days": days}, at=NOON + timedelta(days=days))
    found = journal.between(NOON, NOON + timedelta(days=3))
    assert [record["days"] for record in found] == [0, 2]
    assert list(Journal(tmp_path / "none").everything()) == []
    assert list(Journal(tmp_path / "none").between(NOON, NOON)) == []


@pytest.mark.parametrize("torn", [b'{"half":', b'{"half": "a', b"\x00\x00\x00", b"5", b"[1]\n", b"\n\n", b"\xff"])
def test_a_line_that_was_cut_short_costs_itself_and_not_the_next(tmp_path: Path, torn: bytes) -> None:
    journal = Journal(tmp_path)
    journal.append({"number": 1}, at=NOON)
    with (tmp_path / "2026-11-23.jsonl").open("ab") as file:
        file.write(torn)
    journal.append({"number": 2}, at=NOON)
    journal.append({"number": 3}, at=NOON)
    assert [record["number"] for record in journal.everything()] == [1, 2, 3]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        Journal(tmp_path / "calls").append({}, at=NOON)
    finally:
        os.umask(mask)
    assert (tmp_path / "calls").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "calls" / "2026-11-23.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_record_that_did_not_fit_on_the_disk_is_an_error_and_later_ones_are_whole(tmp_path: Path) -> None:
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(_write_beyond_a_limit, (tmp_path,)) is True
    Journal(tmp_path).append({"number": 2}, at=NOON)
    assert [record["number"] for record in Journal(tmp_path).everything()] == [0, 2]


def _write_beyond_a_limit(folder: Path) -> bool:
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal(folder)
    journal.append({"number": 0}, at=NOON)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    try:
        journal.append({"number": 1, "long": LONG}, at=NOON)
    except OSError as error:
        return "Make room on the disk" in str(error)
    return False


@pytest.mark.parametrize("is_synced", [False, True])
def test_lines_of_several_writers_never_mix(tmp_path: Path, is_synced: bool) -> None:
    journal = Journal(tmp_path, is_synced=is_synced)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: journal.append({"number": number, "long": LONG}, at=NOON), range(MANY)))
    records = list(journal.everything())
    assert sorted(record["number"] for record in records) == list(range(MANY))
    assert {record["long"] for record in records} == {LONG}


def test_lines_of_several_processes_never_mix(tmp_path: Path) -> None:
    with get_context("spawn").Pool(3) as pool:
        pool.map(_write_many, [(tmp_path, first) for first in (0, MANY, 2 * MANY)])
    records = list(Journal(tmp_path).everything())
    assert sorted(record["number"] for record in records) == list(range(3 * MANY))


def _write_many(task: tuple[Path, int]) -> None:
    folder, first = task
    for number in range(first, first + MANY):
        Journal(folder).append({"number": number, "long": LONG}, at=NOON)
