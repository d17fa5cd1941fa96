"""Bars below a day that come again otherwise, beside splits that daily bars tell of."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from resources.calendar.trading_days import trading_calendar
from tests.assets.market.vintages import Hours, Told, VintageNights

DAYS = [day.item() for day in trading_calendar("XNYS").between(date(2020, 1, 6), date(2020, 1, 31))]
FOUND = ("conid", "bar_size", "bar_start", "close_before", "close", "volume_before", "volume")
EVENING, NIGHT = time(23, 20), time(23, 30)


def hours(first: int, last: int, *, factor: float = 1.0, before: int = len(DAYS)) -> Hours:
    """Three hours of each day from `first` to `last`, in cents; those of days `before` one adjusted by a factor."""
    told = {}
    for n in range(first, last + 1):
        by = factor if n < before else 1.0
        for hour in range(3):
            base = 100.0 + n + hour / 4
            prices = (round(price / by, 2) for price in (base, base + 2.11, base - 1.37, base + 0.53))
            told[datetime.combine(DAYS[n], time(15 + hour), UTC)] = (*prices, 9_000.0 * (n + hour + 1) * by)
    return told


def days(first: int, last: int, *, factor: float = 1.0, before: int = len(DAYS)) -> Told:
    return {start.date(): bar for start, bar in hours(first, last, factor=factor, before=before).items()}


@pytest.fixture
def nights(tmp_path: Path) -> VintageNights:
    """An owner who holds ten days, by day and by hour."""
    nights = VintageNights(tmp_path)
    nights.hours(DAYS[9], {7: hours(0, 9), 8: hours(0, 9)}, at=EVENING)
    return nights.night(DAYS[9], {7: days(0, 9), 8: days(0, 9)})


def test_hours_that_come_again_as_they_were_are_nothing(nights: VintageNights) -> None:
    nights.hours(DAYS[10], {7: hours(9, 10)}, at=EVENING).compared(DAYS[10])
    assert nights.found("bar_restatements", *FOUND) == []


def test_an_hour_that_comes_again_otherwise_is_kept_beside_what_was_known_and_overwrites_nothing(
    nights: VintageNights,
) -> None:
    start = datetime.combine(DAYS[9], time(16), UTC)
    told = {**hours(9, 10), start: (109.0, 111.0, 107.0, 110.0, 99_100.0)}
    nights.hours(DAYS[10], {7: told, 8: hours(9, 10)}, at=EVENING).compared(DAYS[10])
    assert nights.found("bar_restatements", *FOUND) == [(7, "1h", start, 109.78, 110.0, 99_000.0, 99_100.0)]
    held = nights.rows("bars_1h").query("conid == 7").set_index("bar_start")
    assert held["close"][start] == 109.78
    [offender] = nights.verdict("no_price_was_restated", day=DAYS[10]).offenders
    assert (offender["conid"], offender["bar_size"]) == ("7", "1h")

    nights.hours(DAYS[11], {7: {**told, **hours(10, 11)}}, at=EVENING).compared(DAYS[11])
    assert len(nights.found("bar_restatements", *FOUND)) == 1, "it comes as it is known"


def test_of_what_the_table_took_nothing_from_nothing_is_told(nights: VintageNights) -> None:
    start = datetime.combine(DAYS[9], time(16), UTC)
    told = {**hours(9, 10), start: (109.0, 111.0, 107.0, 110.0, 99_100.0)}
    nights.hours(DAYS[10], {7: told}, at=EVENING, is_built=False).compared(DAYS[10])
    assert nights.found("bar_restatements", *FOUND) == []


@pytest.mark.parametrize("at", [EVENING, time(23, 40)], ids=["before the daily bars", "after them"])
def test_hours_in_new_shares_are_no_restatements_whether_they_came_before_the_split_was_found_or_after(
    nights: VintageNights, at: time
) -> None:
    """And an hour that is off besides is told in the shares of now."""
    start = datetime.combine(DAYS[9], time(16), UTC)
    told = {**hours(8, 10, factor=2.0, before=10), start: (54.0, 56.0, 53.0, 55.5, 198_000.0)}
    nights.hours(DAYS[10], {7: told, 8: hours(8, 10)}, at=at)
    nights.night(DAYS[10], {7: days(5, 10, factor=2.0, before=10), 8: days(5, 10)})
    assert nights.found("corporate_actions", "conid", "first_unadjusted_day", "factor") == [(7, DAYS[10], 2.0)]
    assert nights.found("bar_restatements", *FOUND) == [
        (7, "1h", start, pytest.approx(54.89), 55.5, pytest.approx(198_000.0), 198_000.0)
    ]

    later = {**hours(9, 11, factor=2.0, before=10), start: told[start]}
    nights.hours(DAYS[11], {7: later}, at=EVENING).night(DAYS[11], {7: days(6, 11, factor=2.0, before=10)})
    assert len(nights.found("bar_restatements", *FOUND)) == 1


def test_hours_off_by_a_ratio_of_which_nothing_is_known_yet_wait_for_daily_bars_to_tell(nights: VintageNights) -> None:
    """As in a night whose daily bars failed; the next one finds the split, and nothing was restated."""
    nights.hours(DAYS[10], {7: hours(8, 10, factor=4.0, before=10)}, at=EVENING).compared(DAYS[10])
    assert nights.found("bar_restatements", *FOUND) == []
    nights.hours(DAYS[11], {7: hours(9, 11, factor=4.0, before=10)}, at=EVENING)
    nights.night(DAYS[11], {7: days(6, 11, factor=4.0, before=10)})
    assert nights.found("corporate_actions", "conid", "first_unadjusted_day", "factor") == [(7, DAYS[10], 4.0)]
    assert nights.found("bar_restatements", *FOUND) == []


def test_landed_again_for_all_days_in_order_the_findings_are_the_same(nights: VintageNights) -> None:
    start = datetime.combine(DAYS[9], time(16), UTC)
    told = {**hours(8, 10, factor=2.0, before=10), start: (54.0, 56.0, 53.0, 55.5, 198_000.0)}
    nights.hours(DAYS[10], {7: told}, at=EVENING).night(DAYS[10], {7: days(5, 10, factor=2.0, before=10)})
    nights.hours(DAYS[11], {7: {**told, **hours(10, 11)}}, at=EVENING)
    nights.night(DAYS[11], {7: days(6, 11, factor=2.0, before=10)})
    before = nights.rows("bar_restatements").to_dict("records")
    for day in DAYS[9:12]:
        nights.compared(day)
    assert nights.rows("bar_restatements").to_dict("records") == before
    assert before


def test_what_an_earlier_version_of_this_software_kept_of_daily_bars_counts_for_those(nights: VintageNights) -> None:
    """It wrote no size beside a restatement."""
    again = {**days(5, 10), DAYS[8]: (108.0, 110.0, 107.0, 109.0, 81_000.0)}
    nights.night(DAYS[10], {7: again})
    before = nights.found("bar_restatements", *FOUND)
    assert [row[1] for row in before] == ["1d"]
    [path] = nights.lake.tables.files("bar_restatements")[-1:]
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["bar_size"]), path)
    nights.landed(DAYS[11], {7: {**days(6, 11), DAYS[8]: again[DAYS[8]]}}).build_bars([DAYS[11]]).compared(DAYS[11])
    assert len(nights.lake.tables.read([nights.lake.tables.files("bar_restatements")[-1]])) == 0, "known already"
