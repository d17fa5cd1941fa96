"""What Dagster takes to record a range of days: with its files kept open, and opened for each event."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from pipelines.kept_open import keep_open
from tests.bench.measure import Line, Work, interleaved

DAYS, ROUNDS = 300, 5
TITLE = f"Dagster records a range of {DAYS} days, each day"
RANGE = {"dagster/asset_partition_range_start": "2020-01-01", "dagster/asset_partition_range_end": "2020-10-26"}


def lines(folder: Path) -> Iterator[Line]:
    ways = {"kept open": True, "opened for each event": False}
    works = {name: Work(f"{__name__}:recorded", {"is_kept": is_kept}) for name, is_kept in ways.items()}
    found = interleaved(works, rounds=ROUNDS, home=folder)
    slow = found["opened for each event"]["ms"].median
    for name, figures in found.items():
        yield Line(f"its files {name}", f"{figures['ms']:.1f} ms", f"{figures['ms'].median / slow:.2f} x")


def recorded(*, is_kept: bool) -> dict[str, float]:
    if is_kept:
        keep_open()
    began = []

    @dg.asset(partitions_def=dg.DailyPartitionsDefinition("2020-01-01"), backfill_policy=dg.BackfillPolicy.single_run())
    def positions() -> dg.MaterializeResult[None]:
        began.append(time.perf_counter())
        return dg.MaterializeResult(metadata={"rows": 1})

    job = dg.Definitions([positions], jobs=[dg.define_asset_job("range", [positions])]).resolve_job_def("range")
    with TemporaryDirectory() as home, dg.DagsterInstance.local_temp(home) as instance:
        assert job.execute_in_process(instance=instance, tags=RANGE).success
        assert len(instance.get_materialized_partitions(dg.AssetKey("positions"))) == DAYS
        return {"ms": 1000 * (time.perf_counter() - began[0]) / DAYS}
