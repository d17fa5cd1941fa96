"""History replies to Parquet: our table stage, dlt and plain pandas, all from the same raw files.

Ours reads with the checks that it always makes (the body's hash, schema, rules, rejection, one row per
key); the others merely read. Each is warmed on one contract first, so that imports do not count.
"""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import orjson

from tests.bench.measure import Line, Work, WorkFailed, interleaved
from tests.bench.recorded import LAST_DAY, calendar, lake_in, land_history

TITLE = "History replies to Parquet (5,000 daily bars per contract, 1,000 per reply)"
BARS = 5000
FEW, SOME, ALL = 4, 100, 500
ROUNDS = 3
DLT = {
    "dlt to Parquet": "dlt_to_parquet",
    "dlt to DuckDB": "dlt_to_duckdb",
    "dlt of Arrow tables to DuckDB": "dlt_of_arrow",
}
BY_DEFAULT = "dlt to DuckDB as it does by default"


def lines(folder: Path) -> Iterator[Line]:
    some, whole = landed(folder, SOME), landed(folder, ALL)
    peers = {"ours": "ours", "plain pandas": "plain_pandas", **DLT}
    works = {
        **{f"{name}, {SOME} contracts": work(function, some, SOME) for name, function in peers.items()},
        f"ours, {ALL} contracts": work("ours", whole, ALL),
        f"plain pandas, {ALL} contracts": work("plain_pandas", whole, ALL),
    }
    works[f"ours, {FEW} contracts"] = work("ours", landed(folder, FEW), FEW)
    works[f"{BY_DEFAULT}, {FEW} contracts"] = work("dlt_by_default", landed(folder, FEW), FEW)
    found = interleaved(works, rounds=ROUNDS, home=folder)
    pace = {name: figures["krows_per_second"] for name, figures in found.items()}
    for name, figures in found.items():
        compared = [
            f"{pace[name].median / pace[peer].median:.1f} x {peer.rpartition(',')[0]}"
            for peer in (_peers(name) if name.startswith("ours") else ())
        ]
        yield Line(name, f"{pace[name]:.0f} krows/s, peak {figures['peak_mb'].median:.0f} MB", ", ".join(compared))


def _peers(name: str) -> list[str]:
    """What a figure of ours is held against."""
    if name.endswith(f", {FEW} contracts"):
        return [f"{BY_DEFAULT}, {FEW} contracts"]
    return [*(f"{peer}, {SOME} contracts" for peer in DLT), name.replace("ours", "plain pandas")]


def work(function: str, folder: Path, contracts: int) -> Work:
    warm = landed(folder.parent, 1)
    return Work(f"{__name__}:{function}", {"folder": folder, "warm": warm, "rows": contracts * BARS})


def landed(folder: Path, contracts: int) -> Path:
    """A data root with the replies of so many contracts, made when first asked for."""
    there = folder / f"history-{contracts}"
    if not there.exists():
        land_history(there, contracts=contracts, bars=BARS)
    return there


def ours(folder: str, warm: str, rows: int) -> dict[str, float]:
    from assets.kit.tabulate import build_years
    from assets.market.bars_1d import bars_1d

    def build(root: Path) -> int:
        day = LAST_DAY.isoformat()
        return build_years(bars_1d, [day], lake=lake_in(root), calendar=calendar(), afresh=True).rows

    return timed(build, folder, warm, rows)


def plain_pandas(folder: str, warm: str, rows: int) -> dict[str, float]:
    return timed(write_with_pandas, folder, warm, rows)


def write_with_pandas(root: Path) -> int:
    """A frame per reply, a file per contract, as a notebook would."""
    import pandas as pd

    frames: dict[str, list[pd.DataFrame]] = {}
    with gzip.open(_raw_file(root), "rt") as handle:
        for line in handle:
            envelope = json.loads(line)
            reply = json.loads(envelope["body"])
            conid = envelope["request"]["query"]["conid"]
            frame = pd.DataFrame(reply["data"]).assign(conid=int(conid), factor=reply["volumeFactor"])
            frames.setdefault(conid, []).append(frame)
    target = root / "pandas"
    target.mkdir(exist_ok=True)
    return sum(_one_contract(parts, target / f"{conid}.parquet") for conid, parts in frames.items())


