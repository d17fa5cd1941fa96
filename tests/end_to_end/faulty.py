"""Cases of faults on paths, and nights that meet them.

The list of accounts is left out of most: it may be asked once in 5 seconds only, and each case would wait for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from assets.kit.schema import PROVENANCE
from assets.warehouse import read_marts
from pipelines.outcome import Outcome
from resources.simulator.faults.files import parse_rules
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import Nights

TABLES = ["accounts", "ledger", "allocation", "positions", "symbols", "instruments", "bars_1d"]
EVERYTHING = [
    *(f"raw/{name}" for name in TABLES),
    *TABLES,
    "warehouse",
    *(mart.name for mart in read_marts()),
]  # but performance, which may be asked once in 15 minutes, whatever became of it
SCOPE: dict[str, Any] = {"watchlist": ["AAPL"], "bars_depth_days": 3}
OF_A_LANDING = [*(one.name for one in PROVENANCE), "reckoned_at"]  # `extra` is among them

LEDGER, POSITIONS, DEFINITIONS, BARS = "*/ledger", "*/positions/*", "/trsrv/secdef", "/iserver/marketdata/history"
ANY_POSITION = f"{POSITIONS} */position/*"
ANYTHING = "/portfolio/U* /trsrv/* /iserver/*"
Spec = str | dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A fault on a path, or on several; `rule` says more about when, `holds` how many positions there are."""

    fault: Spec
    path: str
    rule: dict[str, Any]
    holds: int = 3

    @property
    def name(self) -> str:
        return self.fault if isinstance(self.fault, str) else str(self.fault["fault"])

    @property
    def rules(self) -> list[dict[str, Any]]:
        return [{"faults": [self.fault], "path": path, **self.rule} for path in self.path.split()]


def once(fault: Spec, path: str = ANYTHING, *, holds: int = 3, **rule: Any) -> Case:
    """The first asking of every request meets it."""
    return Case(fault, path, {"per_request": True, "times": 1, **rule}, holds)


def always(fault: Spec, path: str, *, holds: int = 3, **rule: Any) -> Case:
    return Case(fault, path, rule, holds)


def once_only(fault: Spec, path: str, *, holds: int = 3, **rule: Any) -> Case:
    return Case(fault, path, {"times": 1, **rule}, holds)


def of(name: str, **parameters: Any) -> dict[str, Any]:
    return {"fault": name, **parameters}


@contextmanager
def night(folder: Path, case: Case | None, *keys: str, holds: int = 3) -> Iterator[tuple[Nights, Outcome]]:
    faults = parse_rules(case.rules) if case else ()
    holds = case.holds if case else holds
    classes = ["STK"] if holds < 10 else ["BOND"]  # a request for each contract takes its time
    with serve(Options(clock=EVENING, positions=holds, faults=faults)) as gateway:
        nights = Nights(folder, gateway, scope={**SCOPE, "bars_asset_classes": classes})
        outcome = nights.materialize(*(keys or EVERYTHING), day=DAY)
        if case is not None:
            assert any(case.name in asked["touched"] for asked in gateway.control.requests()), "it never struck"
        yield nights, outcome


def rows_of(nights: Nights, name: str) -> pd.DataFrame:
    rows = nights.table(name).drop(columns=OF_A_LANDING, errors="ignore")
    return rows.sort_values(list(rows.columns[:3])).reset_index(drop=True)
