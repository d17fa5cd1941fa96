"""An append-only record of what happened: JSON lines, a file per UTC day or one, written by any number of processes.

Belongs here: appending and reading. Does not: what a record means. A line is one write to a file opened for
appending, so that lines of different processes never mix; a line cut short by a power cut or a full disk is passed
over, and the next one begins a line of its own.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from resources.private import FILE, make_folder


@dataclass(frozen=True, slots=True)
class Journal:
    """The records in one folder; `is_synced` ones survive a power cut, at a few milliseconds each.

    Where the order of writing matters more than the day, `is_daily` is false: clocks that disagree may swap days.
    """

    folder: Path
    is_synced: bool = False
    is_daily: bool = True

    def append(self, record: Mapping[str, Any], *, at: datetime) -> None:
        """Add a record to the day of `at`."""
        make_folder(self.folder)
        path = self.folder / (f"{at.astimezone(UTC):%Y-%m-%d}.jsonl" if self.is_daily else "all.jsonl")
        line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, FILE)
        try:
            if _is_cut_short(handle):
                line = b"\n" + line
            if os.write(handle, line) < len(line):
                raise OSError(errno.ENOSPC, f"{path}: a record was cut short. Make room on the disk")
            if self.is_synced:
                os.fsync(handle)
        finally:
            os.close(handle)

    def between(self, first: datetime, last: datetime) -> Iterator[dict[str, Any]]:
        """The records of all UTC days that lie between two instants, in the order of writing."""
        day, end = first.astimezone(UTC).date(), last.astimezone(UTC).date()
        while day <= end:
            yield from self._of(day)
            day += timedelta(days=1)

    def everything(self) -> Iterator[dict[str, Any]]:
        """All records, oldest first."""
        for path in sorted(self.folder.glob("*.jsonl")):
            yield from _lines(path)

    def _of(self, day: date) -> Iterator[dict[str, Any]]:
        path = self.folder / f"{day:%Y-%m-%d}.jsonl"
        if path.exists():
            yield from _lines(path)


def _is_cut_short(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size > 0 and os.pread(handle, 1, size - 1) != b"\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:  # one that was cut short
                continue
            if isinstance(record, dict):
                yield record
