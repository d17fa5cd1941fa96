"""The code location: gathers what the dataset files declare. Nothing is listed by name here.

`build_definitions` takes other resources, so that tests run the real code location against a
simulator of their own.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

import assets
from assets.kit.compose import check_definitions, landing_asset, table_asset
from assets.kit.declare import Check, Landing, Table
from assets.kit.family import Family
from assets.kit.scope import ScannerRun, Scope
from assets.warehouse import read_marts, warehouse_asset
from pipelines.embedded import EmbeddedGateway
from pipelines.jobs import jobs
from pipelines.kept_open import keep_open
from pipelines.orphans import in_process
from pipelines.schedules import schedules
from pipelines.sensors import sensors
from pipelines.settings import ACCOUNTS, Settings, SettingsMistake, read_settings
from pipelines.terminal import LOGGER, terminal_logger
from resources.gateway.resource import Gateway
from resources.lake.resource import Lake
from resources.privacy import show_account_ids


@dataclass(frozen=True, slots=True)
class Declared:
    """Everything that the dataset files declare."""

    landings: list[Landing] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    plain: list[dg.AssetsDefinition] = field(default_factory=list)

    def nightly(self, *, leave_out: Sequence[str], take_in: Sequence[str]) -> list[Landing]:
        """The landings of a night: all but what is left out, of the optional ones those that are taken in."""
        optional = {landing.name for landing in self.landings if landing.is_optional}
        strange = sorted(set(take_in) - optional)
        if strange:
            raise SettingsMistake(
                f"take_in: there is no optional dataset {strange[0]!r}. Choose of {', '.join(sorted(optional))}."
            )
        return self.without([*leave_out, *(optional - set(take_in))])

    def require_tolerances(self, names: Iterable[str]) -> None:
        """Raise unless each name is of a check that tolerates something."""
        known = sorted(check.name for check in self.checks if check.tolerance is not None)
        for name in names:
            if name not in known:
                raise SettingsMistake(
                    f"tolerances: there is no check {name!r} that tolerates anything. Choose of {', '.join(known)}."
                )

    def without(self, names: Sequence[str]) -> list[Landing]:
        """Landings but those of the named datasets, whose tables nothing that stays may need.

        What we only find by looking at them goes with them.
        """
        known = {landing.name for landing in self.landings}
        unknown = sorted(set(names) - known)
        if unknown:
            raise SettingsMistake(
                f"leave_out: there is no dataset {unknown[0]!r}. Choose of {', '.join(sorted(known))}."
            )
        gone = {table.name for table in self.tables if table.raw.name in names}
        ours = {one.name for one in self.landings if one.time == "local" and gone.intersection(one.needs)}
        landings = [landing for landing in self.landings if landing.name not in {*names, *ours}]
        tables = [table for table in self.tables if table.raw in landings]
        gone = {table.name for table in self.tables} - {table.name for table in tables}
        kept: list[Landing | Check] = [*landings]
        kept += [check for check in self.checks if check.of in landings or check.of in tables]
        for one in kept:
            for name in gone.intersection(one.needs):
                raise SettingsMistake(f"leave_out: {one.name} needs {name}, so it cannot be left out alone.")
        return landings


def declared(sizes: Iterable[str] | None = None) -> Declared:
    """Walk the packages of datasets; the order is that of their names.

    Of a family of datasets the members that are chosen: bars of some sizes, unless told those of the settings.
    """
    found = Declared()
    chosen = read_settings().choices.bars.sizes if sizes is None else sizes
    kinds: tuple[tuple[type, list[Any]], ...] = (
        (Landing, found.landings),
        (Table, found.tables),
        (Check, found.checks),
        (dg.AssetsDefinition, found.plain),
    )
    for module in pkgutil.walk_packages(assets.__path__, "assets."):
        if module.ispkg or module.name.startswith("assets.kit."):
            continue
        for value in _members(vars(importlib.import_module(module.name)).values(), chosen):
            for kind, into in kinds:
                if isinstance(value, kind) and value not in into:
                    into.append(value)
    return found


def _members(values: Iterable[Any], chosen: Iterable[str]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, Family):
            for member in chosen:
                yield from value.declare(member) if member in value.members else ()
        else:
            yield value


def published_keys(sizes: Iterable[str] | None = None) -> list[dg.AssetKey]:
    """The warehouse and what is in it beyond the tables, of bars of some sizes as `declared`."""
    chosen = read_settings().choices.bars.sizes if sizes is None else sizes
    return [dg.AssetKey("warehouse"), *(dg.AssetKey(mart.name) for mart in read_marts(sizes=chosen))]


def resources_of(settings: Settings) -> dict[str, Any]:
    """The resources as configured; whoever makes them is about to use them, so this is where ids begin to be shown."""
    environment, choices = settings.environment, settings.choices
    show_account_ids(choices.privacy.show_account_ids)
    certificate = str(environment.gateway_cert) if environment.gateway_cert else None
    gateway = (
        EmbeddedGateway()
        if environment.gateway_url is None
        else Gateway(
            base_url=environment.gateway_url,
            certificate=certificate,
            shared=str(environment.data / ".gateways"),
            may_evict=choices.session.may_evict,
            allow_remote=choices.gateway.allow_remote,
            history_per_minute=choices.gateway.history_per_minute,
        )
    )
    return {
        "gateway": gateway,
        "lake": Lake(root=str(environment.data), profile=settings.profile),
        "scope": Scope(
            accounts=[dg.EnvVar(ACCOUNTS)] if environment.accounts else [],  # Dagster keeps configuration for good
            watchlist=choices.watchlist,
            exchange=choices.exchange,
            bars_first_day=choices.bars.first_day.isoformat(),
            bars_depth_days=choices.bars.depth_days,
            bars_depths={str(size): days for size, days in choices.bars.depths.items()},
            bars_outside_rth=choices.bars.outside_rth,
            bars_asset_classes=list(choices.bars.asset_classes),
            bars_ask_empty_again_days=choices.bars.ask_empty_again_days,
            bars_quote_margin=choices.bars.quote_margin,
            scanner_runs=[ScannerRun(**run.model_dump()) for run in choices.scanner.runs],
            is_performance_limit_per_account=choices.performance.is_limit_per_account,
            hold_back_share=choices.hold_back.share,
            hold_back_least_rows=choices.hold_back.least_rows,
            hold_back_shares=choices.hold_back.shares,
            options_underlyings=choices.options.underlyings,
            options_months=choices.options.months,
            options_width=choices.options.width,
            options_requests=choices.options.requests,
            tolerances={name: tolerated.chosen for name, tolerated in choices.tolerances.items()},
            transactions_per_night=choices.transactions.per_night,
            details_requests=choices.details.requests,
            details_refresh_days=choices.details.refresh_days,
        ),
    }


def build_definitions(settings: Settings, *, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The whole code location; every process that lands or builds comes by here."""
    keep_open()
    sizes = settings.choices.bars.sizes
    found, marts = declared(sizes), read_marts(sizes=sizes)
    kept = found.nightly(leave_out=settings.choices.leave_out, take_in=settings.choices.take_in)
    found.require_tolerances(settings.choices.tolerances)
    tables = {table.name: table for table in found.tables}
    strange = sorted(set(settings.choices.hold_back.shares) - set(tables))
    if strange:
        raise SettingsMistake(f"hold_back.shares: there is no table {strange[0]!r}. Choose of {', '.join(tables)}.")
    published = warehouse_asset(found.tables, marts)
    checkable: list[Landing | Table] = [*found.landings, *found.tables]
    checks = [
        definition
        for of in checkable
        for definition in check_definitions(of, [one for one in found.checks if one.of is of], tables)
    ]
    return dg.Definitions(
        assets=[
            *(landing_asset(landing, tables) for landing in found.landings),
            *(table_asset(table, found.checks) for table in found.tables),
            *found.plain,
            published,
        ],
        asset_checks=checks,
        jobs=jobs(found.landings, found.tables, dg.AssetSelection.assets(*published.keys), kept=kept),
        sensors=sensors(
            found.landings, found.tables, found.checks, sorted(published.keys), targets=settings.choices.alerts.targets
        ),
        schedules=schedules(settings.choices.schedule, settings.choices.exchange),
        resources={**resources_of(settings), **(resources or {})},
        executor=in_process,
        loggers={"console": dg.colored_console_logger, LOGGER: terminal_logger},
    )


defs = build_definitions(read_settings())
