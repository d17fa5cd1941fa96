"""What a contract is bid and offered at when it last traded at a price.

Belongs here: the width, in ticks, by kind of contract and price. Does not: sizes, or the price itself
(`market.py`). A price on the tick lies in the middle of its spread, so that midpoints are prices too.
"""

import numpy as np

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.paths import Floats

AMERICAN, USUAL = 2e-5, 1e-4  # of the price, on each side; one tick at least
WIDTHS = {"OPT": 1e-2, "FUT": 2e-5, "CASH": 2e-5, "BOND": 5e-4}
NEARLY = 1e-6  # a price that is on its tick but for the last bits


def bid(instrument: Instrument, prices: Floats) -> Floats:
    """Below each price, by one tick at least; never below one tick."""
    steps = np.floor(prices * instrument.ticks + NEARLY) - _half(instrument, prices)
    return np.asarray(np.minimum(np.maximum(steps, 1) / instrument.ticks, prices), dtype=np.float64)


def ask(instrument: Instrument, prices: Floats) -> Floats:
    """Above each price, by one tick at least."""
    steps = np.ceil(prices * instrument.ticks - NEARLY) + _half(instrument, prices)
    return np.asarray(steps / instrument.ticks, dtype=np.float64)


def _half(instrument: Instrument, prices: Floats) -> Floats:
    american = instrument.asset_class == "STK" and instrument.is_us
    width = WIDTHS.get(instrument.asset_class, AMERICAN if american else USUAL)
    return np.asarray(np.maximum(np.rint(prices * width * instrument.ticks), 1.0))
