"""The watch over work that is parked: what sensors and commands alike do about it each time they look.

Belongs here: planning with what is on disk, recording what was lost, telling a person once. Does not: the plan itself
(`resume.py`), words and addresses of alerts (`alerts.py`, `targets.py`), starting runs (`sensors.py`, `command.py`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from assets.kit.declare import Check, Landing, Table
from assets.kit.scope import Scope
from pipelines.alerts import Alert, AtRisk, Kind, compose, undecided
from pipelines.resume import RESUMES_TAG, Plan, Present, Resumption, at_risk_until, plan, selection
from pipelines.targets import send
from resources.gateway.errors import GatewayError
from resources.gateway.incidents import Incidents
from resources.gateway.resource import Gateway
from resources.gateway.session import State
from resources.lake.parked import Parked
from resources.lake.resource import Lake
from resources.privacy import masked

KINDS = {
    "LoginRequired": Kind.LOGIN_LAPSED,
    "Competing": Kind.COMPETING,
    "Unreachable": Kind.GATEWAY_DOWN,
    "Throttled": Kind.LIMIT_BROKEN,
    "OverQuote": Kind.OVER_QUOTE,
}
NEAR = timedelta(days=30)
HEALS_BY_ITSELF = timedelta(minutes=30)
"""How long maintenance or a session that does not come up is left alone before a person is told to log in."""


@dataclass(frozen=True)
class Watch:
    """What is watched, and whom to tell; `tell` gets each alert and each trouble with sending it as a line."""

    gateway: Gateway
    lake: Lake
    scope: Scope
    landings: Mapping[str, Landing]
    targets: Sequence[str]
    tell: Callable[[str], None]

    def present(self) -> Present:
        """The session and the time, by what processes noted last; nothing is asked."""
        client = self.gateway.client
        known, here = client.keeper.known(), client.exchange.here
        return Present(
            now=known.now(here),
            here=here,
            state=known.state,
            calendar=self.scope.calendar,
            quote_margin=self.scope.bars_quote_margin,
        )

    def keep(self) -> str:
        """The duty of each minute: tend the session, alert if a person is needed; how the session stands."""
        try:
            found = self.gateway.client.keeper.tend()
            told = f"{found.state} since {found.since:%Y-%m-%d %H:%M} UTC. {found.reason}".strip()
        except GatewayError as error:
            told = f"The session was not looked at: {error}"
        self.alert()
        return masked(told)

    def plan(self, instance: dg.DagsterInstance) -> Plan:
        """What goes on now; what is too late is recorded as lost, here and on its asset's page."""
        present, waiting = self.present(), self.lake.parked.waiting()
        found = plan(waiting, self.landings, present, under_way=_under_way(waiting, instance))
        for work, reason in found.lost:
            self.lake.parked.end(work, "lost", reason, at=present.now)
            self.tell(masked(f"lost: {work.dataset} of {work.days[-1]}: {reason}"))
            for day in work.days:
                _record_loss(instance, work.dataset, day.isoformat(), masked(reason))
        return found

    def assets(
        self,
        resumption: Resumption,
        instance: dg.DagsterInstance,
        *,
        tables: Sequence[Table],
        checks: Sequence[Check],
        published: Sequence[dg.AssetKey],
    ) -> list[dg.AssetKey]:
        """What a run that takes up parked work is to make; what is published if nothing holds it back."""
        landings = [self.landings[name] for name in resumption.datasets]
        is_one = resumption.first == resumption.last  # what the day's own records tell has changed
        landings += [one for one in self.landings.values() if one.time == "local" and (is_one or one.is_ranged)]

        def has_landed(landing: Landing) -> bool:
            return bool(self.lake.raw.landings(landing.name, resumption.last.isoformat()))

        chosen = selection(landings, tables, checks, has_landed=has_landed)
        return [*chosen, *published] if self.may_publish(instance, resumption.works) else chosen

    def may_publish(self, instance: dg.DagsterInstance, works: Iterable[Parked]) -> bool:
        """Whether the runs that parked the work had no failure: what a failed check holds back stays held back."""
        runs = [instance.get_run_by_id(run_id) for run_id in {work.run_id for work in works}]
        return all(run is None or is_publishable(run) for run in runs)

    def alert(self) -> None:
        """Tell a person, once per incident and trading day at risk; an incident ends with a session that is ready."""
        self.tell_held_back()
        present, incidents = self.present(), Incidents(self.gateway.folder)
        waiting = self.lake.parked.waiting()
        needing = [work for work in waiting if _kind(work, present.now) is not None]
        if not needing:
            if present.state is State.READY:
                incidents.close(present.now)
            return
        latest = max(needing, key=lambda work: work.days[-1])
        kind, day = _kind(latest, present.now), latest.days[-1]
        assert kind is not None
        if not incidents.open(kind, at=present.now, day=day):
            return
        told = compose(
            kind,
            latest.reason,
            login_url=self.gateway.base_url,
            at_risk=list(self._at_risk(waiting, present)),
            now=present.now,
            since=min(work.parked_at for work in needing),
            resumes_at=latest.until,
            zone=present.here.astimezone().tzinfo or UTC,
        )
        if not self._has_reached(told):
            incidents.retract(day)

    def tell_held_back(self) -> None:
        """Tell a person, once per landing, that something waits for a decision."""
        store = self.lake.held_back
        waiting = [held for held in store.waiting() if not store.was_told(held)]
        if waiting and self._has_reached(undecided([held.reason for held in waiting])):
            for held in waiting:
                store.note_told(held, at=datetime.now(UTC))

    def _has_reached(self, told: Alert) -> bool:
        """Send an alert; whether somebody got it, where there is anybody."""
        self.tell(f"{told.title}\n\n{told.body}")
        troubles = send(told, self.targets)
        for trouble in troubles:
            self.tell(trouble)
        return not self.targets or len(troubles) < len(self.targets)

    def _at_risk(self, waiting: Iterable[Parked], present: Present) -> Iterable[AtRisk]:
        for work in waiting:
            landing = self.landings.get(work.dataset)
            until = at_risk_until(work, landing, present.calendar) if landing else None
            is_near = until is not None and until - present.now < NEAR
            yield AtRisk(work.dataset, work.days, until if is_near else None)


