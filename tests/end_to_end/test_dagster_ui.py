"""Dagster's own commands load this project from a fresh home, and nobody is told of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.config import PoolGranularity

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A fresh home for Dagster, as make sets it up."""
    shutil.copy(ROOT / "pipelines" / "dagster.yaml", tmp_path)
    return tmp_path


def _dagster(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "dagster", *words],
        cwd=ROOT,
        env={**os.environ, "DAGSTER_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_workspace_is_valid_from_a_fresh_home(home: Path) -> None:
    done = _dagster(home, "definitions", "validate", "-w", "workspace.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation successful for code location ibkr" in done.stdout + done.stderr
    assert not (home / ".telemetry").exists(), "telemetry would have kept an id"


def test_a_wrong_setting_is_named_by_dagsters_commands_too(home: Path) -> None:
    done = _dagster(home, "definitions", "validate", "-w", "workspace.yaml", IBKR_GATEWAY_URL="localhost")
    assert done.returncode != 0
    assert "IBKR_GATEWAY_URL='localhost': use a URL such as" in done.stdout + done.stderr


def test_the_three_jobs_and_their_descriptions_are_listed(home: Path) -> None:
    done = _dagster(home, "job", "list", "-w", "workspace.yaml")
    assert done.returncode == 0, done.stderr
    assert {"Job: nightly", "Job: history", "Job: reprocess"} <= set(done.stdout.splitlines())
    assert "No network." in done.stdout


def test_telemetry_is_off_and_one_run_at_a_time_talks_to_the_gateway(home: Path) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert not instance.telemetry_enabled
        pools = instance.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, pools.pool_granularity) == (1, PoolGranularity.OP)
