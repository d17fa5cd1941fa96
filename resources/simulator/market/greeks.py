"""How an option's worth moves with what it hangs on, by the model that prices it.

Belongs here: the four greeks and the volatility behind them. Does not: the price (`option_prices.py`).
"""

import math
from dataclasses import dataclass
from datetime import date

from resources.simulator.contracts import derivatives
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.option_prices import RATE, YEAR
from resources.simulator.market.prices import implied_volatility

LEAST_YEARS = 0.5 / YEAR  # on its last day an option still has half of it


@dataclass(frozen=True, slots=True)
class Greeks:
    """Per unit of the underlying: delta and gamma per point, theta a day, vega per point of volatility."""

    delta: float
    gamma: float
    theta: float
    vega: float
    volatility: float


def volatility(instrument: Instrument) -> float | None:
    """What options on it, or it itself, are priced with; None when none are listed."""
    listing = derivatives.OPTIONABLE.get(instrument.underlying or instrument.conid)
    return implied_volatility(listing.character) if listing else None


def greeks(option: Instrument, spot: float, day: date) -> Greeks | None:
    """Of an option on a day; None for what is no option, or hangs on something unknown."""
    sigma = volatility(option)
    if sigma is None or option.asset_class != "OPT" or option.expiry is None:
        return None
    years = max((option.expiry - day).days / YEAR, LEAST_YEARS)
    root = math.sqrt(years)
    d1 = (math.log(spot / option.strike) + (RATE + sigma**2 / 2) * years) / (sigma * root)
    d2 = d1 - sigma * root
    sign = 1.0 if option.right == "C" else -1.0
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    decay = -spot * density * sigma / (2 * root)
    carry = sign * RATE * option.strike * math.exp(-RATE * years) * _normal(sign * d2)
    return Greeks(
        delta=sign * _normal(sign * d1),
        gamma=density / (spot * sigma * root),
        theta=(decay - carry) / YEAR,
        vega=spot * density * root / 100,
        volatility=sigma,
    )


def _normal(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2
