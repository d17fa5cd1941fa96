"""A house with a daemon: what Dagster's daemon does with the schedule and the sensors, minute by simulated minute.

The sensors, the runs that they ask for and the jobs are the real ones; time is the simulator's. As the daemon does, a
run key is started once. What the session's sensor does each minute is done here without Dagster's wrapper around it,
which takes ten times as long, but for every half hour. What takes up the work that waits has its resources made once
for all minutes that pass, since it only reads files.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import dagster as dg

from pipelines.definitions import declared
from pipelines.outcome import Outcome, outcome_of
from pipelines.schedules import day_to_land
from pipelines.watch import Watch
from resources.calendar.trading_days import trading_calendar
from resources.gateway.resource import Gateway
from resources.simulator.server import Running
from tests.nights import Nights
from tests.receiver import Receiver

MINUTE = timedelta(minutes=1)
WRAPPED_EVERY = 30
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Lived:
    """A house that was lived in, and its owner's phone."""

    house: "House"
    phone: Receiver

    @property
    def gateway(self) -> Running:
        return self.house.gateway

    @property
    def nights(self) -> Nights:
        return self.house.nights


@dataclass
class House:
    """A daemon over one data folder and one gateway."""

    nights: Nights
    gateway: Running
    started: set[str] = field(default_factory=set)
    outcomes: list[Outcome] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.gateway.simulation.clock.now()

    def live_until(self, end: datetime, each_minute: Callable[[datetime], None] = lambda _: None) -> None:
        """Let minutes pass; `each_minute` is what the world does to the house."""
        minute = 0
        with self._watching() as watch, self._ticking() as ticks:
            while self.now < end:
                self.gateway.control.advance(min(MINUTE, end - self.now))
                each_minute(self.now)
                if minute % WRAPPED_EVERY == 0:
                    self.look("session")
                else:
                    self.said["session"] = watch.keep()
                if self.nights.lake.parked.waiting():
                    self._look("resume_parked_work", ticks)
                minute += 1

    def night_falls(self) -> Outcome:
        """The schedule's tick."""
        day = day_to_land(self.now, trading_calendar("XNYS"))
        assert day is not None
        return self.run("nightly", {"dagster/partition": day.isoformat()})

    def look(self, name: str) -> list[Outcome]:
        """One tick of a sensor, and the runs that it asked for."""
        with self._ticking() as context:
            return self._look(name, context)

    def _look(self, name: str, context: dg.SensorEvaluationContext) -> list[Outcome]:
        data = self._definitions.get_repository_def().get_sensor_def(name).evaluate_tick(context)
        self.said[name] = data.skip_message or ""
        outcomes = []
        for request in data.run_requests or []:
            if request.run_key is None or request.run_key in self.started:
                continue
            self.started.add(request.run_key)
            outcomes.append(self.run("resume", dict(request.tags), request.asset_selection))
        return outcomes

    def run(self, job: str, tags: dict[str, str], assets: Any = None) -> Outcome:
        """A run of a job, as the daemon starts it."""
        result = self._definitions.resolve_job_def(job).execute_in_process(
            instance=self.nights.instance,
            partition_key=tags.get("dagster/partition"),
            tags={name: value for name, value in tags.items() if name != "dagster/partition"},
            asset_selection=assets,
            run_config=QUIET,
            raise_on_error=False,
        )
        outcome = outcome_of(result.all_events, is_success=result.success, run_id=result.run_id)
        self.outcomes.append(outcome)
        return outcome

    @cached_property
    def _definitions(self) -> dg.Definitions:
        return self.nights.definitions()

    def _ticking(self) -> dg.SensorEvaluationContext:
        """What a sensor's tick is given, while it is open."""
        return dg.build_sensor_context(
            instance=self.nights.instance, definitions=self._definitions, resources=self._definitions.resources
        )

    @contextmanager
    def _watching(self) -> Iterator[Watch]:
        resources: Any = self._definitions.resources
        gateway: Gateway = resources["gateway"]
        targets = self.nights.choices.alerts.targets
        landings = {landing.name: landing for landing in declared().landings}
        try:
            yield Watch(gateway, self.nights.lake, resources["scope"], landings, targets, self.told.append)
        finally:
            gateway.close()
