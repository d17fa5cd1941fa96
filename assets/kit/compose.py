"""Makes Dagster assets and checks of what the dataset files declare."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from assets.kit.declare import ByYear, Check, Landing, Table
from assets.kit.describe import FRESH, described, landing_metadata, markdown, table_metadata
from assets.kit.land import land
from assets.kit.partitions import trading_days
from assets.kit.recorded import record
from assets.kit.refusal import in_plain_words, refusal
from assets.kit.relations import files_of
from assets.kit.scope import Scope
from assets.kit.tabulate import Built, build_day, build_years
from assets.kit.told import told
from assets.kit.verify import (
    LOOK_AT_WHAT_WAITS,
    STUMBLES,
    Looked,
    Verdict,
    doubted,
    generated_checks,
    offending,
    run_check,
)
from resources.gateway.resource import Gateway
from resources.lake.resource import Lake
from resources.privacy import masked

OWNERS = ["team:account-owner"]
REBUILD_TAG = "ibkr/rebuild"

warnings.filterwarnings("ignore", category=dg.BetaWarning)


def landing_asset(landing: Landing, tables: Iterable[str]) -> dg.AssetsDefinition:
    """Asset `raw/<name>`: the only kind that may use the network, one at a time."""

    @dg.asset(
        key=["raw", landing.name],
        description=described(landing),
        group_name=landing.group,
        kinds={"json", "gzip"},
        owners=OWNERS,
        metadata=landing_metadata(landing),
        deps=landing.needed(tables),
        partitions_def=trading_days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool="gateway",
        freshness_policy=FRESH,
        op_tags={"dagster/priority": str(_priority(landing))},
        output_required=False,  # of what is parked there is none
    )
    def raw(
        context: dg.AssetExecutionContext, gateway: Gateway, lake: Lake, scope: Scope
    ) -> Iterator[dg.MaterializeResult[None]]:
        yield from land(landing, context, gateway=gateway, lake=lake, scope=scope)

    return raw


def table_asset(table: Table, checks: Sequence[Check] = ()) -> dg.AssetsDefinition:
    """Asset `<name>`: a pure function of `raw/<name>`, so that it can be built again at any time.

    It minds those of the `checks` that are of `raw/<name>` and block, for each landing: so what is built again, or
    alone, is what the night built, in which they were made of the newest.
    """
    blocking = [check for check in checks if check.of is table.raw and check.is_blocking]

    @dg.asset(
        key=table.name,
        description=described(table),
        group_name=table.group,
        kinds={"pandas", "parquet"},
        owners=OWNERS,
        metadata=table_metadata(table),
        deps=[dg.AssetKey(["raw", table.raw.name]), *_needed(table)],
        partitions_def=trading_days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=table.name,
        freshness_policy=FRESH,
    )
    def tabulated(context: dg.AssetExecutionContext, lake: Lake, scope: Scope) -> dg.MaterializeResult:  # type: ignore[type-arg]
        days = [date.fromisoformat(key) for key in context.partition_keys]
        days = [day for day in days if day in scope.calendar]
        with in_plain_words():
            if isinstance(table.storage, ByYear):
                return _build_years(table, blocking, context, days, lake, scope)
            return _build_days(table, blocking, context, days, lake, scope)

    return tabulated


def check_definitions(
    of: Landing | Table, checks: Sequence[Check], tables: Mapping[str, Table]
) -> Iterator[dg.AssetChecksDefinition]:
    """All checks of one asset as one step; each can be run alone."""
    generated = generated_checks(of) if isinstance(of, Table) else []
    if not checks and not generated:
        return
    key = dg.AssetKey(of.name) if isinstance(of, Table) else dg.AssetKey(["raw", of.name])
    specs = [
        dg.AssetCheckSpec(one.__name__, asset=key, blocking=True, description=one.__doc__) for one in generated
    ] + [
        dg.AssetCheckSpec(
            check.name,
            asset=key,
            blocking=check.is_blocking,
            description=check.doc,
            additional_deps=list(check.needs),
        )
        for check in checks
    ]

    @dg.multi_asset_check(name=f"{'_'.join(key.path)}_checks", specs=specs, can_subset=True)
    def checked(context: dg.AssetCheckExecutionContext, lake: Lake, scope: Scope) -> Iterable[dg.AssetCheckResult]:
        asked = [day for day in _days_of_run(context) if day in scope.calendar]
        days = _days_to_check(of, asked, lake)
        is_held = not days and any(lake.held_back.find(of.name, day) for day in asked)
        afresh = context.run.tags.get(REBUILD_TAG) == "true"
        looks: dict[str, Any] = {check.name: check for check in checks} | {one.__name__: one for one in generated}
        for check_key in sorted(context.selected_asset_check_keys):
            look = looks[check_key.name]
            if is_held and look not in LOOK_AT_WHAT_WAITS:
                continue  # there is nothing else to look at until the owner has decided
            if not days and afresh and not is_held:
                yield _not_made(check_key, of)
                continue
            with in_plain_words():
                looked = asked if look in LOOK_AT_WHAT_WAITS and (is_held or days) else days
                verdict = _verdict(look, of, tuple(looked), lake, scope, tables) if looked else _not_built(of, asked)
            blocks = not isinstance(look, Check) or look.is_blocking
            result = _result(check_key, verdict, days, blocks=blocks)
            record(result, days=days or asked, run=context.run, is_rebuild=REBUILD_TAG in context.run.tags, lake=lake)
            yield result

    yield checked


def _priority(landing: Landing) -> int:
    """The perishable first, and together, since the day's tables must agree; what waits for minutes late.

    The record of it all last, so that it holds the night that it is part of.
    """
    if landing.time == "local":
        return -3 if landing.is_last else -2
    if landing.slow_endpoints:
        return -1
    return 2 if landing.time == "perishable" else 1


def _build_days(
    table: Table,
    checks: Sequence[Check],
    context: dg.AssetExecutionContext,
    days: list[date],
    lake: Lake,
    scope: Scope,
) -> dg.MaterializeResult[None]:
    built: dict[date, Built] = {}
    limits, but = scope.limits_of(table.name), frozenset[str]()
    for day in days:
        but = _left_out(table, checks, day, context, lake, scope)
        one = build_day(table, day, lake=lake, accounts=scope.wished_accounts, limits=limits, but=but)
        if one is None:
            continue
        built[day] = one
        context.add_asset_metadata({"dagster/partition_row_count": one.rows}, partition_key=day.isoformat())
    if days and not built and context.run.tags.get(REBUILD_TAG) != "true":
        lacking = "a check says no to all replies that" if but else "no replies"
        raise refusal(
            f"{table.name} of {days[0]}{f' to {days[-1]}' if len(days) > 1 else ''}: {lacking} are in raw/"
            f"{table.raw.name}, so there is nothing to build it from. Land them first: raw/{table.raw.name}."
        )
    is_one = table.raw.is_ranged  # of a range its landing tells as of the last day
    return told(list(built.values()), without=[] if is_one else [day for day in days if day not in built])


def _left_out(
    table: Table, checks: Sequence[Check], day: date, context: dg.AssetExecutionContext, lake: Lake, scope: Scope
) -> frozenset[str]:
    """Landings of a day that are not built from, which is said."""
    but = doubted(table.raw, checks, day, lake=lake, scope=scope)
    if but:
        context.log.warning(f"{table.name} of {day}: a check says no to {', '.join(sorted(but))}, so it is left out")
    return but


def _needed(table: Table) -> Iterable[str]:
    """Tables that it is given, and those that the checks look at which it minds."""
    return dict.fromkeys([*table.needs, *(table.raw.needs if _minds_checks_for_years(table) else ())])


def _minds_checks_for_years(table: Table) -> bool:
    """Where the first row stands, a wrong one would stand for ever; the checks look at what the landing needs."""
    return isinstance(table.storage, ByYear) and table.storage.stands == "first"


def _build_years(
    table: Table,
    checks: Sequence[Check],
    context: dg.AssetExecutionContext,
    days: list[date],
    lake: Lake,
    scope: Scope,
) -> dg.MaterializeResult[None]:
    landed = lake.raw.partitions(table.raw.name)
    afresh = context.run.tags.get(REBUILD_TAG) == "true"
    wanted = {day.isoformat() for day in days}
    partitions = landed if afresh else [one for one in landed if one in wanted]
    accounts, but = scope.wished_accounts, set[str]()
    if _minds_checks_for_years(table):
        for one in partitions:
            but |= _left_out(table, checks, date.fromisoformat(one), context, lake, scope)
    built = build_years(
        table, partitions, lake=lake, calendar=scope.calendar, afresh=afresh, accounts=accounts, but=but
    )
    return told([built], without=[])


def _days_of_run(context: dg.AssetCheckExecutionContext) -> list[date]:
    tags = context.run.tags
    first = tags.get("dagster/asset_partition_range_start") or tags.get("dagster/partition")
    last = tags.get("dagster/asset_partition_range_end") or first
    if first is None or last is None:
        return []
    return [
        date.fromisoformat(key) for key in trading_days.get_partition_keys_in_range(dg.PartitionKeyRange(first, last))
    ]


def _days_to_check(of: Landing | Table, asked: list[date], lake: Lake) -> tuple[date, ...]:
    """Of the run's trading days those that were built: the table said which were not."""
    if not isinstance(of, Table):
        return tuple(asked)
    if isinstance(of.storage, ByYear):  # no file is written for a year in which nothing had to be asked
        return tuple(asked) if lake.raw.partitions(of.raw.name) else ()
    return tuple(day for day in asked if files_of(of, [day], lake.tables))


