"""How many shares one unit of a chart's volume stands for.

Belongs here: round lots and how builds of the gateway told them. Does not: volumes.

American volume is counted in round lots. Builds of 2022 and 2023 did so without saying; later ones say
`volumeFactor` 100; since the round lots of dear shares shrank in November 2025 they say 40 for those (seen on
a fund at 600). A lot hangs on the last close of the month before. Elsewhere volume is plain.
"""

from datetime import date, datetime, timedelta

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import RECENT, Market

HUNDRED = 100
DEAR = ((10_000.0, 1), (1_000.0, 10), (250.0, 40))  # above a price, so many shares
SMALLER_SINCE = date(2025, 11, 3)
SAYING, SHRINKING = 2024, 2026  # builds from which on the factor is told, and follows the price


def lot(market: Market, instrument: Instrument, at: datetime, *, build: int) -> int:
    """Shares in a unit of `v`."""
    if instrument.asset_class != "STK" or not instrument.is_us:
        return 1
    if build < SHRINKING or at.date() < SMALLER_SINCE:
        return HUNDRED
    before = at.date().replace(day=1) - timedelta(days=1)
    closes = market.daily(instrument, before - RECENT, before).close
    price = float(closes[-1]) if closes.size else 0.0
    return next((size for above, size in DEAR if price > above), HUNDRED)
