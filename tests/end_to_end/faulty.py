"""Cases of faults on paths, and nights that meet them.

A night lands what its fault is met by; instruments that bars need, and that do not meet it, lie there already.
The list of accounts is left out of most: it may be asked once in 5 seconds only, and each case would wait for it.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from assets.kit.schema import PROVENANCE
from assets.warehouse import read_marts
from pipelines.outcome import Outcome
from resources.simulator.faults.files import parse_rules
from resources.simulator.faults.rule import Rule
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import Nights

TABLES = ["accounts", "ledger", "allocation", "positions", "symbols", "instruments", "bars_1d"]
PUBLISHED = ["warehouse", *(mart.name for mart in read_marts())]
"""`TABLES` are all but performance, which may be asked once in 15 minutes, whatever became of it."""
SCOPE: dict[str, Any] = {"watchlist": ["AAPL"], "bars_depth_days": 3}
OF_A_LANDING = [*(one.name for one in PROVENANCE), "reckoned_at"]  # `extra` is among them

LEDGER, POSITIONS, DEFINITIONS, BARS = "*/ledger", "*/positions/*", "/trsrv/secdef", "/iserver/marketdata/history"
ANY_POSITION = f"{POSITIONS} */position/*"
ANYTHING = "/portfolio/U* /trsrv/* /iserver/*"
Spec = str | dict[str, Any]
INSTRUMENTS = ("positions", "symbols", "instruments")
SOME_OF_EACH = ("ledger", "symbols", "bars_1d")
LANDS = {
    LEDGER: ("ledger",),
    POSITIONS: ("positions",),
    ANY_POSITION: ("positions",),
    DEFINITIONS: INSTRUMENTS,
    BARS: ("bars_1d",),
    "/iserver/accounts": ("bars_1d",),
    "/portfolio/accounts": ("accounts", "ledger"),
}
"""The datasets that meet a path; other paths are met by `SOME_OF_EACH` tier."""


@dataclass(frozen=True)
class Case:
    """A fault on a path, or on several; `rule` says more about when, `holds` how many positions there are."""

    fault: Spec
    path: str
    rule: dict[str, Any]
    holds: int = 3
    lands: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.fault if isinstance(self.fault, str) else str(self.fault["fault"])

    @property
    def rules(self) -> list[dict[str, Any]]:
        return [{"faults": [self.fault], "path": path, **self.rule} for path in self.path.split()]

    @property
    def tables(self) -> tuple[str, ...]:
        """Those of the datasets that are landed."""
        return self.lands or LANDS.get(self.path, SOME_OF_EACH)


def once(fault: Spec, path: str = ANYTHING, *, holds: int = 3, lands: tuple[str, ...] = (), **rule: Any) -> Case:
    """The first asking of every request meets it."""
    return Case(fault, path, {"per_request": True, "times": 1, **rule}, holds, lands)


def always(fault: Spec, path: str, *, holds: int = 3, lands: tuple[str, ...] = (), **rule: Any) -> Case:
    return Case(fault, path, rule, holds, lands)


def once_only(fault: Spec, path: str, *, holds: int = 3, lands: tuple[str, ...] = (), **rule: Any) -> Case:
    return Case(fault, path, {"times": 1, **rule}, holds, lands)


def of(name: str, **parameters: Any) -> dict[str, Any]:
    return {"fault": name, **parameters}


def keys_of(tables: Iterable[str]) -> list[str]:
    """Tables with their landings, as assets."""
    return [*(f"raw/{name}" for name in tables), *tables]


@contextmanager
def undisturbed(folder: Path, holds: int) -> Iterator[tuple[Nights, Outcome]]:
    """A night of all tables."""
    with _served(folder, holds, ()) as nights:
        yield nights, nights.materialize(*keys_of(TABLES), day=DAY)


@contextmanager
def night(folder: Path, case: Case, *, publishes: bool, after: Path | None = None) -> Iterator[tuple[Nights, Outcome]]:
    """The night of a case; where it only needs instruments, it has those of the night `after` which it is."""
    if "bars_1d" in case.tables and "instruments" not in case.tables:
        assert after is not None
        others = shutil.ignore_patterns(".gateways", *set(TABLES) - {"instruments"})
        shutil.copytree(after, folder, ignore=others, dirs_exist_ok=True)
    with _served(folder, case.holds, parse_rules(case.rules)) as nights:
        keys = [*keys_of(case.tables), *(PUBLISHED if publishes else ())]
        outcome = nights.materialize(*keys, day=DAY)
        assert isinstance(nights.gateway, Running)
        asked = nights.gateway.control.requests()
        assert any(case.name in one["touched"] for one in asked), "it never struck"
        yield nights, outcome


@contextmanager
def _served(folder: Path, holds: int, faults: tuple[Rule, ...]) -> Iterator[Nights]:
    classes = ["STK"] if holds < 10 else ["BOND"]  # a request for each contract takes its time
    with serve(Options(clock=EVENING, positions=holds, faults=faults)) as gateway:
        yield Nights(folder, gateway, scope={**SCOPE, "bars_asset_classes": classes})


def rows_of(nights: Nights, name: str) -> pd.DataFrame:
    rows = nights.table(name).drop(columns=OF_A_LANDING, errors="ignore")
    return rows.sort_values(list(rows.columns[:3])).reset_index(drop=True)
