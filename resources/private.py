"""What lies on disk is the owner's business alone: folders 0700, files 0600, whatever the umask says.

Belongs here: making folders and files so from the moment they appear, and narrowing what an earlier version left more
open. Does not: what is written (`raw.py`, `publish.py`).

A mode is given when a thing is made and not only set afterwards: between the two anybody could open it, and would keep
it open. The umask can only take from that mode; what it takes from the owner is given back.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

FILE, FOLDER = 0o600, 0o700
OTHERS = 0o077


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for the owner alone."""
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir(mode=FOLDER, exist_ok=True)
            folder.chmod(FOLDER)


def open_file(path: Path, *, append: bool = False) -> BinaryIO:
    """Open a file for writing that only the owner can open, however open one of that name was."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC), FILE)
    os.fchmod(handle, FILE)
    return os.fdopen(handle, "wb")


def is_open_to_others(path: Path) -> bool:
    """Whether anybody but the owner has any right to it; a link has none of its own."""
    return not path.is_symlink() and bool(path.stat().st_mode & OTHERS)


def narrow(folder: Path, *, last: Path | None = None) -> None:
    """Take every right from others, to the folder and to all that is in it; to one of its files only then."""
    for path in [*(each for each in _everything(folder) if each != last), *([last] if last else [])]:
        with suppress(FileNotFoundError):  # what another run writes meanwhile has its name for an instant only
            if is_open_to_others(path):
                path.chmod(FOLDER if path.is_dir() else FILE)


def _everything(folder: Path) -> Iterator[Path]:
    yield folder
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))
