"""What a listed option is worth when its underlying's prices are known (Black and Scholes, constant volatility).

Belongs here: the formula and its use on a day's four prices. Does not: terms (`contracts/derivatives.py`).

A call is dearest at its underlying's high, a put at its low; time is the same for all four prices of a
day, so the order low <= open, close <= high carries over.
"""

import numpy as np

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.minutes import on_tick
from resources.simulator.market.paths import Floats, Ints

RATE = 0.04
YEAR = 365.0
CENTS = 100
LEAST = 0.01
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)  # Abramowitz and Stegun 7.1.26


def normal(x: Floats) -> Floats:
    """The cumulative normal distribution, to 1e-7."""
    z = np.abs(x) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    tail = np.polynomial.polynomial.polyval(t, (0.0, *_ERF)) * np.exp(-z * z)
    return np.asarray(np.where(x >= 0, 1 - tail / 2, tail / 2))


def worth(option: Instrument, spot: Floats, years: Floats, volatility: float) -> Floats:
    """On the cent and at least one; at the end what exercise brings."""
    sign = 1.0 if option.right == "C" else -1.0
    left = np.maximum(years, 1e-9)
    spread = volatility * np.sqrt(left)
    d1 = (np.log(spot / option.strike) + (RATE + volatility**2 / 2) * left) / spread
    discounted = option.strike * np.exp(-RATE * left)
    value = sign * (spot * normal(sign * d1) - discounted * normal(sign * (d1 - spread)))
    exercised = np.maximum(sign * (spot - option.strike), 0.0)
    return np.maximum(on_tick(np.where(years > 0, value, exercised), CENTS), LEAST)


def priced(option: Instrument, prices: dict[str, Floats], days: Ints, volatility: float) -> dict[str, Floats]:
    """Open, high, low and close of an option from those of its underlying, on the same days."""
    assert option.expiry is not None
    years = (option.expiry.toordinal() - days) / YEAR
    found = {name: worth(option, prices[name], years, volatility) for name in ("open", "high", "low", "close")}
    if option.right == "P":
        found["high"], found["low"] = found["low"], found["high"]
    return found
