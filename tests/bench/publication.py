"""Building and swapping in the warehouse, against the rows in it and against DuckDB alone."""

import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Line, Work, WorkFailed, interleaved
from tests.bench.normalise import ALL, BARS, SOME, landed, work
from tests.bench.recorded import lake_in

TITLE = "Publishing the warehouse"
ROUNDS = 3


def lines(folder: Path) -> Iterator[Line]:
    works = {}
    for contracts in (SOME, ALL):
        data = landed(folder, contracts)
        if not lake_in(data).tables.files("bars_1d"):
            work("ours", data, contracts).done(folder)
        arguments = {"folder": data, "rows": contracts * BARS}
        works[f"ours, {contracts * BARS:,} bars"] = Work(f"{__name__}:publish", arguments)
        works[f"DuckDB alone, {contracts * BARS:,} bars"] = Work(f"{__name__}:copy", arguments)
    found = interleaved(works, rounds=ROUNDS, home=folder)
    small, _, large, alone = (figures["seconds"] for figures in found.values())
    ratios = {
        large: f"{large.median / small.median:.1f} x the time for {ALL / SOME:.0f} x the rows, "
        f"{large.median / alone.median:.2f} x DuckDB alone"
    }
    for name, figures in found.items():
        seconds, peak = figures["seconds"], figures["peak_mb"].median
        yield Line(name, f"{seconds:.2f} s, peak {peak:.0f} MB", ratios.get(seconds, ""))


def publish(folder: str, rows: int) -> dict[str, float]:
    """As the nightly run does: a table with its comments, in order of its key, looked over, swapped in."""
    from assets.market.bars_1d import bars_1d
    from assets.warehouse import table_source
    from resources.warehouse.build import build

    lake = lake_in(Path(folder))
    started = time.perf_counter()
    loaded = build(lake.layout.warehouse_file, [table_source(bars_1d, lake.tables)], [])
    seconds = time.perf_counter() - started
    if loaded != {"bars_1d": rows}:
        raise WorkFailed(f"{loaded} were published, {rows} bars are there")
    return {"seconds": seconds}


def copy(folder: str, rows: int) -> dict[str, float]:
    """The least that DuckDB needs for the same table in the same order."""
    import duckdb

    lake = lake_in(Path(folder))
    target = Path(folder) / "alone.duckdb"
    target.unlink(missing_ok=True)
    files = ", ".join(f"'{path}'" for path in lake.tables.files("bars_1d"))
    started = time.perf_counter()
    with duckdb.connect(str(target)) as connection:
        connection.execute(
            f"create table bars_1d as from read_parquet([{files}], hive_partitioning = false) order by conid, bar_start"
        )
        connection.execute("checkpoint")
    seconds = time.perf_counter() - started
    with duckdb.connect(str(target), read_only=True) as connection:
        found = connection.execute("select count(*) from bars_1d").fetchall()
    if found != [(rows,)]:
        raise WorkFailed(f"{found} bars were copied, {rows} are there")
    return {"seconds": seconds}
