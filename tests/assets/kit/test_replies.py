from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from assets.kit.declare import Landing
from assets.kit.replies import day_answers, good_pages, landing_files, last_answers
from resources.envelope import Envelope, Request
from resources.lake.resource import Lake
from tests.assets.bent import TABLES

DAY = date(2026, 11, 23)
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
FULL = [{"conid": number} for number in range(100)]
SHORT = [{"conid": 500}]
POSITIONS: Landing = TABLES["positions"].raw


def _page(number: int, body: Any, *, account: str = "U9900001", status: int = 200) -> Envelope:
    request = Request("GET", f"/portfolio/{account}/positions/{number}", {})
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Envelope(request, status, {}, content, EVENING, "run-1")


def _landed(folder: Path, *envelopes: Envelope) -> tuple[Lake, Path]:
    lake = Lake(root=str(folder), profile="p")
    with lake.raw.landing("positions", DAY.isoformat(), at=EVENING, run_id="run-1") as landing:
        for envelope in envelopes:
            landing.append(envelope)
    return lake, landing.path


def _answers(folder: Path, *envelopes: Envelope) -> list[tuple[str, int]]:
    lake, path = _landed(folder, *envelopes)
    pages = last_answers(good_pages(lake.raw, POSITIONS, path))
    return [(f"{page.params['account_id'][-1]}/{page.params['page']}", len(page.json)) for page in pages]


@pytest.mark.parametrize(
    "bad",
    [
        _page(0, b"", status=503),
        _page(0, b""),
        _page(0, b"<html>login</html>"),
        _page(0, b'[{"conid": 1'),
        _page(0, {"error": "no bridge"}),
        Envelope(Request("POST", "/tickle", {}), 200, {}, b"{}", EVENING, "run-1"),
    ],
    ids=["unavailable", "empty", "a page for people", "cut off", "an error inside 200", "of the session"],
)
def test_what_does_not_answer_is_passed_over(tmp_path: Path, bad: Envelope) -> None:
    assert _answers(tmp_path, bad, _page(0, SHORT)) == [("1/0", 1)]


def test_of_equal_requests_the_last_answer_counts_at_the_place_of_the_first(tmp_path: Path) -> None:
    envelopes = [_page(0, FULL), _page(1, SHORT), _page(0, [*FULL[1:], {"conid": 7}])]
    lake, path = _landed(tmp_path, *envelopes)
    first, second = last_answers(good_pages(lake.raw, POSITIONS, path))
    assert first.json[-1] == {"conid": 7}
    assert second.params["page"] == "1"


def test_of_a_walk_that_was_repeated_and_ended_sooner_the_rest_is_left_out(tmp_path: Path) -> None:
    assert _answers(tmp_path, _page(0, FULL), _page(1, SHORT), _page(0, SHORT)) == [("1/0", 1)]


def test_the_end_of_one_accounts_walk_is_not_the_end_of_anothers(tmp_path: Path) -> None:
    other = "U9900002"
    walks = [_page(0, SHORT), _page(0, FULL, account=other), _page(1, SHORT, account=other)]
    assert _answers(tmp_path, *walks) == [("1/0", 1), ("2/0", 100), ("2/1", 1)]


def test_a_snapshot_is_its_latest_landing_that_ended_well(tmp_path: Path) -> None:
    lake, _ = _landed(tmp_path, _page(0, SHORT))
    with lake.raw.landing("positions", DAY.isoformat(), at=EVENING + timedelta(minutes=5), run_id="run-2") as later:
        later.append(_page(0, SHORT))
    cut_short = lake.raw.landing("positions", DAY.isoformat(), at=EVENING + timedelta(minutes=9), run_id="run-3")
    cut_short.append(_page(0, FULL))
    with pytest.raises(KeyboardInterrupt), cut_short:
        raise KeyboardInterrupt
    assert landing_files(lake.raw, TABLES["positions"], DAY.isoformat()) == [later.path]


def test_the_last_answer_knows_the_earlier_ones_to_the_same_question(tmp_path: Path) -> None:
    lake, path = _landed(tmp_path, _page(0, SHORT), _page(0, FULL), _page(1, SHORT), _page(0, FULL[:7]))
    [told] = last_answers(good_pages(lake.raw, POSITIONS, path))
    assert [len(page.json) for page in (*told.earlier, told)] == [1, 100, 7]


SCANS = TABLES["scanner_runs"]


def _scanned(lake: Lake, after: timedelta, *, replies_at: tuple[timedelta, ...]) -> Path:
    request = Request("POST", "/iserver/scanner/run", {}, {"type": "HALTED"}, name="halted")
    with lake.raw.landing("scanner_runs", DAY.isoformat(), at=EVENING + after, run_id=f"run-{after}") as landing:
        for at in replies_at:
            landing.append(Envelope(request, 200, {}, b'{"contracts":[]}', EVENING + at, "run"))
    return lake.raw.landings("scanner_runs", DAY.isoformat())[-1]


def test_of_what_is_looked_at_several_times_a_day_every_landing_counts_and_what_one_took_over_counts_once(
    tmp_path: Path,
) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    morning, noon, night = timedelta(0), timedelta(hours=3), timedelta(hours=8)
    first = _scanned(lake, morning, replies_at=(morning,))
    second = _scanned(lake, noon, replies_at=(noon,))
    third = _scanned(lake, night, replies_at=(noon, night))
    again = _scanned(lake, night + timedelta(minutes=1), replies_at=(night,))
    assert landing_files(lake.raw, SCANS, DAY.isoformat()) == [first, second, third, again]
    told = day_answers(lake.raw, SCANS, DAY.isoformat())
    assert [(page.envelope.received_at - EVENING, file) for page, file in told] == [
        (morning, str(first)),
        (noon, str(second)),
        (night, str(third)),
    ]


def test_of_a_day_without_a_landing_there_are_no_files(tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    assert landing_files(lake.raw, TABLES["positions"], DAY.isoformat()) == []
    assert landing_files(lake.raw, TABLES["bars_1d"], DAY.isoformat()) == []
