"""Nights in processes that can be killed: forked from one that has everything imported, in the simulator's time.

A child does what `python -m pipelines nightly` does: the real job, on Dagster's home on disk, under a lock that tells
that it is alive. Time is in a file that outlives it and passes only by its waits, so that no pacing is waited for.
What Dagster logs comes through a pipe, a line per event.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import dagster as dg

from pipelines.command import AT_THE_GATEWAY
from pipelines.definitions import declared
from pipelines.orphans import own_run
from pipelines.resume import partition_tags
from pipelines.settings import Choices
from resources.calendar.trading_days import trading_calendar
from resources.gateway.clock import Clock
from tests.nights import ALIKE, CLOCKS, SOME_OF_ALL, Nights
from tests.shared_time import SharedTime

ROOT = Path(__file__).parents[2]
DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
SCOPE = {**SOME_OF_ALL, "watchlist": ["AAPL", "272093"], "bars_asset_classes": ["STK"], "bars_depth_days": 10}
LEFT_OUT = [*ALIKE, *(landing.name for landing in declared().landings if landing.time == "local")]
CHOICES = Choices(leave_out=LEFT_OUT)
LATE = [  # what a night imports only when it needs it: a sixth of its time
    "dagster._core.instance.factory",
    "dagster._core.storage.sqlite_storage",
    "exchange_calendars",
    "hypothesis.extra.pandas",
    "pandera.backends.pandas.register",
    "pyarrow.dataset",
    "upath",
]
EVENT = re.compile(r" - ([A-Z_]+) - ")
STEP = re.compile(r"nightly - [0-9a-f-]{36} - \d+ - (\w+) - [A-Z_]+ - ")

trading_calendar("XNYS")  # made here, it is made for all
_context = get_context("forkserver")
_context.set_forkserver_preload([__name__, *LATE])


@dataclass(frozen=True, slots=True)
class Gate:
    """A gateway somewhere else."""

    url: str
    certificate: Path | None


@dataclass(frozen=True, slots=True)
class Work:
    """A job, or only some assets of it, over a day, or over the days up to another in one run."""

    job: str
    first: str
    last: str
    assets: tuple[str, ...] = ()

    @property
    def selection(self) -> list[dg.AssetKey] | None:
        return [dg.AssetKey(one.split("/")) for one in self.assets] or None

    @property
    def tags(self) -> dict[str, str]:
        return partition_tags(date.fromisoformat(self.first), date.fromisoformat(self.last))


NIGHT = Work("nightly", DAY, DAY)


@dataclass(frozen=True)
class Owner:
    """Somebody with a data folder, a home for Dagster and a clock, whose nights are lived by children."""

    folder: Path

    @classmethod
    def moves_in(cls, folder: Path, home: Path) -> "Owner":
        """With a copy of a home that is ready: to make one takes longer than a night."""
        shutil.copytree(home, folder / "home")
        SharedTime.create(folder / "time", processes=1)
        return cls(folder)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def nights(self) -> Nights:
        return Nights(self.folder / "data")

    @cached_property
    def time(self) -> SharedTime:
        """As somebody who only looks."""
        return SharedTime(self.folder / "time", processes=1)

    @contextmanager
    def night(self, gateway: Gate, work: Work = NIGHT) -> Iterator["Child"]:
        """A night, or other work, under way."""
        reader, writer = _context.Pipe(duplex=False)
        process = _context.Process(target=_live, args=(self.folder, gateway, work, writer))
        process.start()
        writer.close()
        try:
            yield Child(process, reader)
        finally:
            process.kill()
            process.join()
            process.close()
            reader.close()


@dataclass
class Child:
    """A process that lives a night; `told` are the lines that were read so far."""

    process: ForkServerProcess
    reader: Connection
    told: list[str] = field(default_factory=list)

    def events(self) -> Iterator[str]:
        """Each of Dagster's events, as it comes: its line."""
        with open(self.reader.fileno(), closefd=False, errors="replace") as lines:
            for line in lines:
                self.told.append(line)
                if EVENT.search(line):
                    yield line


def ready_home(folder: Path) -> Path:
    """A home for Dagster as `make install` leaves it."""
    folder.mkdir()
    (folder / "dagster.yaml").write_text((ROOT / "pipelines" / "dagster.yaml").read_text().replace("INFO", "DEBUG"))
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        instance.event_log_storage.set_concurrency_slots("gateway", AT_THE_GATEWAY)
    return folder


def step_of(line: str) -> str:
    """The step that an event is of; none before the first and after the last."""
    found = STEP.search(line)
    return found[1] if found else ""


def _live(folder: Path, gateway: Gate, work: Work, told: Connection) -> None:
    """The child: one night, or other work; its exit code says whether it went well."""
    os.dup2(told.fileno(), sys.stderr.fileno())
    time = SharedTime(folder / "time", processes=1, place=0)
    if work.assets:  # years of days are planned as one event then: as one for each they take longer than all else
        os.environ["DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS"] = "true"

    def now() -> float:
        return EVENING.timestamp() + time.now()

    CLOCKS[gateway.url] = Clock(steady=now, wall=now, sleep=time.sleep)
    with dg.DagsterInstance.from_config(str(folder / "home")) as instance, own_run(instance) as run_id:
        nights = Nights(folder / "data", gateway, scope=SCOPE, instance=instance, choices=CHOICES)
        result = (
            nights.definitions()
            .resolve_job_def(work.job)
            .execute_in_process(
                instance=instance,
                run_id=run_id,
                partition_key=work.tags.get("dagster/partition"),
                tags={name: value for name, value in work.tags.items() if name != "dagster/partition"},
                asset_selection=work.selection,
                raise_on_error=False,
            )
        )
    sys.exit(not result.success)
