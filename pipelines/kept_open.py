"""Dagster's SQLite files stay open while a process writes to them, and are written the way WAL is meant to be.

Dagster opens a file for each event and closes it again. The last one to close a file in WAL mode moves all of the log
into it and deletes the log, so an event costs several waits for the disk: a day of a range took 6.9 ms to record, and
4.2 ms with one idle connection to each file and `synchronous=NORMAL`; with the disk busy 16 and 6 ms (2 cores,
`python -m tests.bench recording`). NORMAL loses nothing when a process is killed; when the power fails it may lose the
last events, and never breaks a file. What was landed does not hang on it: raw replies are on disk by themselves.

Belongs here: how those files are opened. Does not: what is recorded. Where a process forks nothing may be open: its
child would believe in locks that it does not hold.
"""

import os
import sqlite3
from collections import OrderedDict
from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

MOST = 16
"""A run has a file of its own; a process that looks at many keeps the latest open."""

_lock = Lock()
_open: "OrderedDict[str, sqlite3.Connection]" = OrderedDict()


def keep_open() -> None:
    """From now on in this process; to say it again changes nothing."""
    if not event.contains(Engine, "connect", _connected):
        event.listen(Engine, "connect", _connected)
        os.register_at_fork(before=let_go)


def let_go() -> None:
    """Close what is kept open."""
    with _lock:
        while _open:
            _open.popitem()[1].close()


def _connected(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.execute("pragma synchronous = normal")
    for _, name, file in connection.execute("pragma database_list").fetchall():
        if name == "main" and file:
            _keep(file)


def _keep(file: str) -> None:
    with _lock:
        if file not in _open:
            _open[file] = sqlite3.connect(file, check_same_thread=False)
        _open.move_to_end(file)
        _open[file].execute("select count(*) from sqlite_master").fetchall()  # opens it, and its log once it has one
        while len(_open) > MOST:
            _open.popitem(last=False)[1].close()
