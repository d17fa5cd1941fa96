"""A backfill of the UI whose process is killed (kill -9) in the middle is started again, and asks only for the rest.

In real processes with real clocks: `dagster dev`, its daemon, a process for each run.
"""

import os
import shutil
import signal
from collections import Counter
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from assets.market.bars_1d import HISTORY as ENDPOINT
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.dagster_dev import dagster_dev, soon
from tests.end_to_end.forked_nights import CHOICES, DAY, EVENING
from tests.nights import PROFILE, Nights, rest

pytestmark = [pytest.mark.slow, pytest.mark.long]
HISTORY = "*/marketdata/history"
SMALL = 'watchlist = ["AAPL"]\nbars = { depth_days = 10, asset_classes = ["STK"] }\n'
SCOPE = {"watchlist": ["AAPL"], "bars_depth_days": 10, "bars_asset_classes": ["STK"]}
FIRST, HELD_FROM, LAST = "2026-08-03", "2026-09-10", "2026-09-30"
AT_ONCE = ENDPOINT.concurrent or 1
KEYS = ["raw/bars_1d", "bars_1d"]
OF_A_RUN = ["observed_at", "raw_sha256", "run_id"]


def _owner(folder: Path, gateway: Running) -> Nights:
    """Who has contracts, and bars of September."""
    nights = Nights(folder, gateway, scope=SCOPE, choices=CHOICES)
    for name in ("symbols", "positions", "instruments"):
        outcome = nights.materialize(f"raw/{name}", name, day=DAY)
        assert outcome.is_success, outcome.failures
        rest(gateway)
    assert nights.materialize(*KEYS, day=HELD_FROM, last=LAST).is_success
    return nights


def _untouched(nights: Nights, folder: Path, gateway: Running) -> pd.DataFrame:
    """The bars of another who had the same, and nobody killed."""
    shutil.copytree(nights.data, folder)
    twin = Nights(folder, gateway, scope=SCOPE, choices=CHOICES)
    assert twin.materialize(*KEYS, day=FIRST, last=LAST).is_success
    return _bars(twin)


def _bars(nights: Nights) -> pd.DataFrame:
    found = nights.table("bars_1d").drop(columns=OF_A_RUN)
    return found.sort_values(["conid", "bar_start"], ignore_index=True)


def _asked(gateway: Running) -> Counter[str]:
    return Counter(one["query"] for one in gateway.control.requests(path=HISTORY))


def _recorded(instance: dg.DagsterInstance, key: str = "raw/bars_1d") -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey(key.split("/"))))


def _process(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int:
    """The process that works on a run."""
    told = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    metadata = [one.dagster_event.engine_event_data.metadata for one in told if one.dagster_event]
    return next(int(str(one["pid"].value)) for one in metadata if "pid" in one)


def test_a_backfill_whose_process_is_killed_is_started_again_by_itself_and_asks_for_the_rest(tmp_path: Path) -> None:
    days = np.arange(FIRST, np.datetime64(LAST) + 1, dtype="datetime64[D]").astype(str).tolist()
    held = {day for day in days if day >= HELD_FROM}
    with serve(Options(clock=EVENING, positions=40, flavour=Flavour(cold_history=False))) as gateway:
        nights = _owner(tmp_path / "data", gateway)
        untouched = _untouched(nights, tmp_path / "twin", gateway)
        gateway.control.clear_requests()
        gateway.control.replace_faults([{"path": HISTORY, "faults": [{"fault": "slow", "seconds": 4}]}])
        own = {
            "IBKR_GATEWAY_URL": gateway.url,
            "IBKR_GATEWAY_CERT": str(gateway.certificate),
            "IBKR_PROFILE": PROFILE,
        }
        with (
            dagster_dev(tmp_path, SMALL, **own) as dev,
            dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance,
        ):
            backfill = dev.backfill(KEYS, days)
            soon(lambda: True if _recorded(instance) >= held else None, "the days of which nothing is missing")
            soon(lambda: _asked(gateway).total() > AT_ONCE or None, "the first replies")
            [killed] = instance.get_runs()
            os.kill(_process(instance, killed), signal.SIGKILL)
            before = _asked(gateway)
            gateway.control.replace_faults([])
            assert dev.ended(runIds=[killed.run_id]) == {killed.run_id: "FAILURE"}
            assert dev.partitions("raw/bars_1d")[0] >= len(held), "what was finished stays so"
            assert dev.backfilled(backfill) == "COMPLETED_SUCCESS"
            asked = _asked(gateway)
            runs = [run.status.value for run in instance.get_runs()]
            assert [dev.partitions(key) for key in KEYS] == [(len(days), 0)] * len(KEYS)
    shares = nights.table("instruments").query("asset_class == 'STK'")
    assert AT_ONCE < before.total() < len(shares), "in the middle"
    assert runs == ["SUCCESS", "FAILURE"], "started again once"
    assert len(asked) == len(shares), "one request for each, whoever made it"
    assert sum(asked.values()) - len(shares) <= AT_ONCE, "what was in flight"
    pd.testing.assert_frame_equal(_bars(nights), untouched)
