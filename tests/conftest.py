"""What every test shares: an environment without the owner's settings, and Dagster's home out of the way."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

# Examples are drawn anew by whoever works here; CI judges every change by the same ones.
settings.register_profile("project", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("project")


# What was started with `&` or nohup ignores these, and so would every process that a test starts and stops by them.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest begin first, so that nobody waits for them at the end.

    Where several processes share the tests, a file is one's alone, which makes what its tests share once; the tests of
    a file that is `apart` share nothing that takes long, and go to whoever has time.
    """
    for item in items:
        if item.get_closest_marker("apart") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    marked = [item.get_closest_marker(name) is not None for name in ("long", "slow")]
    return marked.index(True) if any(marked) else len(marked)


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
