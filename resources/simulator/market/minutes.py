"""A day cut into minutes that add up to it exactly.

Belongs here: the shape of a session. Does not: which day, or where its four prices come from; prices of a
file are cut the same way as invented ones.

Inner prices lie on the tick; the day's own four prices are used as they are, so a file's 123.456 stays.
"""

from dataclasses import dataclass

import numpy as np

from resources.simulator.market.paths import Floats

SAFETY = 1 - 1e-9  # keeps the rounded-down shares from adding up to more than the day's volume


@dataclass(frozen=True, slots=True)
class Day:
    """One day's bar."""

    open: float
    high: float
    low: float
    close: float
    volume: float


def on_tick(prices: Floats, ticks: int) -> Floats:
    """The nearest prices of `ticks` to the unit."""
    return np.asarray(np.rint(prices * ticks) / ticks, dtype=np.float64)


def cut(day: Day, count: int, *, ticks: int, noise: np.random.Generator) -> tuple[Floats, ...]:
    """Open, high, low, close and volume of each of `count` minutes."""
    drawn = noise.standard_normal((4, count))
    raw = _bridge(day, drawn[0])
    closes = np.clip(on_tick(raw, ticks), day.low, day.high)
    closes[-1] = day.close
    opens = np.concatenate([[day.open], closes[:-1]])
    reach = np.abs(drawn[1:3]) * (day.high - day.low) / (2 * np.sqrt(count))
    upper, lower = np.maximum(opens, closes), np.minimum(opens, closes)
    highs = np.clip(on_tick(upper + reach[0], ticks), upper, day.high)
    lows = np.clip(on_tick(lower - reach[1], ticks), day.low, lower)
    highs[np.argmax(raw)] = day.high
    lows[np.argmin(raw)] = day.low
    return opens, highs, lows, closes, _shares(day.volume, drawn[3])


def _bridge(day: Day, steps: Floats) -> Floats:
    """From the open to the close, about as wide as the day's range."""
    ramp = np.arange(1, steps.size + 1) / steps.size
    walk = np.cumsum(steps)
    bridge = walk - ramp * walk[-1]
    width = float(np.ptp(bridge)) or 1.0
    return np.asarray(day.open + (day.close - day.open) * ramp + bridge * (day.high - day.low) / width)


def _shares(volume: float, drawn: Floats) -> Floats:
    """Whole units, most at the edges of the day; what does not divide goes to the busiest minute."""
    place = np.linspace(-1, 1, drawn.size) if drawn.size > 1 else np.ones(1)
    weight = (0.5 + place**4) * np.exp(0.4 * drawn)
    shares = np.floor(volume * SAFETY * weight / weight.sum())
    shares[np.argmax(weight)] += volume - shares.sum()
    return np.asarray(shares, dtype=np.float64)
