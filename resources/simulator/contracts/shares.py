"""How many shares of a company there are: what turns a price into a market value.

Belongs here: the number, which never changes. Does not: prices, or how many shares change hands.

Nobody is told the number itself, so it is the usual day's volume times the usual number of days in which a
company changes hands once, in round lots.
"""

from functools import cache

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.contracts.universe import character, listings

DAYS_TO_CHANGE_HANDS = 250
ROUND = -5  # digits


def outstanding(seed: int, instrument: Instrument) -> float:
    """Shares in circulation; 0 for what is not a share."""
    return _issued(seed, instrument.conid) if instrument.asset_class == "STK" else 0.0


@cache
def _issued(seed: int, conid: int) -> float:
    listing = _known().get(conid)
    traits = listing.character if listing else character(seed, conid)
    return max(round(traits.volume * DAYS_TO_CHANGE_HANDS, ROUND), 10.0**-ROUND)


_known = cache(listings)
