"""Raw replies on disk: append-only files of envelopes, one file per landing.

Each envelope is a gzip member of its own, written and synced before anything parses it, so that a
crash costs at most the reply in flight and any tool that reads gzip reads the rest. While a landing
is under way its file is named `*.open.jsonl.gz`; only a landing that ended well gets its final name,
so that half a snapshot can never be taken for a whole one.
"""

import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from resources.envelope import Envelope, read_line
from resources.lake.layout import CLOSED, OPEN, Layout, closed_name
from resources.lake.publish import sync
from resources.private import make_folder, open_file


class RawDamaged(Exception):
    """A raw file holds something that is not an envelope."""


class Landing:
    """An open landing: `append` replies; closes under its final name when the block ends well."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self.path = path
        self.replies = 0
        self.bytes = 0
        self._handle = open_file(path, append=True)
        sync(path.parent)

    def append(self, envelope: Envelope) -> None:
        """Put one reply on disk."""
        self._handle.write(gzip.compress(envelope.to_line(), compresslevel=3, mtime=0))
        self._handle.flush()
        os.fsync(self._handle.fileno())
        self.replies += 1
        self.bytes += len(envelope.body)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self.replies == 0:
            self._handle.write(gzip.compress(b"", mtime=0))  # nothing had to be asked: that too is an answer
        self._handle.close()
        if kind is not None and self.replies == 0:
            self.path.unlink()
        elif kind is None:
            self.path = self.path.replace(self.path.with_name(closed_name(self.path)))
            sync(self.path.parent)


@dataclass(frozen=True, slots=True)
class RawStore:
    """All raw replies of one profile."""

    layout: Layout

    def landing(self, dataset: str, partition: str, *, at: datetime, run_id: str) -> Landing:
        """Open a new landing of a partition; it comes after all that are there, of other runs too."""
        taken = {_place(path) for path in self.files(dataset, partition)}
        for number in count(1):
            path = self.layout.landing_file(dataset, partition, at=at, run_id=run_id, number=number)
            if _place(path) not in taken:
                return Landing(path)
        raise AssertionError("count is endless")

    def datasets(self) -> list[str]:
        """Every dataset with a landing, by name."""
        folder = self.layout.raw_folder("")
        return sorted(child.name for child in folder.iterdir() if child.is_dir()) if folder.is_dir() else []

    def partitions(self, dataset: str) -> list[str]:
        """Partitions with at least one landing, oldest first."""
        folder = self.layout.raw_folder(dataset)
        return sorted(child.name for child in folder.iterdir() if child.is_dir()) if folder.is_dir() else []

    def landings(self, dataset: str, partition: str) -> list[Path]:
        """Landings of a partition that ended well, oldest first."""
        return [path for path in self.files(dataset, partition) if not path.name.endswith(OPEN)]

    def files(self, dataset: str, partition: str) -> list[Path]:
        """Every landing of a partition, those cut short included, oldest first."""
        return sorted(self.layout.raw_folder(dataset, partition).glob(f"*{CLOSED}"))

    def read(self, path: Path) -> Iterator[Envelope]:
        """The envelopes of a file in the order of receipt; a tail cut by a crash is left out."""
        for number, line in enumerate(_lines(path), start=1):
            try:
                yield read_line(line)
            except ValueError as error:
                raise RawDamaged(
                    f"{path}, line {number}: {error}. Restore the file from a backup, or move it away and run again."
                ) from error


def written_by(path: Path) -> str:
    """The first letters of the id of the run that a landing is of."""
    return path.name.split("-", 2)[2].partition(".")[0]


def _place(path: Path) -> tuple[str, ...]:
    """What a landing's name is sorted by: its second, and its number in it."""
    return tuple(path.name.split("-", 2)[:2])


def _lines(path: Path) -> Iterator[bytes]:
    """One line per gzip member; the member that a crash cut short is not a line."""
    with path.open("rb") as handle:
        try:
            yield from _members(handle)
        except zlib.error as error:
            if not path.name.endswith(OPEN):
                raise RawDamaged(
                    f"{path}: {error}. Restore the file from a backup, or move it away and run again."
                ) from error


def _members(handle: BinaryIO) -> Iterator[bytes]:
    member, parts = zlib.decompressobj(wbits=31), list[bytes]()
    while chunk := handle.read(1 << 16):
        while chunk:
            parts.append(member.decompress(chunk))
            if not member.eof:
                break
            line = b"".join(parts)
            if line:
                yield line
            chunk, member, parts = member.unused_data, zlib.decompressobj(wbits=31), []
