"""Nobody but the owner can read what is kept, from the moment it appears, whatever the umask."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from resources.lake.layout import Layout
from resources.lake.profile import claim
from resources.lake.publish import published
from resources.lake.raw import RawStore
from resources.lake.tables import TableStore
from resources.private import make_folder, narrow, open_file

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids="{:03o}".format)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def _mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):03o}"


def _modes(folder: Path) -> dict[str, set[str]]:
    found = [folder, *folder.rglob("*")]
    return {
        "folders": {_mode(path) for path in found if path.is_dir()},
        "files": {_mode(path) for path in found if path.is_file()},
    }


def test_folders_and_files_are_the_owners_alone(tmp_path: Path, umask: int) -> None:
    layout = Layout(tmp_path / "root" / "profile")
    claim(layout, is_simulated=True)
    with RawStore(layout).landing("ledger", "2026-11-23", at=NOW, run_id="run-1") as landing:
        assert _mode(landing.path) == "600", "from the moment it appears"
    TableStore(layout).write("ledger", "trading_day", "2026-11-23", pa.table({"a": [1]}))
    TableStore(layout).write_rejected("ledger", "trading_day", "2026-11-23", pa.table({"a": [1]}))
    assert _modes(tmp_path / "root") == {"folders": {"700"}, "files": {"600"}}, umask
    assert len(list(layout.folder.rglob("part-0.parquet"))) == 2


def test_what_a_library_writes_lies_in_a_closed_folder_and_is_closed_before_it_has_its_name(
    tmp_path: Path, umask: int
) -> None:
    target = tmp_path / "warehouse" / "file"
    with published(target) as beside:
        assert _mode(target.parent) == "700"
        beside.write_bytes(b"x")
    assert _mode(target) == "600", umask


def test_a_file_that_was_open_to_all_is_closed_when_it_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "gateway.pem"
    path.write_text("old and longer")
    path.chmod(0o666)
    with open_file(path) as file:
        file.write(b"new")
    assert (path.read_text(), _mode(path)) == ("new", "600")


def test_folders_that_were_there_are_left_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o755)
    make_folder(tmp_path / "shared" / "a" / "b")
    assert [_mode(tmp_path / "shared" / name) for name in (".", "a", "a/b")] == ["755", "700", "700"]


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        make_folder(tmp_path / "file" / "a")


def test_a_folder_of_an_earlier_version_is_narrowed_when_it_is_claimed(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "profile")
    claim(layout, is_simulated=True)
    TableStore(layout).write("ledger", "trading_day", "2026-11-23", pa.table({"a": [1]}))
    for path in layout.folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (layout.folder / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").touch(mode=0o644)
    claim(layout, is_simulated=True)
    (layout.folder / "link").unlink()
    assert _modes(layout.folder) == {"folders": {"700"}, "files": {"600"}}
    assert _mode(tmp_path / "elsewhere") != "600", "what a link points to is somebody else's"


def test_narrowing_leaves_the_owners_rights_as_they_should_be(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").touch()
    (tmp_path / "deep" / "file").chmod(0o640)
    (tmp_path / "deep").chmod(0o775)
    narrow(tmp_path / "deep")
    assert _modes(tmp_path / "deep") == {"folders": {"700"}, "files": {"600"}}
