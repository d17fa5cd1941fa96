"""What every test shares: an environment without the owner's settings, and Dagster's home out of the way."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from xdist.scheduler import LoadScopeScheduling

# Examples are drawn anew by whoever works here; CI judges every change by the same ones.
settings.register_profile("project", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("project")


# What was started with `&` or nohup ignores these, and so would every process that a test starts and stops by them.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)


APART = {"tests/end_to_end/test_faults.py", "tests/end_to_end/test_killed_at_random.py"}
"""Files whose tests may each be run by another process: they take minutes, and share little."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each file to one process, which makes once what its tests share; in the order in which they stand."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if file in APART else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """How processes that test side by side share the tests."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest begin first, so that nobody waits for them at the end."""
    turns = {"long": 0, "slow": 1}
    turn_of = {item.path: 2 for item in items}
    for item in items:
        turn_of[item.path] = min(turn_of[item.path], *(turns.get(mark.name, 2) for mark in item.iter_markers()), 2)
    items.sort(key=lambda item: turn_of[item.path])


def pytest_collection_finish() -> None:
    """What is imported by now stays: looked through again and again for garbage, it takes a fifth of a night's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True, scope="session")
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("IBKR_")]:
        patch.delenv(name)
    home: Path = tmp_path_factory.mktemp("dagster_home")
    patch.setenv("DAGSTER_HOME", str(home))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. A machine without one skips what a person would look at; CI has to have it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        missing = "no Chromium on this machine (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{missing}: .ci/run installs it")
        pytest.skip(missing)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()
