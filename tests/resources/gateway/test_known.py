from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE

import pytest

from resources.gateway.known import Known, KnownFile
from resources.gateway.session import Session, State

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


def test_what_one_process_found_out_every_other_knows(tmp_path: Path) -> None:
    found = Session(State.COMPETING, NOW, "in use elsewhere", 3, NOW - timedelta(minutes=1))
    with KnownFile(tmp_path).changing() as known:
        known.remember(found)
        known.ahead_seconds = -7.5
    again = KnownFile(tmp_path).read()
    assert again.session == found
    assert again.now(NOW) == NOW - timedelta(seconds=7.5)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"null", b"[]", b"\xff", b"\x00\x00", b'{"state":"asleep"}', b'{"init_at":"2026-11-23T23:30:00"}'],
)
def test_a_damaged_file_is_as_none_and_is_mended_by_the_next_change(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "session.json").write_bytes(damaged)
    assert KnownFile(tmp_path).read() == Known()
    with KnownFile(tmp_path).changing() as known:
        known.remember(Session(State.READY, NOW))
    assert KnownFile(tmp_path).read().state is State.READY


def test_what_did_not_change_is_not_written(tmp_path: Path) -> None:
    file = KnownFile(tmp_path)
    with file.changing() as known:
        known.remember(Session(State.READY, NOW))
    before = (tmp_path / "session.json").stat().st_ino
    with file.changing() as known:
        known.remember(Session(State.READY, NOW))
    assert (tmp_path / "session.json").stat().st_ino == before


def test_a_change_that_failed_half_way_is_none_and_holds_nobody_up(tmp_path: Path) -> None:
    def fail(known: Known) -> None:
        known.inits = 5
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"), KnownFile(tmp_path).changing() as known:
        fail(known)
    with KnownFile(tmp_path).changing() as known:
        assert known.inits == 0


@pytest.mark.parametrize(
    ("before", "after", "is_opening"),
    [
        (State.GATEWAY_DOWN, State.READY, True),
        (State.NOT_LOGGED_IN, State.BROKERAGE_DEAD, True),
        (State.BROKERAGE_DEAD, State.READY, True),
        (State.BRIDGE_BUILDING, State.READY, True),
        (State.COMPETING, State.READY, True),
        (State.READY, State.READY, False),
        (State.READY, State.BROKERAGE_DEAD, False),
        (State.BROKERAGE_DEAD, State.BRIDGE_BUILDING, False),
        (State.READY, State.NOT_LOGGED_IN, False),
    ],
)
def test_a_session_that_begins_is_counted_since_it_wants_priming(before: State, after: State, is_opening: bool) -> None:
    known = Known(state=before)
    known.remember(Session(after, NOW))
    assert known.openings == is_opening


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    with KnownFile(tmp_path).changing() as known:
        known.inits = 1
    assert {S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
