"""What is made once for all processes that test side by side, and only read by them: a folder."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.locks import locked


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name; the first process that wants it makes it, others wait for it."""
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, is_whole = shared / name, shared / f"{name}-whole"
    with locked(shared / f"{name}-lock"):
        if not is_whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            is_whole.touch()
    return folder
