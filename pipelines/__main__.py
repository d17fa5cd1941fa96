"""`python -m pipelines demo|nightly|history|reprocess`: the jobs, run in this process, with a summary.

The same jobs as in the UI, on the same Dagster instance, so that each run is found there afterwards.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.errors import DagsterHomeNotSetError, DagsterInvariantViolationError
from dagster._core.instance.ref import InstanceRef
from rich.console import Console
from rich.text import Text

from assets.kit.partitions import FIRST_DAY, NEW_YORK
from pipelines.outcome import STOPPED, outcome_of
from pipelines.settings import Settings, SettingsMistake, read_settings
from resources.calendar.trading_days import CalendarError, TradingCalendar, trading_calendar
from resources.gateway.errors import GatewayError
from resources.privacy import masked

# What a command prints is for its terminal. Captured, as in a run of the UI, it would come back through a `tail`
# process per run, and Ctrl-C would reach that one too.
UNCAPTURED = {
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
}
STOPPED_CODE = 130


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    errors = Console(stderr=True, highlight=False)
    try:
        return _run(asked, read_settings())
    except (SettingsMistake, GatewayError, CalendarError) as mistake:
        errors.print(Text.assemble(("✗ ", "red"), masked(str(mistake))), soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        errors.print(STOPPED)
        return STOPPED_CODE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines", description="Run a job, print what it did.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="nightly for the latest trading day, on the embedded simulator")
    nightly = commands.add_parser("nightly", help="everything of one trading day")
    nightly.add_argument("day", nargs="?", type=_day, help="default: the gateway's trading day")
    history = commands.add_parser("history", help="daily bars over a range of days")
    history.add_argument("first", type=_day)
    history.add_argument("last", nargs="?", type=_day, help="default: the gateway's trading day")
    reprocess = commands.add_parser("reprocess", help="rebuild every table and the warehouse from raw")
    reprocess.add_argument("first", nargs="?", type=_day, help="default: the first day in raw")
    reprocess.add_argument("last", nargs="?", type=_day, help="default: the last day in raw")
    commands.add_parser("settings", help="say which data, gateway and configuration would be used")
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-11-23") from error


def _run(asked: argparse.Namespace, settings: Settings) -> int:
    gateway = settings.environment.gateway_url or "embedded simulator"
    if asked.command == "settings":
        _ = trading_calendar(settings.choices.exchange)
        told = f"profile {settings.profile} in {settings.environment.data}, {gateway}, {settings.environment.config}"
        Console().print(told, highlight=False, soft_wrap=True)
        return 0
    first, last = _range(asked, settings)
    _require_partitions(first, last)
    if first == last and first not in trading_calendar(settings.choices.exchange):
        Console().print(f"{first}: {settings.choices.exchange} is closed, there is nothing to do.", highlight=False)
        return 0
    job = "nightly" if asked.command == "demo" else asked.command
    console = Console()
    console.print(
        f"[bold]{job}[/bold] of {first}{f' to {last}' if last != first else ''}, profile {settings.profile}, {gateway}",
        highlight=False,
    )
    return _execute(job, first, last, settings, console)


def _range(asked: argparse.Namespace, settings: Settings) -> tuple[date, date]:
    calendar = trading_calendar(settings.choices.exchange)
    if asked.command == "reprocess":
        return _days_in_raw(settings, asked.first, asked.last)
    if asked.command == "history":
        return asked.first, asked.last or _latest_day(settings, calendar)
    day = getattr(asked, "day", None) or _latest_day(settings, calendar)
    return day, day


def _require_partitions(first: date, last: date) -> None:
    today = datetime.now(ZoneInfo(NEW_YORK)).date()
    if not date.fromisoformat(FIRST_DAY) <= first <= last <= today:
        raise SettingsMistake(
            f"{first} to {last}: days run from {FIRST_DAY} to today in New York, {today}, the first one first."
        )


def _latest_day(settings: Settings, calendar: TradingCalendar) -> date:
    """The gateway's trading day by its own clock; the embedded simulator lives on the latest closed one."""
    if settings.environment.gateway_url is None:
        return calendar.latest_closed(datetime.now(UTC))
    from pipelines.definitions import resources_of

    gateway = resources_of(settings)["gateway"]
    try:
        return calendar.day_of(gateway.client.now)
    finally:
        gateway.close()


def _days_in_raw(settings: Settings, first: date | None, last: date | None) -> tuple[date, date]:
    from pipelines.definitions import declared, resources_of

    raw = resources_of(settings)["lake"].raw
    landed = sorted({day for landing in declared().landings for day in raw.partitions(landing.name)})
    if not landed:
        raise SettingsMistake(
            f"reprocess: nothing was ever landed in profile {settings.profile!r}. Run make demo or make nightly first."
        )
    return first or date.fromisoformat(landed[0]), last or date.fromisoformat(landed[-1])


def _execute(job: str, first: date, last: date, settings: Settings, console: Console) -> int:
    from pipelines.definitions import build_definitions
    from pipelines.orphans import own_run
    from pipelines.terminal import LOGGER, print_summary

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    definition = build_definitions(settings).resolve_job_def(job)
    range_tags = {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
    with _instance() as instance, own_run(instance) as run_id:
        result = definition.execute_in_process(
            instance=instance,
            run_id=run_id,
            partition_key=first.isoformat() if first == last else None,
            tags=None if first == last else range_tags,
            run_config={"loggers": {LOGGER: {"config": {}}}},
            raise_on_error=False,
        )
    outcome = outcome_of(result.all_events, is_success=result.success, run_id=result.run_id)
    print_summary(outcome, console)
    if outcome.was_stopped:
        return STOPPED_CODE
    return 0 if result.success else 1


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


if __name__ == "__main__":
    sys.exit(main())
