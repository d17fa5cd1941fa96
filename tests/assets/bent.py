"""A recorded night whose replies a test bends, then builds and checks, without a network."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from assets.kit.declare import ByYear, Check, Table
from assets.kit.scope import Scope
from assets.kit.tabulate import build_day, build_years
from assets.kit.verify import Looked, Verdict, generated_checks, run_check
from pipelines.definitions import declared
from resources.envelope import Envelope, Request
from resources.lake.raw import Landing
from resources.lake.resource import Lake

DAY = date(2026, 11, 23)
Change = Callable[[Request, Any], Any]
FOUND = declared()
TABLES: dict[str, Table] = {table.name: table for table in FOUND.tables}
CHECKS: dict[str, Check] = {check.name: check for check in FOUND.checks}


class Bent:
    """A copy of a night's raw replies that can be changed."""

    def __init__(self, recorded: Path, folder: Path) -> None:
        self.lake = Lake(root=str(folder), profile="bent")
        self.scope = Scope(watchlist=["AAPL"])
        shutil.copytree(recorded, self.lake.layout.folder / "raw")

    def bend(self, dataset: str, change: Change, *, day: date = DAY) -> "Bent":
        """Replace the bodies of a dataset's good replies; a change that gives None leaves the reply out."""
        for path in self.lake.raw.landings(dataset, day.isoformat()):
            envelopes = list(self.lake.raw.read(path))
            path.unlink()
            opened = path.with_name(path.name.replace(".jsonl.gz", ".open.jsonl.gz"))
            with Landing(opened) as landing:
                for envelope in envelopes:
                    changed = change(envelope.request, orjson.loads(envelope.body))
                    if changed is not None:
                        landing.append(_with_body(envelope, orjson.dumps(changed)))
        return self

    def ask_as(self, dataset: str, change: Callable[[Request], Request], *, day: date = DAY) -> "Bent":
        """Replace the requests of a dataset's replies, as if something else had been asked."""
        for path in self.lake.raw.landings(dataset, day.isoformat()):
            envelopes = list(self.lake.raw.read(path))
            path.unlink()
            with Landing(path.with_name(path.name.replace(".jsonl.gz", ".open.jsonl.gz"))) as landing:
                for envelope in envelopes:
                    landing.append(replace(envelope, request=change(envelope.request)))
        return self

    def again_on(self, day: date, *datasets: str) -> "Bent":
        """The same replies once more, as if landed on another day at the same hour."""
        for dataset in datasets:
            for path in self.lake.raw.landings(dataset, DAY.isoformat()):
                opened = path.name.replace(".jsonl.gz", ".open.jsonl.gz")
                with Landing(self.lake.layout.raw_folder(dataset, day.isoformat()) / opened) as landing:
                    for envelope in self.lake.raw.read(path):
                        landing.append(replace(envelope, received_at=envelope.received_at + (day - DAY)))
        return self

    def build(self, *names: str, day: date = DAY) -> "Bent":
        """Build tables, all of them when none is named."""
        for name in names or TABLES:
            table = TABLES[name]
            if isinstance(table.storage, ByYear):
                build_years(table, [day.isoformat()], lake=self.lake, calendar=self.scope.calendar, afresh=False)
            else:
                assert build_day(table, day, lake=self.lake) is not None
        return self

    def rows(self, name: str) -> pd.DataFrame:
        """A table's rows; what is missing is None."""
        rows = self.lake.tables.read(self.lake.tables.files(name)).astype(object)
        return rows.where(rows.notna(), None)

    def reasons(self, name: str) -> list[list[str]]:
        """Why rows of a table were rejected."""
        files = self.lake.tables.rejected_files(name)
        return [list(why) for why in self.lake.tables.read(files)["reasons"]] if files else []

    def verdict(self, name: str, *, day: date = DAY) -> Verdict:
        """What a declared check finds."""
        return run_check(CHECKS[name], [day], lake=self.lake, scope=self.scope, tables=TABLES)

    def generated(self, table: str, name: str) -> Verdict:
        """What a generated check finds."""
        look = next(one for one in generated_checks(TABLES[table]) if one.__name__ == name)
        return look(Looked(TABLES[table], (DAY,), self.lake, self.scope.calendar))


def _with_body(envelope: Envelope, body: bytes) -> Envelope:
    return Envelope(envelope.request, envelope.status, envelope.headers, body, envelope.received_at, envelope.run_id)
