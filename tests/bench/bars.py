"""Bars from replies to the warehouse: of 500 contracts ten years of days, of 50 contracts a year of minutes.

All begin with the same raw file and end with a table in a DuckDB file. Ours makes all its checks (of a body's hash,
the schema, the rules, the published file), the others none. The floor parses nothing: it writes and loads what ours
made, from Arrow tables in memory. Each is in a process of its own and warmed on one contract; dlt as it does by default
gets so few contracts because it sends rows as SQL text. Rates of several thousand rows and of millions are not the same
thing: fixed costs count in the former.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.measure import Line, Spread, Work, WorkFailed, interleaved
from tests.bench.normalise import timed, write_with_pandas
from tests.bench.recorded import LAST_DAY, MINUTES, calendar, lake_in, land_history, land_minutes

TITLE = "Bars, from replies to the warehouse (500 contracts x 10 years of days, 50 contracts x 1 year of minutes)"
DAYS, YEARS = 252, 10
DAILY, MINUTELY, FEW = 500, 50, 20
LIMIT_MB = 1500
ROUNDS = {"days": 3, "minutes": 2, "few": 2}
OURS, ARROW, BY_DEFAULT = "ours", "dlt of Arrow tables", "dlt by default"
PEERS = {
    OURS: f"{__name__}:ours",
    "the floor": f"{__name__}:floor",
    ARROW: "tests.bench.normalise:dlt_of_arrow",
    "plain pandas": f"{__name__}:plain_pandas",
}


def lines(folder: Path) -> Iterator[Line]:
    few = {OURS: PEERS[OURS], BY_DEFAULT: "tests.bench.normalise:dlt_by_default"}
    yield from _compared(folder, "few", f"{FEW} contracts x 10 years of days", few, FEW, YEARS * DAYS)
    yield from _compared(folder, "days", f"{DAILY} contracts x 10 years of days", PEERS, DAILY, YEARS * DAYS)
    yield from _compared(
        folder, "minutes", f"{MINUTELY} contracts x 1 year of minutes", PEERS, MINUTELY, DAYS * MINUTES
    )


def _compared(folder: Path, kind: str, what: str, peers: dict[str, str], contracts: int, bars: int) -> Iterator[Line]:
    there, warm = (_landed(folder, kind, count, bars) for count in (contracts, 1))
    arguments = {"folder": there, "warm": warm, "rows": contracts * bars}
    works = {name: Work(target, arguments) for name, target in peers.items()}
    found = interleaved(works, rounds=ROUNDS[kind], home=folder)
    pace = {name: figures["krows_per_second"] for name, figures in found.items()}
    for name, figures in found.items():
        peak = figures["peak_mb"]
        told = f"{pace[name]:.0f} krows/s, peak {peak.median:.0f} MB"
        yield Line(f"{what}: {name}", told, ", ".join(_ratios(pace, peak)) if name == OURS else "")


def _ratios(pace: dict[str, Spread], peak: Spread) -> Iterator[str]:
    for name, other in pace.items():
        if name == "the floor":
            yield f"{other.median / pace[OURS].median:.1f} x the time of the floor"
        elif name != OURS:
            yield f"{pace[OURS].median / other.median:.1f} x {name}"
    yield f"memory {peak.median / LIMIT_MB:.2f} x {LIMIT_MB} MB"


def _landed(folder: Path, kind: str, contracts: int, bars: int) -> Path:
    there = folder / f"bars-{kind}-{contracts}"
    if there.exists():
        return there
    if kind == "minutes":
        land_minutes(there, contracts=contracts, days=bars // MINUTES)
    else:
        land_history(there, contracts=contracts, bars=bars)
    return there


def ours(folder: str, warm: str, rows: int) -> dict[str, float]:
    from assets.kit.tabulate import build_years
    from assets.warehouse import table_source
    from resources.warehouse.build import build

    def load(root: Path) -> int:
        lake, table = lake_in(root), _table(root)
        lake.layout.warehouse_file.unlink(missing_ok=True)
        build_years(table, [LAST_DAY.isoformat()], lake=lake, calendar=calendar(), afresh=True)
        return build(lake.layout.warehouse_file, [table_source(table, lake.tables)], [])[table.name]

    return timed(load, folder, warm, rows)


def floor(folder: str, warm: str, rows: int) -> dict[str, float]:
    """What ours made, ready in memory."""
    import pyarrow.parquet as pq

    def write(root: Path) -> tuple[int, float]:
        files = lake_in(root).tables.files(_table(root).name)
        ready = [pq.read_table(path, partitioning=None) for path in files]
        target = root / "floor"
        target.mkdir(exist_ok=True)
        started = time.perf_counter()
        for number, part in enumerate(ready):
            pq.write_table(part, target / f"{number}.parquet", compression="zstd")
        return _loaded(root, target), time.perf_counter() - started

    write(Path(warm))
    written, seconds = write(Path(folder))
    if written != rows:
        raise WorkFailed(f"{written} rows were written, {rows} are in the replies")
    return {"krows_per_second": rows / seconds / 1000}


def plain_pandas(folder: str, warm: str, rows: int) -> dict[str, float]:
    def load(root: Path) -> int:
        write_with_pandas(root)
        return _loaded(root, root / "pandas")

    return timed(load, folder, warm, rows)


def _loaded(root: Path, folder: Path) -> int:
    """The rows of a folder of Parquet files, as a table in a new DuckDB file."""
    import duckdb

    file = root / f"{folder.name}.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"create table bars as from read_parquet('{folder}/*.parquet')")
        [(count,)] = connection.execute("select count(*) from bars").fetchall()
    return int(count)


def _table(root: Path) -> Any:
    from assets.market.bars import bars_of
    from assets.market.bars_1d import bars_1d

    [dataset] = lake_in(root).raw.datasets()
    return bars_1d if dataset == "bars_1d" else bars_of("1min")[1]
