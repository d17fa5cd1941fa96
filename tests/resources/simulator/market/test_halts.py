from datetime import date, timedelta

import numpy as np
import pytest

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.bars import whole
from resources.simulator.market.halts import halt
from resources.simulator.market.market import SeededMarket

MARKET = SeededMarket(7, 700, date(2026, 11, 24))
SHARES = [each for each in MARKET.instruments() if each.asset_class == "STK" and each.is_us]
OTHERS = [each for each in MARKET.instruments() if each.asset_class != "STK" or not each.is_us]
DAYS = [date(2026, 1, 1) + timedelta(days=step) for step in range(300)]


def test_about_one_share_in_five_hundred_is_halted_on_a_day() -> None:
    found = [halt(share, day, 390) for share in SHARES for day in DAYS]
    halted = [still for still in found if still]
    assert 1 / 800 < len(halted) / len(found) < 1 / 300
    assert all(len(still) % 5 == 0 and 5 <= len(still) <= 60 for still in halted)
    assert all(still.start >= 30 and still.stop <= 360 for still in halted)


def test_only_american_shares_are_halted() -> None:
    assert not any(halt(each, day, 390) for each in OTHERS for day in DAYS[:50])


def test_a_session_without_room_is_not_halted() -> None:
    assert not any(halt(share, day, 60) for share in SHARES for day in DAYS[:50])


HALTED = [
    (share, day)
    for share in SHARES
    for day in DAYS
    if halt(share, day, 390) and len(MARKET.minutes(share, day).start) == 390
]


@pytest.mark.parametrize(("share", "day"), HALTED[:12])
def test_a_halted_day_stands_still_and_still_adds_up(share: Instrument, day: date) -> None:
    still, minutes = halt(share, day, 390), MARKET.minutes(share, day)
    level = minutes.close[still.start - 1]
    for side in (minutes.open, minutes.high, minutes.low, minutes.close):
        assert set(side[still.start : still.stop].tolist()) == {level}
    assert not minutes.volume[still.start : still.stop].any()
    total, daily = whole(minutes), MARKET.daily(share, day, day)
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(total, name), getattr(daily, name))
