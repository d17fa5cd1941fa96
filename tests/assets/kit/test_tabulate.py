from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.kit.declare import ByYear, Table
from assets.kit.scope import Scope
from assets.kit.tabulate import BATCH_ROWS, Built, build_years
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


def _build(lake: Lake, nights: list[date], *, afresh: bool, table: Table = BARS) -> Built:
    return build_years(table, [night.isoformat() for night in nights], lake=lake, calendar=CALENDAR, afresh=afresh)


def _files(lake: Lake) -> dict[str, Any]:
    return {
        path.parent.name: pq.read_table(path, partitioning=None).to_pylist() for path in lake.tables.files("bars_1d")
    }


@pytest.mark.parametrize("stands", ["first", "last"])
def test_years_are_files_and_of_equal_keys_the_one_observed_first_or_last_stays(
    tmp_path: Path, stands: Literal["first", "last"]
) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    _land(lake, NIGHTS[2], 1, NIGHTS[:3], 10.0)
    _land(lake, NIGHTS[3], 1, NIGHTS[1:], 11.0)
    built = _build(lake, NIGHTS[2:], afresh=False, table=replace(BARS, storage=ByYear(stands=stands)))
    assert (built.rows, built.told_before) == {"first": (4, 2), "last": (6, 0)}[stands]
    closes = {year: [(row["trading_day"], row["close"]) for row in rows] for year, rows in _files(lake).items()}
    shared = {"first": 10.0, "last": 11.0}[stands]
    assert closes == {
        "year=2025": [(NIGHTS[0], 10.0), (NIGHTS[1], shared)],
        "year=2026": [(NIGHTS[2], shared), (NIGHTS[3], 11.0)],
    }


def test_landings_in_doubt_are_left_out(tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    _land(lake, NIGHTS[2], 1, NIGHTS[:3], 10.0)
    _land(lake, NIGHTS[3], 1, NIGHTS[1:], 11.0)
    [doubted] = lake.raw.landings("bars_1d", NIGHTS[2].isoformat())
    nights = [night.isoformat() for night in NIGHTS]
    build_years(BARS, nights, lake=lake, calendar=CALENDAR, afresh=True, but={doubted.name})
    assert {row["close"] for rows in _files(lake).values() for row in rows} == {11.0}


LANDINGS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 3), st.sets(st.integers(0, 3), min_size=1), st.integers(1, 9)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=20)
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


def test_what_changes_no_more_does_not_wait_for_the_close(tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    _land(lake, NIGHTS[2], 1, [NIGHTS[1], NIGHTS[3]], 10.0)
    table = replace(BARS, storage=ByYear(waits_for_close=False))
    built = build_years(table, [NIGHTS[2].isoformat()], lake=lake, calendar=CALENDAR, afresh=False)
    assert (built.rows, built.unfinished) == (2, 0)


def test_a_key_told_again_in_a_later_batch_is_held_once_as_told_last(tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    days = [day.item() for day in CALENDAR.between(date(2016, 1, 4), NIGHTS[3])][-2500:]
    contracts = BATCH_ROWS // len(days) + 1
    for conid in range(1, contracts + 1):
        _land(lake, NIGHTS[3], conid, days, 10.0)
    _land(lake, NIGHTS[3], 1, days, 11.0)
    _build(lake, [NIGHTS[3]], afresh=False, table=replace(BARS, storage=ByYear()))
    rows = lake.tables.read(lake.tables.files("bars_1d"))
    assert len(rows) == contracts * len(days) > BATCH_ROWS
    assert rows[rows["conid"] == 1]["close"].unique().tolist() == [11.0]
    assert rows[rows["conid"] != 1]["close"].unique().tolist() == [10.0]


def test_a_landing_that_was_cut_short_still_gives_its_bars(tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="p")
    _land(lake, NIGHTS[3], 1, NIGHTS, 10.0)
    [path] = lake.raw.landings("bars_1d", NIGHTS[3].isoformat())
    path.rename(path.with_name(path.name.replace(".jsonl.gz", ".open.jsonl.gz")))
    _build(lake, [NIGHTS[3]], afresh=False)
    assert sum(len(rows) for rows in _files(lake).values()) == 4
