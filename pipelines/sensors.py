"""What is watched all day while the daemon runs: the session, and the work that waits for it.

Belongs here: when to look and what to start. Does not: how a session is kept (`resources/gateway/keeper.py`), what
goes on and what is too late (`resume.py`), what a look does (`watch.py`). Both sensors look at files that all
processes of the login share, so a daemon that was away for a day goes on where things stand.
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from assets.kit.declare import Check, Landing, Table
from assets.kit.refusal import in_plain_words
from assets.kit.scope import Scope
from pipelines.embedded import EmbeddedGateway
from pipelines.orphans import free_the_dead
from pipelines.resume import RESUMES_TAG, Resumption
from pipelines.watch import Watch, is_publishable
from resources.gateway.resource import Gateway
from resources.lake.resource import Lake

MINUTE = 60
MATERIALIZATION = dg.DagsterEventType.ASSET_MATERIALIZATION
ATTEMPTS = 3
PUBLISHES_TAG = "ibkr/publishes"
NOTHING_TO_KEEP = "The embedded simulator starts and ends with each run: there is no session to keep between them."


def sensors(
    landings: Sequence[Landing],
    tables: Sequence[Table],
    checks: Sequence[Check],
    published: Sequence[dg.AssetKey],
    *,
    targets: Sequence[str],
) -> list[dg.SensorDefinition]:
    """The two sensors, over what was declared."""
    by_name = {landing.name: landing for landing in landings}
    return [_session_sensor(by_name, targets), _resume_sensor(by_name, tables, checks, published, targets)]


def _session_sensor(landings: Mapping[str, Landing], targets: Sequence[str]) -> dg.SensorDefinition:
    @dg.sensor(
        name="session",
        minimum_interval_seconds=MINUTE,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Keeps the gateway's session: tickles, initialises what died, tells a person when one is needed.",
    )
    def session(context: dg.SensorEvaluationContext, gateway: Gateway, lake: Lake, scope: Scope) -> dg.SkipReason:
        free_the_dead(context.instance)
        if isinstance(gateway, EmbeddedGateway):
            return dg.SkipReason(NOTHING_TO_KEEP)
        with in_plain_words():
            return dg.SkipReason(Watch(gateway, lake, scope, landings, targets, context.log.warning).keep())

    return session


def _resume_sensor(
    landings: Mapping[str, Landing],
    tables: Sequence[Table],
    checks: Sequence[Check],
    published: Sequence[dg.AssetKey],
    targets: Sequence[str],
) -> dg.SensorDefinition:
    @dg.sensor(
        name="resume_parked_work",
        job_name="resume",
        minimum_interval_seconds=MINUTE,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts exactly what is parked, once what it waits for has passed; what is lost soonest first.",
    )
    def resume_parked_work(
        context: dg.SensorEvaluationContext, gateway: Gateway, lake: Lake, scope: Scope
    ) -> dg.SensorResult | dg.SkipReason:
        if isinstance(gateway, EmbeddedGateway):
            return dg.SkipReason(NOTHING_TO_KEEP)
        with in_plain_words():
            watch = Watch(gateway, lake, scope, landings, targets, context.log.warning)
            found = watch.plan(context.instance)
        requests = []
        for place, resumption in enumerate(found.runs):
            assets = watch.assets(resumption, context.instance, tables=tables, checks=checks, published=published)
            request = _request(resumption, place, context.instance, assets)
            requests += [] if request is None else [request]
        requests += _publications(lake, context.instance, published)
        if requests:
            return dg.SensorResult(run_requests=requests)
        left = len(lake.parked.waiting())
        return dg.SkipReason(f"{left} pieces of work wait on." if left else "Nothing waits.")

    return resume_parked_work


def _request(
    resumption: Resumption,
    place: int,
    instance: dg.DagsterInstance,
    assets: Sequence[dg.AssetKey],
) -> dg.RunRequest | None:
    """A run, unless as many failed as were worth trying."""
    runs = instance.get_runs(dg.RunsFilter(tags={RESUMES_TAG: resumption.digest}))
    if len(runs) >= ATTEMPTS:
        return None
    return dg.RunRequest(
        run_key=f"resume {resumption.digest} {len(runs)}",
        asset_selection=assets,
        tags={**resumption.tags, "dagster/priority": str(10 - place)},
    )


def _publications(lake: Lake, instance: dg.DagsterInstance, published: Sequence[dg.AssetKey]) -> list[dg.RunRequest]:
    """What a night landed is published though a part of it waits: the parts that follow from it were skipped."""
    parked_in = {work.run_id for work in lake.parked.waiting()}
    records = [run for run in (instance.get_run_by_id(run_id) for run_id in sorted(parked_in)) if run is not None]
    return [
        dg.RunRequest(
            run_key=f"publish {run.run_id}", asset_selection=list(published), tags={PUBLISHES_TAG: run.run_id}
        )
        for run in records
        if is_publishable(run)
        and instance.get_records_for_run(run.run_id, of_type=MATERIALIZATION, limit=1).records
        and not instance.get_runs(dg.RunsFilter(tags={PUBLISHES_TAG: run.run_id}), limit=1)
    ]
