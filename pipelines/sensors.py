"""What is watched all day while the daemon runs: the session, and the work that waits for it.

Belongs here: when to look and what to start. Does not: how a session is kept (`resources/gateway/keeper.py`), what
goes on and what is too late (`resume.py`), what a look does (`watch.py`). Both sensors look at files that all
processes of the login share, so a daemon that was away for a day goes on where things stand.
"""

from collections.abc import Callable, Sequence

import dagster as dg

from assets.kit.declare import Landing, Table
from assets.kit.refusal import in_plain_words
from assets.kit.scope import Scope
from pipelines.embedded import EmbeddedGateway
from pipelines.orphans import free_the_dead
from pipelines.resume import Resumption
from pipelines.watch import Watch
from resources.gateway.resource import Gateway
from resources.lake.resource import Lake

MINUTE = 60
MATERIALIZATION = dg.DagsterEventType.ASSET_MATERIALIZATION
PUBLISHES_TAG = "ibkr/publishes"
NOTHING_TO_KEEP = "The embedded simulator starts and ends with each run: there is no session to keep between them."


Watching = Callable[[Gateway, Lake, Scope, Callable[[str], None]], Watch]


def sensors(
    landings: Sequence[Landing],
    tables: Sequence[Table],
    published: Sequence[dg.AssetKey],
    *,
    targets: Sequence[str],
) -> list[dg.SensorDefinition]:
    """The two sensors, over what was declared."""
    by_name = {landing.name: landing for landing in landings}

    def watching(gateway: Gateway, lake: Lake, scope: Scope, tell: Callable[[str], None]) -> Watch:
        return Watch(gateway, lake, scope, by_name, tables, published, targets, tell)

    return [_session_sensor(watching), _resume_sensor(watching)]


def _session_sensor(watching: Watching) -> dg.SensorDefinition:
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
            return dg.SkipReason(watching(gateway, lake, scope, context.log.warning).keep())

    return session


def _resume_sensor(watching: Watching) -> dg.SensorDefinition:
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
            watch = watching(gateway, lake, scope, context.log.warning)
            found = watch.plan(context.instance)
        requests = [
            _request(watch, context.instance, resumption, place)
            for place, resumption in enumerate(found.runs)
            if watch.is_to_start(context.instance, resumption)
        ]
        requests += _publications(watch, context.instance)
        if requests:
            return dg.SensorResult(run_requests=requests)
        left = len(lake.parked.waiting())
        return dg.SkipReason(f"{left} pieces of work wait on." if left else "Nothing waits.")

    return resume_parked_work


def _request(watch: Watch, instance: dg.DagsterInstance, resumption: Resumption, place: int) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"resume {resumption.digest} {len(watch.tries(instance, resumption))}",
        asset_selection=watch.assets(instance, resumption),
        tags={**resumption.tags, "dagster/priority": str(10 - place)},
    )


def _publications(watch: Watch, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    """What a night landed is published though a part of it waits: the parts that follow from it were skipped."""
    parked_in = {work.run_id for work in watch.lake.parked.waiting()}
    runs = [run for run in (instance.get_run_by_id(run_id) for run_id in sorted(parked_in)) if run is not None]
    return [
        dg.RunRequest(
            run_key=f"publish {run.run_id}", asset_selection=list(watch.published), tags={PUBLISHES_TAG: run.run_id}
        )
        for run in runs
        if run.is_success
        and instance.get_records_for_run(run.run_id, of_type=MATERIALIZATION, limit=1).records
        and not instance.get_runs(dg.RunsFilter(tags={PUBLISHES_TAG: run.run_id}), limit=1)
    ]