def _one_contract(parts: list[Any], path: Path) -> int:
    import pandas as pd

    bars = pd.concat(parts)
    bars["bar_start"] = pd.to_datetime(bars["t"], unit="ms", utc=True)
    bars["volume"] = bars["v"] * bars["factor"]
    bars = bars.drop_duplicates(["conid", "t"], keep="last").sort_values("t")
    bars.to_parquet(path, compression="zstd", index=False)
    return len(bars)


def dlt_to_parquet(folder: str, warm: str, rows: int) -> dict[str, float]:
    import dlt

    return timed(lambda root: _dlt(root, dlt.destinations.filesystem(str(root / "dlt"))), folder, warm, rows)


def dlt_to_duckdb(folder: str, warm: str, rows: int) -> dict[str, float]:
    import dlt

    return timed(lambda root: _dlt(root, dlt.destinations.duckdb(str(root / "dlt.duckdb"))), folder, warm, rows)


def dlt_by_default(folder: str, warm: str, rows: int) -> dict[str, float]:
    """Rows as SQL text."""
    import dlt

    def load(root: Path) -> int:
        return _dlt(root, dlt.destinations.duckdb(str(root / "dlt.duckdb")), loader_file_format="insert_values")

    return timed(load, folder, warm, rows)


def dlt_of_arrow(folder: str, warm: str, rows: int) -> dict[str, float]:
    """A table per reply, so that dlt looks at no row."""
    import dlt
    import pyarrow as pa

    def table(rows: list[dict[str, Any]]) -> Any:
        return pa.Table.from_pylist(rows)

    def load(root: Path) -> int:
        return _dlt(root, dlt.destinations.duckdb(str(root / "dlt.duckdb")), of=table)

    return timed(load, folder, warm, rows)


def _dlt(
    root: Path,
    destination: Any,
    *,
    loader_file_format: Literal["parquet", "insert_values"] = "parquet",
    of: Callable[[list[dict[str, Any]]], Any] = list,
) -> int:
    import dlt

    count = 0

    def bars() -> Iterator[list[dict[str, Any]]]:
        nonlocal count
        for conid, reply in _replies(root):
            count += len(reply["data"])
            yield of([{**bar, "conid": conid, "factor": reply["volumeFactor"]} for bar in reply["data"]])

    pipeline = dlt.pipeline(
        f"bench_{root.name.replace('-', '_')}", destination=destination, dataset_name="bench", dev_mode=True
    )
    resource = dlt.resource(bars, name="bars_1d", write_disposition="replace")
    pipeline.run(resource, loader_file_format=loader_file_format).raise_on_failed_jobs()
    return count


def bodies(root: Path) -> Iterator[tuple[int, bytes]]:
    """The contract and the body of each reply."""
    with gzip.open(_raw_file(root), "rb") as handle:
        for line in handle:
            envelope = orjson.loads(line)
            yield int(envelope["request"]["query"]["conid"]), envelope["body"].encode()


def _replies(root: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for conid, body in bodies(root):
        yield conid, orjson.loads(body)


def _raw_file(root: Path) -> Path:
    raw = lake_in(root).raw
    [path] = [path for dataset in raw.datasets() for path in raw.landings(dataset, LAST_DAY.isoformat())]
    return path


def timed(run: Callable[[Path], int], folder: str, warm: str, rows: int) -> dict[str, float]:
    run(Path(warm))
    started = time.perf_counter()
    written = run(Path(folder))
    seconds = time.perf_counter() - started
    if written != rows:
        raise WorkFailed(f"{written} rows were written, {rows} are in the replies")
    return {"krows_per_second": rows / seconds / 1000}
