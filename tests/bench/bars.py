"""Bars from replies to the warehouse: of 500 contracts ten years of days, of 50 contracts a year of minutes.

All begin with the same raw file and end with a table in a DuckDB file. Ours makes all its checks (of a body's hash,
the schema, the rules, the published file), the others none. The floor parses nothing: it writes and loads what ours
made, from Arrow tables in memory. Arrow alone is the most that any loader could do that reads these files: it takes six
columns from where they are known to be, looks at nothing and keeps no order. Each is in a process of its own and warmed
on one contract; dlt as it does by default gets so few contracts because it sends rows as SQL text. Rates of several
thousand rows and of millions are not the same thing: fixed costs count in the former.
"""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.measure import Line, Spread, Work, WorkFailed, interleaved
from tests.bench.normalise import bodies, timed, write_with_pandas
from tests.bench.recorded import LAST_DAY, MINUTES, calendar, lake_in, land_history, land_minutes

TITLE = "Bars, from replies to the warehouse (500 contracts x 10 years of days, 50 contracts x 1 year of minutes)"
DAYS, YEARS = 252, 10
DAILY, MINUTELY, FEW = 500, 50, 20
LIMIT_MB = 1500
TOGETHER, BLOCK = 256, 1 << 20
ROUNDS = {"days": 3, "minutes": 2, "few": 2}
OURS, ARROW, ALONE, BY_DEFAULT = "ours", "dlt of Arrow tables", "Arrow alone", "dlt by default"
PEERS = {
    OURS: f"{__name__}:ours",
    "the floor": f"{__name__}:floor",
    ALONE: f"{__name__}:arrow_alone",
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
        ratios = {OURS: _ratios(pace, peak), ALONE: _against(pace, ALONE, ARROW)}
        yield Line(f"{what}: {name}", told, ", ".join(ratios.get(name, ())))


def _ratios(pace: dict[str, Spread], peak: Spread) -> Iterator[str]:
    for name, other in pace.items():
        if name == "the floor":
            yield f"{other.median / pace[OURS].median:.1f} x the time of the floor"
        elif name != OURS:
            yield from _against(pace, OURS, name)
    yield f"memory {peak.median / LIMIT_MB:.2f} x {LIMIT_MB} MB"


def _against(pace: dict[str, Spread], one: str, other: str) -> Iterator[str]:
    yield f"{pace[one].median / pace[other].median:.1f} x {other}"


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


def arrow_alone(folder: str, warm: str, rows: int) -> dict[str, float]:
    import pyarrow.parquet as pq

    def load(root: Path) -> int:
        target = root / "arrow"
        target.mkdir(exist_ok=True)
        for number, part in enumerate(_read_by_arrow(root)):
            pq.write_table(part, target / f"{number}.parquet", compression="zstd")
        return _loaded(root, target)

    return timed(load, folder, warm, rows)


def _read_by_arrow(root: Path) -> Iterator[Any]:
    """The bars of so many replies together that both cores have enough to read."""
    import pyarrow as pa
    from pyarrow.json import ParseOptions, ReadOptions, read_json

    schema = pa.schema([*((name, pa.float64()) for name in "ochlv"), ("t", pa.int64())])
    parse = ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    replies = bodies(root)
    while some := list(islice(replies, TOGETHER)):
        bars = [body[body.index(b'"data":[') + 8 : body.index(b"}]") + 1] for _, body in some]
        lines = b"\n".join(bars).replace(b"},{", b"}\n{")
        read = read_json(pa.BufferReader(lines), read_options=ReadOptions(block_size=BLOCK), parse_options=parse)
        counts = [one.count(b"{") for one in bars]
        yield read.append_column("conid", pa.array(np.repeat([conid for conid, _ in some], counts)))


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
