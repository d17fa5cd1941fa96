"""Parked work, runs and sessions as they may stand when somebody looks: what the tests of a watch begin with."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg

from pipelines.definitions import build_definitions, declared, published_keys
from pipelines.resume import RESUMES_TAG
from pipelines.settings import Choices, Environment, Settings
from pipelines.watch import Watch
from resources.gateway.resource import Gateway
from resources.lake.parked import Parked
from resources.simulator.server import Running
from tests.nights import Nights

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
DEFINITIONS = build_definitions(Settings(environment=Environment(), choices=Choices()))
LANDINGS = {landing.name: landing for landing in declared().landings}
LOG_IN = "GET /portfolio/U9900001/ledger: 401, nobody is logged in. Log in."


def night(instance: dg.DagsterInstance, *, fails: bool = False, lands: bool = True) -> str:
    """A run that ended, with a materialization or without."""

    @dg.asset(output_required=False)
    def apples() -> Iterable[dg.MaterializeResult[None]]:
        if lands:
            yield dg.MaterializeResult()

    @dg.asset
    def pears() -> None:
        if fails:
            raise dg.Failure("rotten")

    definitions = dg.Definitions(assets=[apples, pears] if lands or fails else [apples])
    run = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    return run.run_id


def resumed(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus, *assets: str, digest: str = "digest"
) -> dg.DagsterRun:
    """A run of the job `resume`, as the daemon would have left it; with the warehouse go its marts."""
    keys = [dg.AssetKey(one.split("/")) for one in assets] + (published_keys() if "warehouse" in assets else [])
    return instance.create_run_for_job(
        DEFINITIONS.resolve_job_def("resume"),
        run_id=str(uuid4()),
        status=status,
        tags={RESUMES_TAG: digest},
        asset_selection=frozenset(keys),
    )


@dataclass
class House:
    """One data folder with its login, a Dagster instance, and who watches both."""

    folder: Path
    simulator: Running
    instance: dg.DagsterInstance
    targets: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def nights(self) -> Nights:
        return Nights(self.folder, self.simulator, instance=self.instance)

    @property
    def resources(self) -> dict[str, Any]:
        return self.nights.resources

    def watch(self) -> Watch:
        found = self.resources
        gateway: Gateway = found["gateway"]
        return Watch(gateway, found["lake"], found["scope"], LANDINGS, self.targets, self.told.append)

    def look(self) -> None:
        """Somebody looks at the session, and so knows its state and the time."""
        watch = self.watch()
        watch.gateway.client.keeper.look()
        watch.gateway.close()

    def park(
        self,
        *datasets: str,
        day: date = MONDAY,
        waits_for: str = "LoginRequired",
        reason: str = LOG_IN,
        until: datetime | None = None,
        run_id: str = "unknown",
        since: timedelta = timedelta(),
    ) -> list[Parked]:
        """Work that a night put aside, some time ago."""
        now = self.simulator.simulation.clock.now()
        works = [Parked(one, (day,), waits_for, reason, now - since, until, run_id) for one in datasets]
        for work in works:
            self.nights.lake.parked.park(work)
        return works
