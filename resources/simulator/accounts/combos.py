"""Option legs that belong together: what the gateway calls a combo position.

Belongs here: matching. Does not: wire shapes (`shapes/positions.py`).

Two legs on the same underlying that expire together are one combo, neighbours by conid first. Ratios have no common
divisor and the sign of the holding, so ratio times the number of combos is what is held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import gcd

from resources.simulator.accounts.valuation import Held


@dataclass(frozen=True, slots=True)
class Combo:
    """Legs and, parallel to them, ratios."""

    legs: tuple[Held, ...]
    ratios: tuple[int, ...]


def combos(rows: Sequence[Held]) -> list[Combo]:
    """Every combo among the positions of one account."""
    options = sorted((row for row in rows if row.contract.asset_class == "OPT"), key=_order)
    return [combo for _, legs in groupby(options, key=_family) for combo in _pairs(list(legs))]


def _pairs(legs: Sequence[Held]) -> Iterator[Combo]:
    for pair in zip(legs[::2], legs[1::2], strict=False):
        first, second = (int(leg.quantity) for leg in pair)
        common = gcd(first, second)
        yield Combo(pair, (first // common, second // common))


def _family(row: Held) -> tuple[int, str]:
    return row.contract.underlying, str(row.contract.expiry)


def _order(row: Held) -> tuple[int, str, int]:
    return (*_family(row), row.contract.conid)
