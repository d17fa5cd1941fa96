"""Dagster's SQLite files stay open while a process writes to them, and are written the way WAL is meant to be.

Dagster opens a file for each event and closes it again. The last one to close a file in WAL mode moves all of the log
into it and deletes the log, so an event costs several waits for the disk: a day of a range took 6.9 ms to record, and
4.2 ms with one idle connection to each file and `synchronous=NORMAL`; with the disk busy 16 and 6 ms (2 cores,
`python -m tests.bench recording`). NORMAL loses nothing when a process is killed; when the power fails it may lose the
last events, and never breaks a file. What was landed does not hang on it: raw replies are on disk by themselves.

Dagster also makes a new SQLAlchemy engine for each of those openings, and an engine that is new has every statement
still to compile: a night spent four tenths of its processor time on that. It has no setting for it, so its modules are
given a maker of engines that makes one for each file. An engine without a pool holds no connection, so nothing else is
different, and there is nothing to dispose of: Dagster does so after each event, and SQLAlchemy then sets up anew, which
took a seventh of a night's processor time. Dagster's version is pinned, and a test fails where it makes its engines
otherwise.

Belongs here: how those files are opened. Does not: what is recorded. Where a process forks nothing may be open: its
child would believe in locks that it does not hold.
"""

import os
import sqlite3
from collections import OrderedDict
from threading import Lock
from typing import Any

from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

MOST = 16
"""A run has a file of its own; a process that looks at many keeps the latest open."""

_lock = Lock()
_open: "OrderedDict[str, sqlite3.Connection]" = OrderedDict()
_engines: "OrderedDict[str, Engine]" = OrderedDict()


def keep_open() -> None:
    """From now on in this process; to say it again changes nothing."""
    if not event.contains(Engine, "connect", _connected):
        event.listen(Engine, "connect", _connected)
        os.register_at_fork(before=let_go)
        for module in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
            vars(module).update(create_engine=_engine)


def let_go() -> None:
    """Close what is kept open."""
    with _lock:
        while _open:
            _open.popitem()[1].close()


def _engine(url: str, **options: Any) -> Engine:
    """The one of a file."""
    with _lock:
        if url not in _engines:
            _engines[url] = create_engine(url, **options)
            vars(_engines[url]).update(dispose=lambda: None)  # what it would let go it does not hold
        _engines.move_to_end(url)
        while len(_engines) > MOST:
            _engines.popitem(last=False)
        return _engines[url]


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
