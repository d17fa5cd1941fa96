"""Commands that build again from raw, in parts: what was rejected after a fix, what was held back after a decision.

Belongs here: which parts, and what a person reads of it. Does not: running (`command.py`), the plan (`rebuild.py`),
what is rejected or held back (`assets/kit`).
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import dagster as dg
from rich.table import Table as Grid
from rich.text import Text

from assets.kit.compose import REBUILD_TAG
from assets.kit.declare import Landing, Table
from assets.kit.scope import Scope
from assets.kit.verify import run_check
from pipelines.command import FAILED_CODE, Command
from pipelines.definitions import declared, published_keys
from pipelines.rebuild import Part, parts
from pipelines.resume import partition_tags
from pipelines.settings import SettingsMistake
from resources.lake.held_back import Held
from resources.lake.resource import Lake

Counts = dict[str, dict[date, int]]


@dataclass
class Again(Command):
    """A command that builds again."""

    def rejected(self, first: date | None, last: date | None) -> int:
        """Build exactly the partitions that have rejected rows, and publish; the exit code."""
        lake, tables = self._watch.lake, declared().tables
        before = rejected_rows(lake, tables, first or date.min, last or date.max)
        if not before:
            self.console.print("No row is rejected.")
            return 0
        with self._instance() as instance:
            codes = [self._build(instance, part) for part in parts(before, self._watch.scope.calendar)]
            code = max(codes) or self._run(instance, "resume", {}, published_keys(self.settings.choices.bars.sizes))
        self.console.print(_compared(before, rejected_rows(lake, tables, first or date.min, last or date.max)))
        return code

    def accept(self, dataset: str, day: date) -> int:
        """Record that what is held back of a dataset and day is so; build that day again, and publish."""
        store = self._watch.lake.held_back
        waiting = store.waiting()
        meant = _meant(waiting, dataset, day)
        tables = {held.table for held in meant}
        later = {held.day for held in waiting if held.table in tables and held.day > day}  # judged by this day
        code = 0
        with self._instance() as instance:
            for held in meant:
                store.accept(held, at=datetime.now(UTC))
                self.console.print(Text.assemble(("✓ ", "green"), f"{held.table} of {held.day} is accepted."))
            days = sorted({day, *later})
            doubted = {each: doubted_landings(self._watch.lake, self._watch.scope, each) for each in days}
            published = [] if any(doubted.values()) else published_keys(self.settings.choices.bars.sizes)
            for each in days:
                assets = [*self._of(each, but=doubted[each]), *(published if each == days[-1] else [])]
                code = code or self._run(instance, "resume", partition_tags(each, each), assets)
        for each, told in doubted.items():
            for name, why in told.items():
                line = f"Not published, since the replies of {name} of {each} are in doubt: {why}."
                self.console.print(Text.assemble(("! ", "yellow"), line), soft_wrap=True)
                code = code or FAILED_CODE
        self.console.print(
            f"What that night left out because of it, `make nightly DAY={day}` lands, where it can still be had.",
            highlight=False,
            soft_wrap=True,
        )
        return code

    def tell_held_back(self) -> int:
        """Say what waits for a decision."""
        waiting = self._watch.lake.held_back.waiting()
        for held in waiting:
            self.console.print(Text.assemble(("… ", "yellow"), held.reason), soft_wrap=True)
        if not waiting:
            self.console.print("Nothing is held back.")
        return 0

    def _build(self, instance: dg.DagsterInstance, part: Part) -> int:
        tags = {**partition_tags(part.first, part.last), REBUILD_TAG: "in part"}
        return self._run(instance, "resume", tags, [dg.AssetKey(name) for name in part.tables], is_part=True)

    def _of(self, day: date, *, but: Container[str]) -> list[dg.AssetKey]:
        """Every table of a day, so that its checks are made, but those of some landings; and the record of these."""
        found, raw = declared(), self._watch.lake.raw
        kept = [table for table in found.tables if table.raw.name not in but]
        tables = [table.name for table in kept if raw.landings(table.raw.name, day.isoformat())]
        return [
            *(dg.AssetKey(["raw", landing.name]) for landing in found.landings if landing.is_last),
            *(dg.AssetKey(name) for name in tables),
        ]


def doubted_landings(lake: Lake, scope: Scope, day: date) -> dict[str, str]:
    """Landings of a day that a check of theirs holds back, and why: they are not landed again, so nothing else asks."""
    found: dict[str, str] = {}
    for check in declared().checks:
        if isinstance(check.of, Landing) and check.is_blocking:
            verdict = run_check(check, [day], lake=lake, scope=scope, tables={})
            if not verdict.has_passed:
                found.setdefault(check.of.name, verdict.says)
    return found


def rejected_rows(lake: Lake, tables: Iterable[Table], first: date, last: date) -> Counts:
    """How many rows of each table are rejected, by the day under which they were landed."""
    import pyarrow.parquet as pq

    found: Counts = {}
    for table in tables:
        for path in lake.tables.rejected_files(table.name):
            day = date.fromisoformat(path.parent.name.partition("=")[2])
            if first <= day <= last:
                found.setdefault(table.name, {})[day] = pq.read_metadata(path).num_rows
    return found


def _meant(waiting: Sequence[Held], dataset: str, day: date) -> list[Held]:
    """What waits of a table, or of all tables of a dataset."""
    names = {table.name for table in declared().tables if dataset in {table.name, table.raw.name}}
    meant = [held for held in waiting if held.table in names and held.day == day]
    if not meant:
        told = ", ".join(f"{held.table} of {held.day}" for held in waiting) or "nothing"
        raise SettingsMistake(f"accept: {dataset} of {day} is not held back. Held back: {told}.")
    return meant


def _compared(before: Counts, after: Counts) -> Grid:
    grid = Grid("dataset", box=None, pad_edge=False, header_style="dim")
    for name in ("days", "were rejected", "are rejected"):
        grid.add_column(name, justify="right")
    for table, days in sorted(before.items()):
        left = after.get(table, {})
        grid.add_row(table, f"{len(days)}", f"{sum(days.values()):,}", f"{sum(left.values()):,}")
    return grid
