"""`python -m pipelines demo|nightly|history|reprocess|accept|alert`: the jobs, run in this process, with a summary.

The same jobs as in the UI, on the same Dagster instance, so that each run is found there afterwards.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime

from rich import get_console
from rich.console import Console
from rich.text import Text

from assets.kit.partitions import FIRST_DAY
from pipelines.alerts import trial
from pipelines.outcome import STOPPED
from pipelines.settings import DEFAULT_CONFIG, Settings, SettingsMistake, read_settings
from pipelines.targets import send
from resources.calendar.new_york import NEW_YORK
from resources.calendar.trading_days import CalendarError, TradingCalendar, trading_calendar
from resources.gateway.errors import GatewayError, Waiting
from resources.privacy import masked

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
    history.add_argument("--dry-run", action="store_true", help="only say what it would ask, and how long that takes")
    reprocess = commands.add_parser("reprocess", help="rebuild every table and the warehouse from raw")
    reprocess.add_argument("first", nargs="?", type=_day, help="default: the first day in raw")
    reprocess.add_argument("last", nargs="?", type=_day, help="default: the last day in raw")
    reprocess.add_argument("--rejected", action="store_true", help="only the tables and days that have rejected rows")
    accept = commands.add_parser("accept", help="say that what is held back because it shrank is so, and build it")
    accept.add_argument("dataset", nargs="?", help="default: only say what is held back")
    accept.add_argument("day", nargs="?", type=_day)
    commands.add_parser("resume", help="take up what was parked, if what it waits for has passed")
    commands.add_parser("prepare", help="make Dagster's home ready; make does so when it installs")
    commands.add_parser("settings", help="say which data, gateway and configuration would be used")
    commands.add_parser("alert", help="send a test to each alert target of the configuration")
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
    if asked.command in {"resume", "prepare"}:
        from pipelines.command import Command

        command = Command(settings, get_console())
        return command.resume() if asked.command == "resume" else command.prepare()
    if asked.command == "alert":
        return _send_trial(settings, Console(highlight=False))
    if asked.command == "accept" or getattr(asked, "rejected", False):
        return _build_again(asked, settings)
    first, last = _range(asked, settings)
    _require_partitions(first, last)
    if first == last and first not in trading_calendar(settings.choices.exchange):
        Console().print(f"{first}: {settings.choices.exchange} is closed, there is nothing to do.", highlight=False)
        return 0
    job = "nightly" if asked.command == "demo" else asked.command
    console = get_console()
    console.print(
        f"[bold]{job}[/bold] of {first}{f' to {last}' if last != first else ''}, profile {settings.profile}, {gateway}",
        highlight=False,
    )
    from pipelines.command import Command

    command = Command(settings, console)
    return command.quote(first, last) if getattr(asked, "dry_run", False) else command.run(job, first, last)


def _build_again(asked: argparse.Namespace, settings: Settings) -> int:
    from pipelines.again import Again

    again = Again(settings, Console())
    if asked.command == "reprocess":
        return again.rejected(asked.first, asked.last)
    if asked.dataset is None:
        return again.tell_held_back()
    if asked.day is None:
        raise SettingsMistake("accept: of which day? Name the dataset and the day, e.g. accept positions 2026-11-23.")
    return again.accept(asked.dataset, asked.day)


def _send_trial(settings: Settings, console: Console) -> int:
    targets = settings.choices.alerts.targets
    if not targets:
        raise SettingsMistake(
            f"{settings.environment.config}: alerts.targets names nobody to tell. "
            f"Name somebody in a file of your own; {DEFAULT_CONFIG} has examples."
        )
    troubles = send(trial(datetime.now(UTC)), targets)
    for trouble in troubles:
        console.print(Text.assemble(("✗ ", "red"), trouble), soft_wrap=True)
    console.print(f"A test alert was sent to {len(targets) - len(troubles)} of {len(targets)} targets.")
    return 1 if troubles else 0


def _range(asked: argparse.Namespace, settings: Settings) -> tuple[date, date]:
    calendar = trading_calendar(settings.choices.exchange)
    if asked.command == "reprocess":
        return _days_in_raw(settings, asked.first, asked.last)
    if asked.command == "history":
        return asked.first, asked.last or _latest_day(settings, calendar)
    day = getattr(asked, "day", None) or _latest_day(settings, calendar)
    return day, day


def _require_partitions(first: date, last: date) -> None:
    today = datetime.now(NEW_YORK).date()
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
    except Waiting:  # a gateway that does not answer tells no time: what is parked is of the day that it is here
        return calendar.day_of(datetime.now(UTC))
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


if __name__ == "__main__":
    sys.exit(main())
