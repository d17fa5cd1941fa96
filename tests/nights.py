"""Runs the real jobs of the real code location in this process, against a gateway that a test chose."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import dagster as dg
import pandas as pd
import pyarrow.parquet as pq
from pydantic import PrivateAttr

from assets.kit.scope import Scope
from pipelines.definitions import build_definitions, declared
from pipelines.outcome import Outcome, outcome_of
from pipelines.settings import Choices, Environment, Settings
from resources.gateway.clock import Clock
from resources.gateway.resource import Gateway
from resources.gateway.transport import Transport
from resources.lake.resource import Lake
from resources.simulator.server import Running
from resources.warehouse.build import connected
from tests.on_the_way import OnTheWay

ROOT = Path(__file__).parents[1]
PROFILE = "test"
DEFAULTS = Choices()
FOUND = declared()
USUAL_LANDINGS = [landing for landing in FOUND.landings if not landing.is_optional]
USUAL_TABLES = [table for table in FOUND.tables if not table.raw.is_optional]
"""What is in a night unless the owner chooses."""
BUSY = {"volumeAbove": 20_000_000}  # fewer than 50, which might not be all
MOST_ACTIVE = {"name": "most_active", "instrument": "STK", "location": "STK.US.MAJOR", "type": "MOST_ACTIVE"}
ACTIVE = {**MOST_ACTIVE, "name": "busy", "filters": BUSY}
SOME_OF_ALL: dict[str, Any] = {
    "watchlist": ["AAPL"],
    "options_underlyings": ["IBM"],  # held: its price is told before any bars are
    "options_requests": 3,
    "details_requests": 2,
    "scanner_runs": [ACTIVE],
}
"""A few requests for each dataset that asks as much as its owner chooses."""
EVERYTHING = Choices(take_in=[landing.name for landing in FOUND.landings if landing.is_optional])
ALIKE = ["allocation", "summary", "scanner_params", "scanner_runs", "contract_details", "option_chains", "quotes"]
"""Datasets whose landing has nothing that another has not: left out, a night takes two thirds of its time."""
FEW = Choices(leave_out=ALIKE)
NOT_IN_REAL_TIME = [*ALIKE, "orders", "trades"]
"""And what waits for its limits of seconds: left out where these seconds pass."""


def only(*names: str) -> Choices:
    """A night of these datasets alone; what it publishes is empty of the others."""
    return Choices(leave_out=[landing.name for landing in USUAL_LANDINGS if landing.name not in names])


CLOCKS: dict[str, Clock] = {}
"""The simulators' clocks by their URL: a resource is configured with values, not with objects."""


class Timeless(Gateway):
    """The gateway client in the time of the simulator that it talks to: its waits pass at once.

    None passes while a request is on its way, or several that left apart would arrive together.
    """

    _on_the_way: OnTheWay = PrivateAttr(default_factory=OnTheWay)

    def clock(self) -> Clock:
        clock = CLOCKS.get(self.base_url)
        return self._on_the_way.waited_for(clock) if clock else super().clock()

    def transport(self) -> Transport:
        return self._on_the_way.noting(super().transport())


class Listening(Protocol):
    """A gateway that answers, and the PEM of its certificate where it has one."""

    @property
    def url(self) -> str: ...

    @property
    def certificate(self) -> Path | None: ...


