"""What Dagster waits for whenever it loads the code location, against importing Dagster alone."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import ROOT, Line, Spread, environment

TITLE = "Loading the code location, in a fresh process"
ROUNDS = 5
STATEMENTS = {"import dagster": "import dagster", "load pipelines.definitions": "import pipelines.definitions"}


def lines(folder: Path) -> Iterator[Line]:
    for statement in STATEMENTS.values():  # compiles what is not compiled yet
        _seconds(statement, folder)
    readings = [[_seconds(statement, folder) for statement in STATEMENTS.values()] for _ in range(ROUNDS)]
    alone, whole = (Spread(column) for column in zip(*readings, strict=True))
    yield Line("import dagster", f"{alone:.2f} s")
    yield Line("import pipelines.definitions", f"{whole:.2f} s", f"{whole.median / alone.median:.2f} x dagster alone")


def _seconds(statement: str, home: Path) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], cwd=ROOT, env=environment(home), check=True)
    return time.perf_counter() - started
