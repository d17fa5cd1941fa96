"""Locks that processes share: a lock on a file, which the system drops with the process that holds it.

Belongs here: taking one. Does not: what it guards. Each taking opens the file anew, so that two threads of a process
exclude each other as two processes do. Nothing is ever left locked by a run that was killed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.private import FILE

ALONE, TOGETHER = fcntl.LOCK_EX, fcntl.LOCK_SH
AT_ONCE = fcntl.LOCK_NB
"""Added to a way of locking: raises `BlockingIOError` instead of waiting."""


@contextmanager
def locked(path: Path, how: int = ALONE) -> Iterator[None]:
    """Hold the lock of a file while the block runs; the file is made if need be, and stays."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, FILE)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