@dataclass
class Nights:
    """A data folder, and jobs run into it. `scope` overrides what the TOML would say."""

    data: Path
    gateway: Listening | None = None
    scope: dict[str, Any] = field(default_factory=dict)
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    kind: type[Gateway] = Timeless
    choices: Choices = field(default_factory=Choices)
    _built: tuple[str, dg.Definitions] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def lake(self) -> Lake:
        return Lake(root=str(self.data), profile=PROFILE)

    @property
    def resources(self) -> dict[str, Any]:
        """This folder and this gateway; without one, an address nobody answers."""
        url, certificate = "https://127.0.0.1:9/v1/api", None
        if self.gateway is not None:
            url, certificate = self.gateway.url, self.gateway.certificate
            if isinstance(self.gateway, Running):
                CLOCKS[url] = clock_of(self.gateway)
        chosen: dict[str, Any] = {
            "bars_asset_classes": DEFAULTS.bars.asset_classes,
            "bars_depth_days": 20,
            "transactions_per_night": 1,
            **self.scope,
        }
        return {
            "gateway": self.kind(
                base_url=url,
                certificate=str(certificate) if certificate else None,
                shared=str(self.data / ".gateways"),
            ),
            "lake": self.lake,
            "scope": Scope(**chosen),
        }

    def definitions(self) -> dg.Definitions:
        """The code location with these resources: made once for what is chosen, or it takes longer than a small run."""
        resources = self.resources
        chosen = repr((resources, self.choices))
        if self._built is None or self._built[0] != chosen:
            settings = Settings(environment=Environment(), choices=self.choices)
            self._built = chosen, build_definitions(settings, resources=resources)
        return self._built[1]

    def run(self, job: str, first: str, last: str | None = None, *, keys: Sequence[str] = ()) -> Outcome:
        """A job, or some assets of it, over a day, or a range of days in one run."""
        result = self._job(job).execute_in_process(
            instance=self.instance,
            partition_key=None if last else first,
            tags=_range(first, last) if last else None,
            asset_selection=[dg.AssetKey(key.split("/")) for key in keys] or None,
            run_config=_quiet(),
            raise_on_error=False,
        )
        return outcome_of(result.all_events, is_success=result.success, run_id=result.run_id)

    def materialize(self, *keys: str, day: str, last: str | None = None) -> Outcome:
        """Some assets (`positions`, `raw/positions`) with their checks."""
        selected = [dg.AssetKey(key.split("/")) for key in keys]
        job = self.definitions().resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=self.instance,
            partition_key=None if last else day,
            tags=_range(day, last) if last else None,
            asset_selection=selected,
            run_config=_quiet(),
            raise_on_error=False,
        )
        return outcome_of(result.all_events, is_success=result.success, run_id=result.run_id)

    def table(self, name: str) -> pd.DataFrame:
        """A table's rows, straight from its files."""
        files = self.lake.tables.files(name)
        return self.lake.tables.read(files)

    def query(self, sql: str) -> pd.DataFrame:
        """A question to the published warehouse."""
        with connected(self.lake.layout.warehouse_file, read_only=True) as connection:
            found: pd.DataFrame = connection.execute(sql).df()
        return found

    def assert_whole(self, day: str, *, positions: int) -> None:
        """Whatever has its name is whole, replies that arrived can be read, a warehouse that is there answers."""
        folder = self.lake.layout.folder
        assert all(pq.read_table(path, partitioning=None).num_columns for path in folder.rglob("*.parquet"))
        for dataset in (folder / "raw").glob("*"):
            for path in self.lake.raw.files(dataset.name, day):
                assert all(json.loads(reply.body) is not None for reply in self.lake.raw.read(path))
        if self.lake.layout.warehouse_file.exists():
            assert len(self.query("from positions")) == positions

    def _job(self, name: str) -> dg.JobDefinition:
        return self.definitions().resolve_job_def(name)


def clock_of(gateway: Running) -> Clock:
    """A simulator's clock as the client's."""
    simulated = gateway.simulation.clock

    def now() -> float:
        return simulated.now().timestamp()

    return Clock(steady=now, wall=now, sleep=lambda seconds: simulated.advance(timedelta(seconds=seconds)))


def dagster_home(folder: Path) -> Path:
    """A folder as a fresh home for Dagster, as make sets it up."""
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(ROOT / "pipelines" / "dagster.yaml", folder)
    return folder


def rest(gateway: Running) -> None:
    """Let a gateway's clock pass what the next run must wait before it lists the accounts again."""
    gateway.simulation.clock.advance(timedelta(seconds=5))


def _range(first: str, last: str) -> dict[str, str]:
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


def _quiet() -> dict[str, Any]:
    return {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
