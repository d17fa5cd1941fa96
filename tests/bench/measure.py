"""Measures work in processes of their own, so that each starts cold and its peak memory is its own.

Variants are interleaved over the rounds: a machine that is busy for a while is busy for all of them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent.parent
Figures = Mapping[str, float]


class WorkFailed(Exception):
    """A worker ended badly, or did other work than it should have."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the printed table."""

    what: str
    figure: str
    ratio: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """The readings of one figure over the rounds."""

    readings: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.readings)

    def __format__(self, spec: str) -> str:
        low, high = min(self.readings), max(self.readings)
        return f"{self.median:{spec}} ({low:{spec}} to {high:{spec}})"


@dataclass(frozen=True, slots=True)
class Work:
    """A function `module:name` of this package and its arguments; it returns figures."""

    target: str
    arguments: Mapping[str, Any]

    def done(self, home: Path) -> Figures:
        """Do it in a fresh process; `peak_mb` is added to the figures. `home` is for files of libraries."""
        command = [sys.executable, "-m", "tests.bench.worker", self.target, json.dumps(self.arguments, default=str)]
        finished = subprocess.run(command, cwd=ROOT, env=environment(home), capture_output=True, text=True, check=False)
        if finished.returncode:
            raise WorkFailed(f"{self.target} ended with {finished.returncode}:\n{finished.stderr[-2000:]}")
        found: Figures = json.loads(finished.stdout.splitlines()[-1])
        return found


def interleaved(works: Mapping[str, Work], *, rounds: int, home: Path) -> dict[str, dict[str, Spread]]:
    """Every work once per round; gives the spread of each figure by name of the work."""
    done = {name: list[Figures]() for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            done[name].append(work.done(home))
    return {name: dict(_spreads(readings)) for name, readings in done.items()}


def environment(home: Path) -> dict[str, str]:
    """The environment of a worker: nothing of the owner's settings, nobody is told about it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IBKR_")}
    return {
        **kept,
        "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": "",
        "DAGSTER_HOME": str(home),
        "DLT_DATA_DIR": str(home / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
    }


def _spreads(readings: list[Figures]) -> Iterator[tuple[str, Spread]]:
    for name in readings[0]:
        yield name, Spread(tuple(reading[name] for reading in readings))
