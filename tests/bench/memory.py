"""Days added one by one, as nights do: the peak after many is that after few."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Line, Work, WorkFailed, interleaved
from tests.bench.recorded import calendar, lake_in, land_history, land_positions, trading_days

TITLE = "Memory as days are added (158 positions, bars of 150 contracts)"
FEW, MANY = 5, 60
POSITIONS, CONTRACTS = 158, 150
FIRST_BARS, NIGHTLY_BARS = 1000, 3
ROUNDS = 3


def lines(folder: Path) -> Iterator[Line]:
    data = folder / "nights"
    for number, day in enumerate(trading_days(MANY)):
        land_positions(data, day=day, positions=POSITIONS)
        land_history(data, contracts=CONTRACTS, bars=NIGHTLY_BARS if number else FIRST_BARS, last=day)
    works = {f"{count} days": Work(f"{__name__}:add_days", {"folder": data, "count": count}) for count in (FEW, MANY)}
    found = interleaved(works, rounds=ROUNDS, home=folder)
    few, many = (figures["peak_mb"] for figures in found.values())
    yield Line(f"peak after {FEW} days", f"{few:.0f} MB")
    yield Line(f"peak after {MANY} days", f"{many:.0f} MB", f"{many.median / few.median:.2f} x the peak of {FEW}")
    seconds = [figures["last_day_seconds"] for figures in found.values()]
    yield Line(
        "building the last of them",
        f"{seconds[1]:.2f} s",
        f"{seconds[1].median / seconds[0].median:.2f} x the {FEW}th day",
    )


def add_days(folder: str, count: int) -> dict[str, float]:
    import time

    from assets.kit.tabulate import build_day, build_years
    from assets.market.bars_1d import bars_1d
    from assets.portfolio.positions import positions

    lake = lake_in(Path(folder))
    shutil.rmtree(lake.layout.folder / "tables", ignore_errors=True)
    started = 0.0
    for day in trading_days(MANY)[:count]:
        started = time.perf_counter()
        held = build_day(positions, day, lake=lake)
        bars = build_years(bars_1d, [day.isoformat()], lake=lake, calendar=calendar(), afresh=False)
        if held is None or held.rows != POSITIONS or bars.rows < CONTRACTS * NIGHTLY_BARS:
            raise WorkFailed(f"{day}: {held} and {bars} were built")
    return {"last_day_seconds": time.perf_counter() - started}
