"""Files appear whole or not at all: written beside, synced, renamed.

A reader never sees half a file, and a run killed at any instant leaves at most a hidden `.tmp`
that no `*.parquet` pattern matches and the next writer of that file sweeps away, together with what a
library keeps beside it while it writes (DuckDB: `.tmp.wal`, `.tmp.spill`).

A library opens files with the rights that the umask leaves. So they lie in a folder that is the owner's
alone, and each is the owner's alone before it gets its name.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from resources.private import FILE, make_folder


@contextmanager
def published(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well, it becomes `path`."""
    make_folder(path.parent)
    _sweep(path.parent, f".{path.name}.*.tmp*")
    beside = path.parent / f".{path.name}.{uuid4().hex}.tmp"
    try:
        yield beside
        beside.chmod(FILE)
        sync(beside)
        beside.replace(path)
        sync(path.parent)
    finally:
        _sweep(path.parent, f"{beside.name}*")


def _sweep(folder: Path, pattern: str) -> None:
    for leftover in folder.glob(pattern):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Force a file, or a folder's list of names, onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
