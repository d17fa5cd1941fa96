"""Bars as they are told before a split and after it."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.bars import whole
from resources.simulator.market.market import Bars
from resources.simulator.market.market_file import FileMarket
from resources.simulator.market.splits import Adjusted
from resources.simulator.market.views import Views

FIRST, LAST = date(2020, 1, 2), date(2020, 1, 7)
HEADER = "date,open,high,low,close,volume,split\n"
ROWS = """2020-01-02,99.99,102.01,99.5,101,1000,
2020-01-03,102,104,101,103,2000,
2020-01-06,51.5,52.5,51.25,52.123456,5000,2
2020-01-07,520,530,510,525,600,0.1
"""
EVENING_BEFORE, MORNING_OF = datetime(2020, 1, 5, 23, 30, tzinfo=UTC), datetime(2020, 1, 6, 11, 0, tzinfo=UTC)
AFTER_BOTH = datetime(2020, 1, 7, 23, 30, tzinfo=UTC)


@pytest.fixture
def market(tmp_path: Path) -> FileMarket:
    file = tmp_path / "AAPL.csv"
    file.write_text(HEADER + ROWS)
    return FileMarket(file)


@pytest.fixture
def apple(market: FileMarket) -> Instrument:
    [found] = market.instruments()
    return found


def _told(market: FileMarket, apple: Instrument, at: datetime) -> Bars:
    return Adjusted(market, at).daily(apple, FIRST, LAST)


def test_the_evening_before_nothing_is_adjusted(market: FileMarket, apple: Instrument) -> None:
    assert _told(market, apple, EVENING_BEFORE).close.tolist() == [101, 103, 52.123456, 525]
    views = Views(market)
    assert views.told(apple, EVENING_BEFORE) is views


def test_from_the_morning_of_the_day_all_before_is_in_new_shares_on_the_tick(
    market: FileMarket, apple: Instrument
) -> None:
    told = _told(market, apple, MORNING_OF)
    assert told.open.tolist() == [50.0, 51.0, 51.5, 520.0], "49.995 is no price"
    assert told.close.tolist() == [50.5, 51.5, 52.123456, 525.0], "what no split came after keeps every digit"
    assert told.volume.tolist() == [2000, 4000, 5000, 600]


def test_several_splits_multiply_and_a_reverse_one_makes_prices_larger(market: FileMarket, apple: Instrument) -> None:
    told = _told(market, apple, AFTER_BOTH)
    assert told.close.tolist() == [505.0, 515.0, 521.23, 525.0]
    np.testing.assert_allclose(told.volume, [200, 400, 500, 600])


def test_minutes_still_add_up_to_the_day(market: FileMarket, apple: Instrument) -> None:
    adjusted = Adjusted(market, MORNING_OF)
    day, together = adjusted.daily(apple, FIRST, FIRST), whole(adjusted.minutes(apple, FIRST))
    for side in ("open", "high", "low", "close", "volume"):
        np.testing.assert_allclose(getattr(together, side), getattr(day, side))


def test_what_was_traded_stays_as_it_was(market: FileMarket, apple: Instrument) -> None:
    at = datetime(2020, 1, 3, 23, 30, tzinfo=UTC)
    assert Adjusted(market, AFTER_BOTH).price(apple, at) == market.price(apple, at) == 103


def test_the_views_of_an_instant_are_kept(market: FileMarket, apple: Instrument) -> None:
    views = Views(market)
    assert views.told(apple, MORNING_OF) is views.told(apple, MORNING_OF)
    assert views.told(apple, MORNING_OF) is not views.told(apple, AFTER_BOTH)
