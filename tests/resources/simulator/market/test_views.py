from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.bars import by_minutes, seconds, whole
from resources.simulator.market.market import SeededMarket
from resources.simulator.market.views import Views

MARKET = SeededMarket(7, 700, date(2026, 11, 24))
VIEWS = Views(MARKET)
SHARES = [each for each in MARKET.instruments() if each.asset_class == "STK" and each.is_us]
SIDES = ("open", "high", "low", "close", "volume")
HALF_DAY = date(2026, 11, 27)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(SHARES), st.dates(date(2001, 1, 1), date(2027, 1, 1)))
def test_a_day_with_all_its_hours_adds_up_and_holds_the_regular_minutes_unchanged(
    share: Instrument, first: date
) -> None:
    day = MARKET.trading_days(share, first, first + timedelta(days=30))[0]
    everything, regular = VIEWS.of(share, extended=True).minutes(day), MARKET.minutes(share, day)
    daily = VIEWS.of(share, extended=True).daily(day, day)
    total = whole(everything)
    for side in SIDES:
        assert np.array_equal(getattr(total, side), getattr(daily, side))
        assert np.array_equal(getattr(everything, side)[330 : 330 + len(regular.start)], getattr(regular, side))
    assert np.all(np.diff(seconds(everything.start)) == 60)
    assert np.all(everything.low > 0)
    assert np.all(everything.low <= np.minimum(everything.open, everything.close))
    assert np.all(everything.high >= np.maximum(everything.open, everything.close))


def test_a_day_is_the_same_in_every_window() -> None:
    view = VIEWS.of(SHARES[0], extended=True)
    window = view.daily(date(2026, 3, 2), date(2026, 6, 30))
    alone = view.daily(date(2026, 6, 30), date(2026, 6, 30))
    assert [getattr(window, side)[-1] for side in SIDES] == [getattr(alone, side)[0] for side in SIDES]


def test_the_morning_goes_on_where_the_evening_before_ended() -> None:
    view = VIEWS.of(SHARES[0], extended=True)
    evening, morning = view.minutes(date(2026, 11, 23)), view.minutes(date(2026, 11, 24))
    assert morning.open[0] == evening.close[-1]


def test_american_shares_trade_from_four_to_eight_in_the_evening() -> None:
    begins, ends = VIEWS.of(SHARES[0], extended=True).session(date(2026, 11, 24))
    assert datetime.fromtimestamp(begins, UTC) == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert datetime.fromtimestamp(ends, UTC) == datetime(2026, 11, 25, 1, tzinfo=UTC)


def test_a_short_day_ends_earlier_in_every_view() -> None:
    minutes = VIEWS.of(SHARES[0], extended=True).minutes(HALF_DAY)
    assert len(minutes.start) == 330 + 210 + 240
    assert minutes.start[-1] == datetime(2026, 11, 27, 21, 59, tzinfo=UTC)


@pytest.mark.parametrize("asset_class", ["FUT", "CASH", "BOND"])
def test_other_contracts_have_one_view(asset_class: str) -> None:
    contract = next(each for each in reversed(MARKET.instruments()) if each.asset_class == asset_class)
    assert not VIEWS.of(contract, extended=True).extended


def test_kept_bars_are_those_made_anew() -> None:
    day = date(2026, 11, 24)
    kept = [VIEWS.sized(SHARES[0], day, 60, extended=True) for _ in range(2)]
    fresh = by_minutes(VIEWS.of(SHARES[0], extended=True).minutes(day), 60, -5 * 3600)
    assert kept[0] is kept[1]
    assert np.array_equal(kept[0].close, fresh.close)
    assert len(fresh.start) == 16


def test_a_day_without_trading_has_no_bars() -> None:
    view = VIEWS.of(SHARES[0], extended=True)
    sunday = date(2026, 11, 22)
    assert not len(view.minutes(sunday).start)
    assert not len(view.daily(sunday, sunday).start)
