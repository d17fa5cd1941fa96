"""A job in this process, for somebody at a terminal: what it did, what of it waits, and how that goes on.

Belongs here: running jobs outside of the daemon, on the same Dagster instance as the UI. Does not: which days
(`__main__.py`), what is printed of a run (`terminal.py`), what goes on when (`resume.py`).

A limit of minutes is waited for here, between two runs, so that nobody waits inside of one. For a person, who must
log in or log out somewhere, a command does not wait: it says what to do, and ends with a code of its own.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterHomeNotSetError, DagsterInvariantViolationError
from dagster._core.instance.ref import InstanceRef
from rich.console import Console
from rich.text import Text

from pipelines.definitions import build_definitions, declared, published_keys, resources_of
from pipelines.embedded import EmbeddedGateway
from pipelines.orphans import free_the_dead, own_run
from pipelines.outcome import Outcome, outcome_of
from pipelines.progress_bar import progress_shown
from pipelines.quotes import print_quotes
from pipelines.resume import Resumption, partition_tags
from pipelines.settings import Settings, SettingsMistake
from pipelines.terminal import LOGGER, print_summary
from pipelines.watch import Watch
from resources.gateway.errors import Garbled, SessionLost, Unavailable, Waiting
from resources.lake.parked import Parked
from resources.privacy import masked

# What a command prints is for its terminal. Captured, as in a run of the UI, it would come back through a `tail`
# process per run, and Ctrl-C would reach that one too.
UNCAPTURED = {
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
}
MOST_WAITS = 12
AT_THE_GATEWAY = 4
"""How many landings of different runs may be under way at once: the budget on disk says who sends when."""
LONG_JOBS = {"history", "resume"}
"""Whose progress is shown; a night's bars are a request for each contract."""
FAILED_CODE, PARKED_CODE, STOPPED_CODE = 1, 75, 130
"""75 is the system's word (EX_TEMPFAIL) for: nothing is wrong, ask again later."""


