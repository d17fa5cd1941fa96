"""Dagster's own SQLite files, written by processes that end in every way."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import NullPool, Pool, create_engine, event, text
from sqlalchemy.engine import Connection, Engine

from pipelines.kept_open import MOST, keep_open, let_go

KEY = dg.AssetKey("positions")


@dg.job
def _nothing() -> None:
    """A run has a file of its own."""


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    keep_open()
    yield
    let_go()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as found:
        yield found


def _record(instance: dg.DagsterInstance, *days: str) -> None:
    for day in days:
        instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition=day))


def _logs(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*-wal")}


def _record_and_die(folder: Path, days: list[str]) -> None:
    keep_open()
    _record(dg.DagsterInstance.local_temp(str(folder)), *days)
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_is_recorded_is_not_moved_into_the_file_at_each_event(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    _record(instance, "2026-11-23")
    assert "index.db-wal" in _logs(tmp_path)
    let_go()
    assert _logs(tmp_path) == set(), "the last to close a file moves its log into it"


def test_what_a_killed_process_recorded_is_there(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    _record(instance, "2026-11-20")
    process = get_context("fork").Process(target=_record_and_die, args=(tmp_path, ["2026-11-23", "2026-11-24"]))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    _record(instance, "2026-11-25")
    days = {"2026-11-20", "2026-11-23", "2026-11-24", "2026-11-25"}
    assert instance.get_materialized_partitions(KEY) == days
    for file in tmp_path.rglob("*.db"):
        with sqlite3.connect(file) as connection:
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_of_many_files_the_latest_stay_open(tmp_path: Path) -> None:
    for number in range(2 * MOST):
        with create_engine(f"sqlite:///{tmp_path}/{number}.db", poolclass=NullPool).begin() as connection:
            connection.execute(text("pragma journal_mode = wal"))
        with create_engine(f"sqlite:///{tmp_path}/{number}.db", poolclass=NullPool).begin() as connection:
            connection.execute(text("create table events (id integer)"))
    assert _logs(tmp_path) == {f"{number}.db-wal" for number in range(MOST, 2 * MOST)}


def test_all_connections_to_a_file_are_of_one_engine_which_is_set_up_once(instance: dg.DagsterInstance) -> None:
    """A second one would compile every statement anew; that Dagster makes its engines where we believe is seen here."""
    engines: dict[str, set[tuple[Engine, Pool]]] = {}

    def note(connection: Connection) -> None:
        found = connection.engine, connection.engine.pool
        assert isinstance(connection.engine.pool, NullPool), "nothing is held, so nothing is to be disposed of"
        engines.setdefault(str(connection.engine.url.database), set()).add(found)

    event.listen(Engine, "engine_connect", note)
    try:
        for _ in range(2):
            _record(instance, "2026-11-23")
            instance.add_run_tags(instance.create_run_for_job(_nothing).run_id, {"ibkr/waits_for": "Nobody"})
            instance.all_instigator_state()
    finally:
        event.remove(Engine, "engine_connect", note)
    assert {Path(file).name for file in engines} >= {"index.db", "runs.db", "schedules.db"}
    assert {file: len(found) for file, found in engines.items()} == dict.fromkeys(engines, 1)
