"""Files appear whole or not at all: written beside, synced, renamed.

A reader never sees half a file, and a run killed at any instant leaves at most a hidden `.tmp`
that no `*.parquet` pattern matches and the next writer of that file sweeps away, together with what a
library keeps beside it while it writes (DuckDB: `.tmp.wal`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def published(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well, it becomes `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent, f".{path.name}.*.tmp*")
    beside = path.parent / f".{path.name}.{uuid4().hex}.tmp"
    try:
        yield beside
        sync(beside)
        beside.replace(path)
        sync(path.parent)
    finally:
        _sweep(path.parent, f"{beside.name}*")


def _sweep(folder: Path, pattern: str) -> None:
    for leftover in folder.glob(pattern):
        leftover.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Force a file, or a folder's list of names, onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