@dataclass
class Command:
    """One command: its settings, the terminal; `resources` take the place of those that the settings name."""

    settings: Settings
    console: Console
    resources: Mapping[str, Any] = field(default_factory=dict)
    _is_unpublished: bool = False

    def run(self, job: str, first: date, last: date) -> int:
        """Run a job over days, then what became due of what it parked; the exit code."""
        with self._instance() as instance:
            code = self._run(instance, job, partition_tags(first, last))
            if code:
                self._watch.tell_held_back()
            return code or self._afterwards(instance)

    def quote(self, first: date, last: date) -> int:
        """Say what a history over days would ask; nothing but the time is asked for."""
        with self._instance() as instance:
            return print_quotes(self._watch, instance, first, last, self.console)

    def resume(self) -> int:
        """Take up what is parked, if what it waits for has passed."""
        with self._instance() as instance:
            free_the_dead(instance)
            if not self._watch.lake.parked.waiting():
                self.console.print("Nothing waits.")
                return 0
            self._look()
            return self._afterwards(instance)

    def _afterwards(self, instance: dg.DagsterInstance) -> int:
        """Go on with parked work, waiting for limits but for nobody; publish what there is; tell what waits on."""
        if isinstance(self._watch.gateway, EmbeddedGateway):
            return 0
        try:
            return self._go_on(instance)
        finally:
            self._watch.gateway.close()

    def _go_on(self, instance: dg.DagsterInstance) -> int:
        code = 0
        for _ in range(MOST_WAITS):
            found = self._watch.plan(instance)
            for resumption in found.runs:
                code = max(code, self._run(instance, "resume", resumption.tags, self._assets(instance, resumption)))
            due = self._next_due()
            if due is None or code:
                break
            self._wait(due)
        self._watch.alert()
        if self._is_unpublished and not code:
            code = self._run(instance, "resume", {}, published_keys(self.settings.choices.bars.sizes))
        waiting = self._watch.lake.parked.waiting()
        if not waiting:
            return code
        for (reason, days), works in groupby(sorted(waiting, key=_why), key=_why):
            told = f"{', '.join(work.dataset for work in works)} of {_span(days)} wait. {masked(reason)}"
            self.console.print(Text.assemble(("… ", "yellow"), told), soft_wrap=True)
        self.console.print(f"The session: {self._watch.present().state}.", highlight=False)
        self.console.print(
            "It goes on by itself while `make dev` runs, or with `make resume` once that has passed.",
            highlight=False,
            soft_wrap=True,
        )
        return code or PARKED_CODE

    def _next_due(self) -> datetime | None:
        """When the next of the work that waits for a limit may go on."""
        here = self._watch.present().here
        untils = (work.until for work in self._watch.lake.parked.waiting() if work.until is not None)
        return min((until for until in untils if until > here), default=None)

    def _wait(self, due: datetime) -> None:
        clock = self._watch.gateway.clock()
        seconds = max(0.0, due.timestamp() - clock.wall()) + 1
        works = [work for work in self._watch.lake.parked.waiting() if work.until == due]
        self.console.print(
            Text.assemble(
                ("… ", "yellow"),
                f"{', '.join(sorted({work.dataset for work in works}))}: {masked(works[0].reason)} Waiting "
                f"{seconds / 60:.0f} minutes; stopped here, it goes on with `make resume`.",
            ),
            soft_wrap=True,
        )
        clock.sleep(seconds)
        self._look()

    def _look(self) -> None:
        """What is known of the session may be of an hour ago, and nobody kept it meanwhile."""
        try:
            self._watch.gateway.client.keeper.bring_up(lambda: True)  # its first calls are made by the run
        except (Waiting, SessionLost, Unavailable, Garbled):  # so the work waits on, and is told of
            return
        finally:
            self._watch.gateway.close()

    def _assets(self, instance: dg.DagsterInstance, resumption: Resumption) -> list[dg.AssetKey]:
        sizes = self.settings.choices.bars.sizes
        found, published = declared(sizes), published_keys(sizes)
        return self._watch.assets(resumption, instance, tables=found.tables, checks=found.checks, published=published)

    def _run(
        self,
        instance: dg.DagsterInstance,
        job: str,
        tags: dict[str, str],
        assets: Sequence[dg.AssetKey] | None = None,
        *,
        is_part: bool = False,
    ) -> int:
        for name in ("dagster", "dagster._core.execution.plan.active"):  # the latter warns of each check of parked work
            logging.getLogger(name).setLevel(logging.CRITICAL)
        definition = build_definitions(self.settings, resources=self.resources).resolve_job_def(job)
        with own_run(instance) as run_id, progress_shown(self.console, is_wanted=job in LONG_JOBS):
            result = definition.execute_in_process(
                instance=instance,
                run_id=run_id,
                partition_key=tags.get("dagster/partition"),
                tags={name: value for name, value in tags.items() if name != "dagster/partition"},
                asset_selection=assets,
                run_config={"loggers": {LOGGER: {"config": {}}}},
                raise_on_error=False,
            )
        outcome = outcome_of(result.all_events, is_success=result.success, run_id=result.run_id)
        if assets is None or dg.AssetKey("warehouse") in assets:  # else an earlier failure holds it back
            self._is_unpublished = outcome.warehouse is None and (outcome.has_landed or self._is_unpublished)
        print_summary(outcome, self.console, is_part=is_part)
        return _code(outcome)

    @cached_property
    def _watch(self) -> Watch:
        resources: dict[str, Any] = {**resources_of(self.settings), **self.resources}
        return Watch(
            resources["gateway"],
            resources["lake"],
            resources["scope"],
            {landing.name: landing for landing in declared(self.settings.choices.bars.sizes).landings},
            self.settings.choices.alerts.targets,
            lambda line: self.console.print(Text.assemble(("! ", "yellow"), line), soft_wrap=True),
        )

    def prepare(self) -> int:
        """Make Dagster's home ready, alone: two processes that open a fresh one together would corrupt it."""
        with self._instance() as instance:
            instance.event_log_storage.set_concurrency_slots("gateway", AT_THE_GATEWAY)
        return 0

    @staticmethod
    def _instance() -> dg.DagsterInstance:
        try:
            with dg.DagsterInstance.get() as found:
                home = found.root_directory
        except DagsterHomeNotSetError as error:
            raise SettingsMistake(
                "DAGSTER_HOME is not set, so there is no place to record the run. Use make, or set it to a folder."
            ) from error
        except DagsterInvariantViolationError as error:
            raise SettingsMistake(
                "DAGSTER_HOME does not name a folder by its whole path, so there is no place to record the run. "
                "Use make, or set it to a folder that exists."
            ) from error
        return dg.DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides=UNCAPTURED))


def _why(work: Parked) -> tuple[str, tuple[date, ...]]:
    return work.reason, work.days


def _span(days: tuple[date, ...]) -> str:
    return f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _code(outcome: Outcome) -> int:
    if outcome.was_stopped:
        return STOPPED_CODE
    return 0 if outcome.is_success else FAILED_CODE
