"""Contracts for difference on the shares that have options: their underlying under another id.

Belongs here: their ids and terms. Does not: prices, which are the underlying's.
"""

from dataclasses import replace

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.contracts.options import OPTIONABLE, UNDERLYINGS

FIRST = 992_000_000


def of(underlying: int) -> Instrument | None:
    """The contract for difference on a share, if there is one."""
    if underlying not in OPTIONABLE:
        return None
    share, conid = OPTIONABLE[underlying].instrument, FIRST + UNDERLYINGS.index(underlying)
    return replace(share, conid=conid, asset_class="CFD", kind=None, underlying=underlying)


def contract(conid: int) -> Instrument | None:
    """The contract for difference of an id."""
    return of(UNDERLYINGS[conid - FIRST]) if 0 <= conid - FIRST < len(UNDERLYINGS) else None
