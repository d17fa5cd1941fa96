"""Random walks that can be entered anywhere: the noise under every simulated price.

Belongs here: walks by (seed, stream, day). Does not: the noise itself (`noise.py`), prices and ticks
(`market.py`), calendars (a walk steps on every weekday, holidays included).

Time is cut into blocks of 256 weekdays. One draw fixes the walk's height at every block's edge, and a
bridge of its own fills each block. So the year 2019 costs the same whether 2000 was ever asked for,
nothing has to be kept, and no later question can change an earlier answer. A returning walk draws the edges
apart from each other, so it moves like the others for a year and stays near its home for decades.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from resources.simulator.noise import DAYS, EDGES, noise

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EPOCH = date(2000, 1, 3)  # a Monday
BLOCK, BLOCKS = 256, 80


def steps(days: Ints) -> Ints:
    """Weekdays since EPOCH, for day ordinals; a weekend counts as its Friday."""
    weeks, weekday = np.divmod(days - EPOCH.toordinal(), 7)
    return np.asarray(weeks * 5 + np.minimum(weekday, 4), dtype=np.int64)


def step(day: date) -> int:
    return int(steps(np.array([day.toordinal()]))[0])


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What noise says about some days: `level` is a walk with unit variance per step, the rest is white."""

    level: Floats
    before: Floats  # the level one step earlier
    gap: Floats
    up: Floats
    down: Floats
    turnover: Floats


class Walks:
    """Every walk of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._edges = lru_cache(maxsize=8192)(self._draw_edges)
        self._block = lru_cache(maxsize=2048)(self._draw_block)

    def stretch(self, stream: int, at: Ints, *, returns: bool = False) -> Stretch:
        """The noise of a stream on ascending, possibly gappy steps."""
        if not at.size:
            return Stretch(*np.empty((6, 0)))
        first, last = int(at[0]) // BLOCK, int(at[-1]) // BLOCK
        blocks = [self._block(stream, number, returns) for number in range(first, last + 1)]
        rows = blocks[0] if len(blocks) == 1 else np.hstack(blocks)
        return Stretch(*rows[:, at - first * BLOCK])

    def level(self, stream: int, at: int, *, returns: bool = False) -> float:
        """The walk's height after one step."""
        return float(self._block(stream, at // BLOCK, returns)[0, at % BLOCK])

    def _draw_edges(self, stream: int, returns: bool) -> Floats:
        jumps = noise(self._seed, stream, EDGES).standard_normal(BLOCKS) * np.sqrt(BLOCK)
        return np.concatenate([[0.0], jumps / np.sqrt(2) if returns else np.cumsum(jumps)])

    def _draw_block(self, stream: int, number: int, returns: bool) -> Floats:
        drawn = noise(self._seed, stream, DAYS, number).standard_normal((5, BLOCK))
        edges = self._edges(stream, returns)
        start, end = edges[number], edges[number + 1]
        walk, ramp = np.cumsum(drawn[0]), np.arange(1, BLOCK + 1) / BLOCK
        level = start + walk + ramp * (end - start - walk[-1])
        level[-1] = end  # to the last bit, so that blocks join
        before = np.concatenate([[start], level[:-1]])
        return np.vstack([level, before, drawn[1:]])