def _not_built(of: Landing | Table, asked: list[date]) -> Verdict:
    if not asked:
        return Verdict()
    return offending([{"problem": f"{of.name} of {asked[0]} is not built, so there is nothing to check"}])


def _not_made(key: dg.AssetCheckKey, of: Landing | Table) -> dg.AssetCheckResult:
    """A rebuild makes what raw has. What was never landed, as an optional dataset, holds nothing up."""
    told = f"Not made: of these days no replies of {of.name} were landed."
    return dg.AssetCheckResult(passed=True, check_name=key.name, asset_key=key.asset_key, description=told)


def _verdict(
    look: Any, of: Landing | Table, days: tuple[date, ...], lake: Lake, scope: Scope, tables: Mapping[str, Table]
) -> Verdict:
    """What a check finds; one that stumbles over what came has failed, blocks as it is declared to, and is recorded."""
    from duckdb import Error as SqlError

    try:
        if isinstance(look, Check):
            return run_check(look, days, lake=lake, scope=scope, tables=tables)
        assert isinstance(of, Table)
        verdict: Verdict = look(Looked(of, days, lake, scope.calendar))
    except (SqlError, *STUMBLES) as error:
        told = masked(f"it could not be made: {type(error).__name__} {' '.join(str(error).split())}")
        return offending([{"problem": told}])
    return verdict


def _result(key: dg.AssetCheckKey, verdict: Verdict, days: Sequence[date], *, blocks: bool) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"offenders": verdict.count, "days": ", ".join(day.isoformat() for day in days[-5:])}
    metadata |= verdict.figures
    if verdict.offenders:
        metadata["says"] = verdict.says
        metadata["first_offenders"] = dg.MetadataValue.md(markdown(list(verdict.offenders)))
    return dg.AssetCheckResult(
        passed=verdict.has_passed,
        check_name=key.name,
        asset_key=key.asset_key,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )
