"""Reproducible noise: every draw of the simulated world is a function of its key.

Belongs here: generators, and which noise a stream has. Does not: what is drawn from them (`market/paths.py`,
`contracts/universe.py`).
"""

import numpy as np

TRAITS, EDGES, DAYS, MINUTES = range(4)  # which noise of a stream


def noise(*key: int) -> np.random.Generator:
    """A generator that is a pure function of its key."""
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(key)))