def is_publishable(run: dg.DagsterRun) -> bool:
    """Whether a run had no failure, nor the one whose work it took up: it was then started without the warehouse."""
    is_held_back = RESUMES_TAG in run.tags and dg.AssetKey("warehouse") not in (run.asset_selection or ())
    return run.is_success and not is_held_back


def _under_way(waiting: Sequence[Parked], instance: dg.DagsterInstance) -> set[str]:
    """What a run is still at: the one that parked it, which may publish without it, or one that takes it up now."""
    runs = instance.get_runs(dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES))) if waiting else []
    taken_up = {key for run in runs if RESUMES_TAG in run.tags for key in run.asset_selection or ()}
    found = {run.run_id for run in runs}
    return {work.key for work in waiting if work.run_id in found or dg.AssetKey(["raw", work.dataset]) in taken_up}


def _kind(work: Parked, now: datetime) -> Kind | None:
    """What a person is to be told of it; None for what goes on by itself soon."""
    if work.waits_for == "Postponed":
        return None
    waits_long = now - work.parked_at > HEALS_BY_ITSELF
    return KINDS.get(work.waits_for, Kind.LOGIN_LAPSED if waits_long else None)


def _record_loss(instance: dg.DagsterInstance, dataset: str, day: str, reason: str) -> None:
    instance.report_runless_asset_event(
        dg.AssetObservation(dg.AssetKey(["raw", dataset]), partition=day, metadata={"lost": reason})
    )
