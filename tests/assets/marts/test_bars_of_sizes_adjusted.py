from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from assets.warehouse import read_marts
from tests.assets.marts.made import mart

MON, TUE, WED, THU = (date(2026, 11, day) for day in (16, 17, 18, 19))
NOON, EVENING = time(17), time(23, 30)
OLD, NEW = (80.0, 100.0), (40.0, 200.0)
"""A close and a volume, in the shares of before and after a split of 2 for 1."""


def _bar(day: date, told: tuple[float, float], seen: datetime, *, conid: int = 7) -> dict[str, Any]:
    start = datetime.combine(day, time(15), UTC)
    return {"conid": conid, "bar_start": start, "trading_day": day, "observed_at": seen} | dict(
        zip(("close", "volume"), told, strict=True)
    )


def _split(day: date, factor: float, found: datetime) -> dict[str, Any]:
    """As the nights find it: what it rests on was known otherwise the evening before, or earlier."""
    before = datetime.combine(MON, EVENING, UTC)
    return {
        "conid": 7,
        "first_unadjusted_day": day,
        "factor": factor,
        "observed_at": found,
        "before_observed_at": before,
    }


def _at(day: date, at: time = EVENING) -> datetime:
    return datetime.combine(day, at, UTC)


def _told(bars: list[dict[str, Any]], actions: list[dict[str, Any]], as_of: date | None = None) -> list[Any]:
    day = f"date '{as_of}'" if as_of else None
    columns = "close, volume, factor"
    rows = mart("bars_1h_adjusted", columns, as_of=day, bars_1h=bars, corporate_actions=actions)
    return sorted(tuple(row.values()) for row in rows)


@pytest.mark.parametrize(
    ("told", "seen", "factor"),
    [
        (OLD, _at(MON), 2.0),
        (OLD, _at(TUE), 2.0),  # the same evening, after what the finding rests on
        (NEW, _at(WED, NOON), 1.0),  # during the day, before it was found
        (NEW, _at(WED, time(23, 29)), 1.0),  # the same night, before it was found
        (NEW, _at(THU), 1.0),
    ],
)
def test_a_bar_is_adjusted_if_it_was_observed_before_the_day_from_which_new_shares_are_served(
    told: tuple[float, float], seen: datetime, factor: float
) -> None:
    split = _split(WED, 2.0, _at(WED))
    assert _told([_bar(MON, told, seen)], [split]) == [(*NEW, factor)]
    assert _told([_bar(MON, told, seen)], [split], TUE) == [(*OLD, factor / 2)]


def test_where_a_split_was_found_before_its_day_began_in_new_york_the_finding_decides() -> None:
    """East of it a day begins earlier."""
    split = _split(WED, 2.0, _at(TUE))
    assert _told([_bar(MON, OLD, _at(TUE, time(23, 29)))], [split]) == [(*NEW, 2.0)]
    assert _told([_bar(MON, NEW, _at(TUE, time(23, 31)))], [split]) == [(*NEW, 1.0)]


def test_bars_from_the_first_unadjusted_day_on_and_of_other_contracts_are_left_alone() -> None:
    bars = [_bar(WED, NEW, _at(WED)), _bar(MON, OLD, _at(MON), conid=8)]
    assert _told(bars, [_split(WED, 2.0, _at(WED))]) == [(*NEW, 1.0), (*OLD, 1.0)]


def test_splits_multiply_and_one_that_was_found_twice_counts_once() -> None:
    actions = [_split(TUE, 2.0, _at(TUE)), _split(TUE, 2.0, _at(THU)), _split(WED, 0.1, _at(WED))]
    assert _told([_bar(MON, OLD, _at(MON))], actions) == [(400.0, pytest.approx(20.0), pytest.approx(0.2))]


def test_a_restated_bar_is_as_it_is_known_and_marked_and_those_of_other_sizes_are_left_alone() -> None:
    bar = _bar(MON, (80.0, 100.0), _at(MON))
    told = {name: bar[name] for name in ("conid", "bar_start")} | {"volume": 110.0, "observed_at": _at(TUE)}
    restated = [told | {"bar_size": "1h", "close": 81.0}, told | {"bar_size": "5min", "close": 99.0}]
    columns = "close, volume, factor, is_restated"
    for day, expected in ((MON, (80.0, 100.0, 1.0, False)), (TUE, (81.0, 110.0, 1.0, True))):
        [row] = mart("bars_1h_adjusted", columns, as_of=f"date '{day}'", bars_1h=[bar], bar_restatements=restated)
        assert tuple(row.values()) == expected
    split = [_split(WED, 2.0, _at(WED))]
    [row] = mart("bars_1h_adjusted", columns, bars_1h=[bar], bar_restatements=restated, corporate_actions=split)
    assert tuple(row.values()) == (40.5, 220.0, 2.0, True)


def test_days_after_that_as_of_which_is_asked_are_not_told() -> None:
    assert _told([_bar(THU, NEW, _at(THU))], [], WED) == []


@pytest.mark.parametrize(
    ("size", "first", "last"),
    [("1w", MON, date(2026, 11, 22)), ("1m", date(2026, 11, 2), date(2026, 11, 30))],
)
def test_a_week_or_a_month_is_told_once_it_is_over(size: str, first: date, last: date) -> None:
    name, tables = f"bars_{size}_adjusted", {f"bars_{size}": [_bar(first, NEW, _at(last))]}
    for day, rows in ((last - timedelta(days=1), 0), (last, 1), (date(2030, 1, 1), 1)):
        assert len(mart(name, as_of=f"date '{day}'", columns="*", **tables)) == rows


def test_there_is_one_for_each_size_that_is_chosen_but_days() -> None:
    plain = {one.name for one in read_marts()}
    sized = {one.name: one for one in read_marts(sizes=["1d", "1h", "5min"])}
    assert set(sized) - plain == {"bars_1h_adjusted", "bars_5min_adjusted"}
    assert "from bars_5min b\n" in sized["bars_5min_adjusted"].sql
    assert not [one.name for one in sized.values() if "SIZE" in f"{one.name} {one.doc} {one.sql} {one.column_docs}"]
