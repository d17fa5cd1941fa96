"""Which replies of earlier tries are not asked for again, told by files that a test wrote."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assets.kit.kept import FRESH, kept_replies
from pipelines.definitions import declared
from resources.calendar.trading_days import trading_calendar
from resources.envelope import Envelope, Request
from resources.lake.layout import Layout
from resources.lake.raw import RawStore

DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
WHILE_OPEN = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
CALENDAR = trading_calendar("XNYS")
LEDGER = next(landing for landing in declared().landings if landing.name == "ledger")


@pytest.fixture
def raw(tmp_path: Path) -> RawStore:
    return RawStore(Layout(tmp_path))


def _lands(raw: RawStore, run: str, body: str, *, at: datetime = EVENING, is_cut_off: bool = False) -> None:
    envelope = Envelope(Request("GET", "/portfolio/U9900001/ledger", {}), 200, {}, body.encode(), at, run)
    with suppress(InterruptedError), raw.landing("ledger", DAY, at=at, run_id=run) as landing:
        landing.append(envelope)
        if is_cut_off:
            raise InterruptedError


def _kept(
    raw: RawStore, is_cut_short: Callable[[str], bool], *, now: datetime = EVENING + timedelta(minutes=1)
) -> list[bytes]:
    found = kept_replies(LEDGER, DAY, raw, now=now, calendar=CALENDAR, is_cut_short=is_cut_short)
    return [envelope.body for envelope in found]


def test_a_landing_that_was_cut_off_is_kept_whatever_became_of_its_run(raw: RawStore) -> None:
    _lands(raw, "one", "[1]", is_cut_off=True)
    assert _kept(raw, lambda _: False) == [b"[1]"]


def test_what_a_run_landed_to_the_end_is_kept_if_the_run_was_killed_and_asked_again_if_not(raw: RawStore) -> None:
    _lands(raw, "one", "[1]")
    assert _kept(raw, lambda run: run == "one") == [b"[1]"]
    assert _kept(raw, lambda _: False) == []


def test_nothing_counts_from_before_a_run_that_came_to_its_own_end(raw: RawStore) -> None:
    _lands(raw, "killed", "[1]")
    _lands(raw, "ended", "[2]")
    assert _kept(raw, lambda run: run != "ended") == []
    _lands(raw, "killed", "[3]")
    assert _kept(raw, lambda run: run != "ended") == [b"[3]"]


def test_of_two_killed_runs_the_later_tells_what_there_is(raw: RawStore) -> None:
    _lands(raw, "one", "[1]")
    _lands(raw, "two", "[2]")
    assert _kept(raw, lambda _: True) == [b"[2]"]


@pytest.mark.parametrize(("later", "kept"), [(FRESH / 2, [b"[1]"]), (FRESH * 2, [])])
def test_while_the_exchange_is_open_a_killed_runs_replies_grow_old(
    raw: RawStore, later: timedelta, kept: list[bytes]
) -> None:
    _lands(raw, "one", "[1]", at=WHILE_OPEN)
    assert _kept(raw, lambda _: True, now=WHILE_OPEN + later) == kept
