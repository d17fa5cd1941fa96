"""`dagster dev` as a person starts it, asked through GraphQL; the whole tree of processes ends with the test."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError

import dagster as dg

from pipelines.command import AT_THE_GATEWAY
from tests.nights import dagster_home

ROOT = Path(__file__).parents[2]
REPOSITORY = {"repositoryLocationName": "ibkr", "repositoryName": "__repository__"}
PATIENCE = 600.0
"""Seconds; a night takes about twenty, and several times that where everything else is tested beside it."""
T = TypeVar("T")
# Started in the background, a process inherits an ignored SIGINT, and Dagster then ignores SIGTERM too.
UNDEAF = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, [sys.executable, "
    "*sys.argv[1:]])"
)
LAUNCH_RUN = """mutation ($asked: ExecutionParams!) {
    launchPipelineExecution(executionParams: $asked) {
        __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
    }
}"""
LAUNCH_BACKFILL = """mutation ($asked: LaunchBackfillParams!) {
    launchPartitionBackfill(backfillParams: $asked) {
        __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
    }
}"""
TERMINATE = """mutation ($run: String!) {
    terminateRun(runId: $run, terminatePolicy: SAFE_TERMINATE) {
        __typename ... on TerminateRunFailure { message } ... on PythonError { message }
    }
}"""
RUNS = """query ($asked: RunsFilter!) {
    runsOrError(filter: $asked) { ... on Runs { results { runId status } } }
}"""
BACKFILL = """query ($id: String!) {
    partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
}"""
PARTITIONS = """query ($key: AssetKeyInput!) {
    assetNodeOrError(assetKey: $key) { ... on AssetNode { partitionStats { numMaterialized numFailed } } }
}"""
FAILURES = """query ($run: ID!) {
    logsForRun(runId: $run) { ... on EventConnection { events {
        ... on ExecutionStepFailureEvent { failureMetadata { description } error { message } }
    } } }
}"""


@dataclass(frozen=True)
class Dev:
    """A running `dagster dev`."""

    url: str
    data: Path

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of a GraphQL reply."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            decoded = json.loads(reply.read())
        assert "errors" not in decoded, decoded
        return decoded["data"]

    def run(self, job: str, day: str) -> str:
        """Put a job of one day into the queue; gives the id of its run."""
        tags = [{"key": "dagster/partition", "value": day}]
        asked = {
            "selector": {**REPOSITORY, "pipelineName": job},
            "mode": "default",
            "executionMetadata": {"tags": tags},
        }
        launched = self.ask(LAUNCH_RUN, asked=asked)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def backfill(self, keys: list[str], days: list[str]) -> str:
        """Ask for days of assets, as an asset's page does; gives the id of the backfill."""
        asked = {"assetSelection": [{"path": key.split("/")} for key in keys], "partitionNames": days}
        launched = self.ask(LAUNCH_BACKFILL, asked=asked)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        return str(launched["backfillId"])

    def ended(self, **asked: Any) -> dict[str, str]:
        """The runs that a filter finds, once there are some and all have ended: id and status."""

        def look() -> dict[str, str] | None:
            runs = self.ask(RUNS, asked=asked)["runsOrError"]["results"]
            is_over = runs and all(run["status"] in {"SUCCESS", "FAILURE", "CANCELED"} for run in runs)
            return {run["runId"]: run["status"] for run in runs} if is_over else None

        return soon(look, f"runs of {asked} to end")

    def backfilled(self, backfill: str) -> str:
        """How a backfill ended, once it has."""

        def look() -> str | None:
            status = str(self.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]["status"])
            return None if status == "REQUESTED" else status

        return soon(look, f"backfill {backfill} to end")

    def partitions(self, key: str) -> tuple[int, int]:
        """How many days of an asset its page calls materialized, and how many failed."""
        stats = self.ask(PARTITIONS, key={"path": key.split("/")})["assetNodeOrError"]["partitionStats"]
        return stats["numMaterialized"], stats["numFailed"]

    def terminate(self, run: str) -> None:
        """What the button of that name does."""
        done = self.ask(TERMINATE, run=run)["terminateRun"]
        assert done["__typename"] == "TerminateRunSuccess", done

    def failures(self, run: str) -> list[str]:
        """What the failed steps of a run said."""
        events = self.ask(FAILURES, run=run)["logsForRun"]["events"]
        told = [(event.get("failureMetadata") or {}).get("description") for event in events]
        return [one for one in told if one]


def soon(look: Callable[[], T | None], what: str) -> T:
    """The first thing that `look` finds."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        threading.Event().wait(0.5)
    raise AssertionError(f"waited {PATIENCE:g} s for {what}")


@contextmanager
def dagster_dev(folder: Path, toml: str, **settings: str) -> Iterator[Dev]:
    """Serve from a fresh home below `folder` until the block ends; nothing of it is left running."""
    home = dagster_home(folder / "home")
    (folder / "own.toml").write_text(toml)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("IBKR_")},
        "DAGSTER_HOME": str(home),
        "IBKR_DATA": str(folder / "data"),
        "IBKR_CONFIG": str(folder / "own.toml"),
        **settings,
    }
    dagster = [sys.executable, "-c", UNDEAF, "-W", "ignore", "-m", "dagster"]
    with dg.DagsterInstance.from_config(str(home)) as instance:  # by one process alone, as `pipelines prepare` does
        instance.event_log_storage.set_concurrency_slots("gateway", AT_THE_GATEWAY)
    dev = Dev(f"http://127.0.0.1:{_free_port()}", folder / "data")
    words = ["dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", dev.url.rpartition(":")[2]]
    with (folder / "dev.log").open("w") as log:
        process = subprocess.Popen(
            [*dagster, *words], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            soon(lambda: _answers(dev.url, process), "dagster dev to answer")
            yield dev
        finally:
            _end(process)


def _answers(url: str, process: "subprocess.Popen[bytes]") -> bool | None:
    assert process.poll() is None, "dagster dev ended before it answered"
    try:
        with urllib.request.urlopen(f"{url}/server_info", timeout=5) as reply:
            return bool(reply.status == 200)
    except (URLError, OSError):
        return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the tree from its root, as Ctrl-C does; what is left of its group after that is killed and is a failure."""
    process.terminate()
    try:
        process.wait(timeout=PATIENCE)
        soon(lambda: True if not _is_alive(process.pid) else None, "the processes of dagster dev to end")
    finally:
        if _is_alive(process.pid):
            os.killpg(process.pid, signal.SIGKILL)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
