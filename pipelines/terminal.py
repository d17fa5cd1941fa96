"""What a person sees on a terminal: a line per finished step and per long wait while it runs, a summary at the end."""

import logging
from shlex import quote
from typing import Any

import dagster as dg
from rich import get_console
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.outcome import Dataset, FailedCheck, Outcome, stage_of
from resources.gateway.pacing import DOCUMENTED_PER_SECOND

LOGGER = "terminal"


class _StepLines(logging.Handler):
    """Prints a line when a step ends, and what a step warns of; everything else is in the UI."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._pools: set[str] = set()
        self._parked: set[str] = set()
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        event: dg.DagsterEvent | None = meta.get("dagster_event")
        if event is None and record.levelno == logging.WARNING:  # errors are Dagster's, of steps that cannot follow
            self._tell(str(meta.get("orig_message", record.getMessage())))
        if event is None or event.step_key is None:
            return
        if event.event_type == dg.DagsterEventType.ENGINE_EVENT and "pool" in event.engine_event_data.metadata:
            self._wait(str(event.engine_event_data.metadata["pool"].value))
        if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION:
            self._park(event)
        elif event.event_type == dg.DagsterEventType.STEP_SUCCESS and event.step_key in self._parked:
            self._line(event.step_key, "waits", "yellow", mark="…")
        elif event.event_type == dg.DagsterEventType.STEP_SUCCESS:
            self._line(event.step_key, f"{event.step_success_data.duration_ms / 1000:6.2f} s", "green", mark="✓")
        elif event.event_type == dg.DagsterEventType.STEP_FAILURE:
            self._line(event.step_key, "failed", "red", mark="✗")

    def _wait(self, pool: str) -> None:
        if pool not in self._pools:
            self._console.print(f"  [yellow]…[/yellow] another run uses {pool}; waiting for it", highlight=False)
            self._pools.add(pool)

    def _park(self, event: dg.DagsterEvent) -> None:
        reason = event.asset_observation_data.asset_observation.metadata.get("parked")
        if reason is None or event.step_key is None:
            return
        self._tell(str(reason.value))
        self._parked.add(event.step_key)

    def _tell(self, line: str) -> None:
        """Each line once: of a lapsed login, or a clock that is wrong, every landing says the same."""
        if line not in self._told:
            self._told.add(line)
            self._console.print(Text.assemble(("  … ", "yellow"), line), soft_wrap=True)

    def _line(self, step: str, told: str, colour: str, *, mark: str) -> None:
        name = step.removesuffix("_checks").replace("raw__", "raw/").replace("raw_", "raw/", 1)
        line = f"  [{colour}]{mark}[/{colour}] [dim]{stage_of(step):<8}[/dim]{name:<22}[dim]{told}[/dim]"
        self._console.print(line, highlight=False)


def _new_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger(LOGGER, level=logging.DEBUG)
    logger.addHandler(_StepLines(get_console()))  # the one that a progress bar is on
    return logger


terminal_logger = dg.LoggerDefinition(_new_logger, description="A line per finished step, for a person at a terminal.")


def print_summary(outcome: Outcome, console: Console, *, is_part: bool = False) -> None:
    """Datasets, checks, requests, seconds, and how to go on; of a part another run publishes."""
    console.print()
    console.print(_datasets(outcome))
    _print_costs(outcome, console)
    for check in outcome.failed_checks:
        _print_failed(check, console)
    for failure in dict.fromkeys(outcome.failures):
        console.print(Text.assemble(("✗ ", "red"), failure), soft_wrap=True)
    if outcome.is_success and outcome.warehouse:
        _print_warehouse(outcome.warehouse, console)
    elif outcome.warehouse is None and not outcome.parked and not is_part:
        console.print("Nothing was published: a warehouse from before stays as it is.", highlight=False)


def _datasets(outcome: Outcome) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", show_footer=True, footer_style="dim")
    table.add_column("dataset", "total")
    totals = outcome.datasets.values()
    table.add_column("rows", f"{sum(one.rows or 0 for one in totals):,}", justify="right")
    table.add_column("rejected", _count(sum(one.rejected for one in totals)), justify="right")
    table.add_column("requests", _count(outcome.requests), justify="right")
    passed, failed = sum(one.passed for one in totals), sum(one.failed for one in totals)
    table.add_column("checks passed", f"{passed}", justify="right")
    table.add_column("failed", _count(failed), justify="right")
    for name, one in sorted(outcome.datasets.items(), key=lambda item: (item[1].rows is None, item[0])):
        table.add_row(name, *_cells(one))
    return table


def _cells(one: Dataset) -> list[str]:
    return [
        "" if one.rows is None else f"{one.rows:,}",
        _count(one.rejected),
        _count(one.requests),
        _count(one.passed),
        f"[red]{one.failed}[/red]" if one.failed else "",
    ]


def _print_costs(outcome: Outcome, console: Console) -> None:
    landing = outcome.seconds["land"]
    if outcome.requests and landing:
        used = outcome.requests / (DOCUMENTED_PER_SECOND * max(landing, 1.0))
        console.print(
            f"\nrequests  {outcome.requests} in {landing:.1f} s, {outcome.bytes / 1e6:.1f} MB: "
            f"{used:.0%} of the {DOCUMENTED_PER_SECOND:g}/s allowed; {outcome.waited_seconds:.1f} s were waits",
            highlight=False,
        )
    if outcome.run_requests:
        own = outcome.run_requests - outcome.requests
        console.print(
            f"          {own} more for the session; {outcome.beyond_fewest or 'none'} beyond the fewest there can be",
            highlight=False,
        )
    stages = "   ".join(f"{stage} {seconds:.1f}" for stage, seconds in outcome.seconds.items())
    console.print(f"seconds   {stages}", highlight=False)


def _print_failed(check: FailedCheck, console: Console) -> None:
    mark, colour = ("✗", "red") if check.is_blocking else ("!", "yellow")
    consequence = "blocks what follows" if check.is_blocking else "does not block"
    console.print(
        f"[{colour}]{mark}[/{colour}] {check.dataset}: {check.name.replace('_', ' ')}: "
        f"not so for {check.offenders} ({consequence})",
        highlight=False,
        soft_wrap=True,
    )
    if check.says:
        console.print(f"  {check.says}", style="dim", highlight=False, soft_wrap=True, markup=False)


def _print_warehouse(path: str, console: Console) -> None:
    query = "from nav_daily order by nav_day desc limit 5"
    code = f"import duckdb; print(duckdb.connect({path!r}, read_only=True).sql({query!r}))"
    console.print(f"warehouse {path}\n\nLook into it:", highlight=False, soft_wrap=True, markup=False)
    console.print(f"  .venv/bin/python -c {_quoted(code)}", highlight=False, soft_wrap=True, markup=False)
    console.print("and see how it came about:\n  make dev", highlight=False)


def _quoted(code: str) -> str:
    """For a shell; in double quotes where that will do, since they are easier to read."""
    return quote(code) if set('"$`\\!') & set(code) else f'"{code}"'


def _count(number: int) -> str:
    return f"{number:,}" if number else ""
