from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.assets.marts.made import mart

MON, TUE, WED, THU = (date(2026, 11, day) for day in (16, 17, 18, 19))
COLUMNS = "trading_day, close, volume, factor, is_restated"


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)


def _bar(day: date, close: float, *, seen: date | None = None, conid: int = 7) -> dict[str, Any]:
    start = datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC)
    told = {"conid": conid, "bar_start": start, "trading_day": day, "observed_at": _evening(seen or day)}
    return {**told, "close": close, "volume": 100.0}


def _split(day: date, factor: float, *, found: date | None = None) -> dict[str, Any]:
    return {"conid": 7, "first_unadjusted_day": day, "factor": factor, "observed_at": _evening(found or day)}


def _restated(day: date, close: float, *, seen: date) -> dict[str, Any]:
    return {**_bar(day, close, seen=seen), "bar_size": "1d", "bar_day": day, "trading_day": seen}


def _told(as_of: date | None = None, **tables: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    found = mart("bars_adjusted", COLUMNS, as_of=f"date '{as_of}'" if as_of else None, **tables)
    return sorted(tuple(row.values()) for row in found)


BARS = [_bar(MON, 80.0), _bar(TUE, 84.0), _bar(WED, 41.0)]


def test_what_was_observed_before_a_split_is_adjusted_by_it_and_what_came_after_is_not() -> None:
    assert _told(bars_1d=BARS, corporate_actions=[_split(WED, 2.0)]) == [
        (MON, 40.0, 200.0, 2.0, False),
        (TUE, 42.0, 200.0, 2.0, False),
        (WED, 41.0, 100.0, 1.0, False),
    ]


def test_as_of_a_day_before_it_was_known_nothing_is_adjusted_and_later_days_are_not_told() -> None:
    assert _told(TUE, bars_1d=BARS, corporate_actions=[_split(WED, 2.0)]) == [
        (MON, 80.0, 100.0, 1.0, False),
        (TUE, 84.0, 100.0, 1.0, False),
    ]


def test_of_a_day_on_which_it_was_known_it_is_adjusted() -> None:
    assert _told(WED, bars_1d=BARS, corporate_actions=[_split(WED, 2.0)])[0] == (MON, 40.0, 200.0, 2.0, False)


def test_a_bar_fetched_after_a_split_is_in_new_shares_already_and_in_old_ones_as_of_before() -> None:
    bars = [_bar(MON, 40.0, seen=THU), *BARS[1:]]
    assert _told(bars_1d=bars, corporate_actions=[_split(WED, 2.0)])[0] == (MON, 40.0, 100.0, 1.0, False)
    assert _told(TUE, bars_1d=bars, corporate_actions=[_split(WED, 2.0)])[0] == (MON, 80.0, 50.0, 0.5, False)


def test_splits_multiply_and_one_that_was_found_twice_counts_once() -> None:
    actions = [_split(TUE, 2.0), _split(TUE, 2.0, found=THU), _split(WED, 0.1)]
    closes = [row[1] for row in _told(bars_1d=BARS, corporate_actions=actions)]
    assert closes == pytest.approx([400.0, 840.0, 41.0])


def test_a_restated_bar_is_as_it_is_known_and_marked_and_as_it_was_known_before() -> None:
    restated = [_restated(MON, 81.0, seen=TUE), _restated(MON, 40.25, seen=THU)]
    tables = {"bars_1d": BARS, "bar_restatements": restated, "corporate_actions": [_split(WED, 2.0)]}
    assert [_told(day, **tables)[0][1:] for day in (MON, TUE, WED, THU)] == [
        (80.0, 100.0, 1.0, False),
        (81.0, 100.0, 1.0, True),
        (40.5, 200.0, 2.0, True),
        (40.25, 100.0, 1.0, True),
    ]


def test_other_contracts_are_left_alone() -> None:
    [row] = _told(bars_1d=[_bar(MON, 80.0, conid=8)], corporate_actions=[_split(WED, 2.0)])
    assert row == (MON, 80.0, 100.0, 1.0, False)
