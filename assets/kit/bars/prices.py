"""What a reply of history tells of one contract, whatever the size of its bars.

Belongs here: the columns and the rule that bars of all sizes share. Does not: which bars are asked for, which are whole
(the datasets' files).
"""

from datetime import date, datetime
from typing import Any

import pandas as pd

from assets.kit.bars.daily import trading_days_of
from assets.kit.parse import epoch_ms
from assets.kit.schema import Row, column, derived, rule


class PriceBar(Row):
    """One contract's prices of one stretch of time."""

    known = frozenset()

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    bar_start: datetime = column("t", "When the bar begins.", parse=epoch_ms)
    calendar: str | None = column("calendar", "Calendar that told the trading day; null for a venue nobody knows.")
    trading_day: date = derived(trading_days_of, "Trading day of the bar, by its exchange.")
    open: float = column("o", "First price.", unit="instrument's currency")
    high: float = column("h", "Highest price.", unit="instrument's currency")
    low: float = column("l", "Lowest price.", unit="instrument's currency")
    close: float = column("c", "Last price.", unit="instrument's currency")
    wire_volume: float = column("v", "Volume as the gateway gave it, in multiples of `volume_factor`.", ge=0)
    volume_factor: float = column("volumeFactor", "Units per unit of `wire_volume`.", gt=0)
    volume: float = derived(
        lambda bars: (bars["wire_volume"] * bars["volume_factor"]).round(6), "Volume traded.", unit="units"
    )

    @rule
    def lies_between_low_and_high(bars: pd.DataFrame) -> Any:
        """Open and close lie between low and high."""
        low, high = bars["low"], bars["high"]
        outside = (low > bars["open"]) | (low > bars["close"]) | (high < bars["open"]) | (high < bars["close"])
        return ~outside.fillna(value=False).astype(bool)
