from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.calendars import midnight
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.bars import by_minutes, by_period, join, month, pick, seconds, week, whole
from resources.simulator.market.market import Bars, SeededMarket

MARKET = SeededMarket(3, 0, date(2026, 11, 24))
STOCK = next(iter(MARKET.instruments()))
EURO = next(each for each in MARKET.instruments() if each.symbol == "EUR.USD")
DAY = date(2026, 11, 23)
SIZES = st.sampled_from([1, 2, 3, 5, 10, 15, 30, 60, 120, 180, 240, 480])


def same_total(small: Bars, large: Bars) -> bool:
    one, other = whole(small), whole(large)
    return all(
        np.array_equal(getattr(one, side), getattr(other, side)) for side in ("open", "high", "low", "close", "volume")
    )


@settings(deadline=None)
@given(SIZES, st.sampled_from([STOCK, EURO]))
def test_any_size_adds_up_to_the_same_day(size: int, instrument: Instrument) -> None:
    minutes = MARKET.minutes(instrument, DAY)
    assert same_total(by_minutes(minutes, size), minutes)
    assert same_total(by_minutes(minutes, size), MARKET.daily(instrument, DAY, DAY))


@settings(deadline=None)
@given(SIZES, st.integers(1, 4))
def test_bars_of_bars_are_bars_of_minutes(size: int, times: int) -> None:
    minutes = MARKET.minutes(STOCK, DAY)
    straight = by_minutes(minutes, size * times)
    detour = by_minutes(by_minutes(minutes, size), size * times)
    assert np.array_equal(seconds(straight.start)[1:], seconds(detour.start)[1:])
    assert same_total(straight, detour)


def test_hour_bars_keep_to_the_wall_clock_after_an_opening_at_half_past() -> None:
    starts = by_minutes(MARKET.minutes(STOCK, DAY), 60, -5 * 3600).start
    assert [f"{start:%H:%M}" for start in starts] == ["14:30", "15:00", "16:00", "17:00", "18:00", "19:00", "20:00"]


@pytest.mark.parametrize(("key", "count"), [(week, 5), (month, 1)])
def test_weeks_and_months_are_stamped_with_the_midnight_of_their_first_trading_day(key: type, count: int) -> None:
    days = MARKET.trading_days(STOCK, date(2026, 9, 1), date(2026, 9, 30))
    found = by_period(MARKET.daily(STOCK, days[0], days[-1]), days, key)
    assert len(found.start) == count
    assert found.start[0] == datetime(2026, 9, 1, tzinfo=UTC)
    assert same_total(found, MARKET.daily(STOCK, days[0], days[-1]))


def test_a_week_that_begins_with_a_holiday_begins_on_tuesday() -> None:
    days = MARKET.trading_days(STOCK, date(2026, 9, 7), date(2026, 9, 11))  # Labor Day
    assert by_period(MARKET.daily(STOCK, days[0], days[-1]), days, week).start[0].day == 8


def test_stretches_join_again() -> None:
    minutes = MARKET.minutes(STOCK, DAY)
    again = join([pick(minutes, slice(100)), pick(minutes, slice(100, None))])
    assert same_total(again, minutes)
    assert np.array_equal(seconds(again.start), seconds(minutes.start))


def test_nothing_joins_to_nothing() -> None:
    assert len(join([]).start) == len(by_minutes(join([]), 5).start) == 0


def test_plain_lists_of_instants_are_understood() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    assert seconds([start, start + timedelta(minutes=1)]).tolist() == [midnight(DAY), midnight(DAY) + 60]
