"""`make bench`, or `python -m tests.bench normalise memory`: figures and ratios, all of one run.

Nothing here passes or fails on time: machines differ. Ratios are what to look at. Figures are the median
over interleaved rounds, with the lowest and the highest.
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.bench import (
    bars,
    hammering,
    large,
    loading,
    memory,
    normalise,
    overhead,
    pacing,
    publication,
    recording,
    serving,
    storage,
)
from tests.bench.measure import Line

BENCHMARKS: dict[str, tuple[str, Callable[[Path], Iterator[Line]]]] = {
    "normalise": (normalise.TITLE, normalise.lines),
    "bars": (bars.TITLE, bars.lines),
    "memory": (memory.TITLE, memory.lines),
    "loading": (loading.TITLE, loading.lines),
    "overhead": (overhead.TITLE, overhead.lines),
    "large": (large.TITLE, large.lines),
    "hammering": (hammering.TITLE, hammering.lines),
    "pacing": (pacing.TITLE, pacing.lines),
    "recording": (recording.TITLE, recording.lines),
    "publication": (publication.TITLE, publication.lines),
    "storage": (storage.TITLE, storage.lines),
    "serving": (serving.TITLE, serving.lines),
}

WIDTH_OF_A_LOG = 140


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"bench {', '.join(unknown)}: no such benchmark. Choose of {', '.join(BENCHMARKS)}.\n")
        return 2
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH_OF_A_LOG
    table = Table("what", "median (lowest to highest)", "ratio", title="Benchmarks", title_justify="left")
    started = time.monotonic()
    with TemporaryDirectory(prefix="bench-") as folder:
        for name in names or BENCHMARKS:
            title, lines = BENCHMARKS[name]
            table.add_section()
            table.add_row(f"[bold]{title}[/bold]")
            with console.status(title):
                for line in lines(Path(folder)):
                    table.add_row(line.what, line.figure, line.ratio)
    console.print(table)
    console.print(f"{time.monotonic() - started:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
