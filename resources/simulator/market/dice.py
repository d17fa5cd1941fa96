"""Numbers that belong to a contract and its days: drawn for thousands of days at once, kept nowhere.

Belongs here: the drawing. Does not: what is made of it (`views.py`). Where one generator per day would
cost more than the prices themselves (`paths.py`), this does.
"""

import numpy as np

from resources.simulator.market.paths import Floats, Ints

_SHIFTS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))  # splitmix64
_GOLDEN = 0x9E3779B97F4A7C15


def drawn(conid: int, days: Ints, question: int) -> Floats:
    """Numbers in [0, 1), one per day ordinal; another question is another draw."""
    start = (conid * 0x1_0000_0001 + question * _GOLDEN) % 2**64
    state = days.astype(np.uint64) * np.uint64(_GOLDEN) + np.uint64(start)
    for shift, factor in _SHIFTS:
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    state ^= state >> np.uint64(31)
    return np.asarray((state >> np.uint64(11)) / 2.0**53, dtype=np.float64)
