from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from assets.kit import tabulate
from assets.kit.scope import Scope
from assets.kit.tabulate import build_years
from resources.envelope import Envelope, Request
from resources.lake.resource import Lake
from tests.assets.bent import TABLES

BARS = TABLES["bars_1d"]
CALENDAR = Scope().calendar
NIGHTS = [date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 2), date(2026, 1, 5)]


def _land(lake: Lake, night: date, conid: int, days: list[date], price: float) -> None:
    received = datetime(night.year, night.month, night.day, 23, 30, tzinfo=UTC)
    starts = [int(datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC).timestamp() * 1000) for day in days]
    bars: list[dict[str, Any]] = [{"o": price, "h": price, "l": price, "c": price, "v": 1, "t": t} for t in starts]
    request = Request("GET", "/iserver/marketdata/history", {"conid": str(conid), "bar": "1d"})
    body = orjson.dumps({"data": bars, "volumeFactor": 100})
    with lake.raw.landing("bars_1d", night.isoformat(), at=received, run_id=f"run-{night}") as landing:
        landing.append(Envelope(request, 200, {}, body, received, f"run-{night}"))


def _build(lake: Lake, nights: list[date], *, afresh: bool) -> None:
    build_years(BARS, [night.isoformat() for night in nights], lake=lake, calendar=CALENDAR, afresh=afresh)


def _files(lake: Lake) -> dict[str, Any]:
    return {
        path.parent.name: pq.read_table(path, partitioning=None).to_pylist() for path in lake.tables.files("bars_1d")
    }


def test_years_are_files_and_of_equal_keys_the_one_observed_last_stays(tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    _land(lake, NIGHTS[2], 1, NIGHTS[:3], 10.0)
    _land(lake, NIGHTS[3], 1, NIGHTS[1:], 11.0)
    _build(lake, NIGHTS[2:], afresh=False)
    closes = {year: [(row["trading_day"], row["close"]) for row in rows] for year, rows in _files(lake).items()}
    assert closes == {
        "year=2025": [(NIGHTS[0], 10.0), (NIGHTS[1], 11.0)],
        "year=2026": [(NIGHTS[2], 11.0), (NIGHTS[3], 11.0)],
    }


LANDINGS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 3), st.sets(st.integers(0, 3), min_size=1), st.integers(1, 9)),
    min_size=1,
    max_size=6,
)


@given(landings=LANDINGS)
def test_building_night_by_night_and_all_at_once_give_equal_files(
    tmp_path_factory: Any, landings: list[tuple[int, int, set[int], int]]
) -> None:
    lake = Lake(root=str(tmp_path_factory.mktemp("lake")), profile="p")
    ordered = sorted(landings, key=lambda one: one[0])
    for number, (night, conid, days, price) in enumerate(ordered):
        _land(lake, NIGHTS[night], conid, [NIGHTS[day] for day in sorted(days) if day <= night] or [NIGHTS[0]], price)
        if number + 1 == len(ordered) or ordered[number + 1][0] != night:
            _build(lake, [NIGHTS[night]], afresh=False)
    one_by_one = _files(lake)
    _build(lake, sorted({NIGHTS[night] for night, *_ in ordered}), afresh=True)
    assert _files(lake) == one_by_one


def test_a_day_that_had_not_closed_waits_for_the_next_landing(tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    _land(lake, NIGHTS[2], 1, [NIGHTS[2], NIGHTS[2] + timedelta(days=3)], 10.0)
    built = build_years(BARS, [NIGHTS[2].isoformat()], lake=lake, calendar=CALENDAR, afresh=False)
    assert (built.rows, built.unfinished) == (1, 1)


def test_batches_do_not_change_the_result(tmp_path: Path) -> None:
    lakes = [Lake(root=str(tmp_path / name), profile="p") for name in ("large", "small")]
    for lake in lakes:
        for conid in range(1, 6):
            _land(lake, NIGHTS[3], conid, NIGHTS, float(conid))
    whole = tabulate.BATCH_ROWS
    try:
        _build(lakes[0], [NIGHTS[3]], afresh=False)
        tabulate.BATCH_ROWS = 3
        _build(lakes[1], [NIGHTS[3]], afresh=False)
    finally:
        tabulate.BATCH_ROWS = whole
    assert _files(lakes[0]) == _files(lakes[1])


def test_a_landing_that_was_cut_short_still_gives_its_bars(tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    _land(lake, NIGHTS[3], 1, NIGHTS, 10.0)
    [path] = lake.raw.landings("bars_1d", NIGHTS[3].isoformat())
    path.rename(path.with_name(path.name.replace(".jsonl.gz", ".open.jsonl.gz")))
    _build(lake, [NIGHTS[3]], afresh=False)
    assert sum(len(rows) for rows in _files(lake).values()) == 4
