from datetime import UTC, date, datetime

import numpy as np
import pytest

from resources.simulator.contracts.catalogue import core
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.lots import lot
from resources.simulator.market.market import Bars, Instants, SeededMarket

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
CONTRACTS = [listing.instrument for listing in core()]


class Flat(SeededMarket):
    """Every close is the same."""

    def __init__(self, price: float) -> None:
        super().__init__(1, 0, date(2026, 11, 24))
        self._price = price

    def daily(self, instrument: Instrument, first: date, last: date) -> Bars:
        days = self.trading_days(instrument, first, last)
        prices = np.full(len(days), self._price)
        return Bars(Instants(np.zeros(len(days), dtype=np.int64)), prices, prices, prices, prices, prices)


@pytest.mark.parametrize(("price", "shares"), [(249.0, 100), (250.0, 100), (250.01, 40), (1000.01, 10), (10_000.5, 1)])
def test_dear_shares_come_in_smaller_lots(price: float, shares: int) -> None:
    assert lot(Flat(price), CONTRACTS[0], NOW, build=2026) == shares


def test_only_american_shares_come_in_lots() -> None:
    others = [each for each in CONTRACTS if each.asset_class != "STK" or not each.is_us]
    assert {lot(Flat(500.0), each, NOW, build=2026) for each in others} == {1}


def test_older_builds_and_earlier_days_know_hundreds_only() -> None:
    assert lot(Flat(500.0), CONTRACTS[0], NOW, build=2024) == 100
    assert lot(Flat(500.0), CONTRACTS[0], datetime(2025, 10, 31, tzinfo=UTC), build=2026) == 100
