"""What every test shares: an environment without the owner's settings, and Dagster's home out of the way."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(autouse=True, scope="session")
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("IBKR_")]:
        patch.delenv(name)
    home: Path = tmp_path_factory.mktemp("dagster_home")
    patch.setenv("DAGSTER_HOME", str(home))
    yield
    patch.undo()
