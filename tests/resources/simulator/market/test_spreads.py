from datetime import date

import numpy as np
import pytest

from resources.simulator.market import spreads
from resources.simulator.market.market import SeededMarket

MARKET = SeededMarket(7, 0, date(2026, 11, 24))


def both(symbol: str, price: float) -> tuple[float, float]:
    contract = next(each for each in reversed(MARKET.instruments()) if each.symbol == symbol)
    prices = np.array([price])
    return float(spreads.bid(contract, prices)[0]), float(spreads.ask(contract, prices)[0])


@pytest.mark.parametrize(
    ("symbol", "price", "expected"),
    [
        ("AMZN", 215.03, (215.02, 215.04)),
        ("AMZN", 0.01, (0.01, 0.02)),
        ("NESN", 80.0, (79.99, 80.01)),
        ("MC", 465.0, (464.95, 465.05)),
        ("EUR.USD", 1.06489, (1.06487, 1.06491)),
        ("ES", 6105.0, (6104.75, 6105.25)),
        ("AMZN", 12.3456, (12.33, 12.36)),
    ],
)
def test_quotes_are_some_ticks_apart(symbol: str, price: float, expected: tuple[float, float]) -> None:
    assert both(symbol, price) == pytest.approx(expected)
