"""Whole chains of listed options on the shares of the core: every Friday, every strike of the ladder.

Belongs here: their terms and ids. Does not: which of them are listed when (`market/chains.py`), those that
books hold (`derivatives.py`), prices (`market/option_prices.py`).

As in `derivatives.py` an id is arithmetic on the terms, in a range of its own that ends below the wire's
largest number. Terms that have an id over there have none here, so that the same terms are one contract.
"""

from datetime import date

from resources.simulator.contracts import derivatives, expiries, strikes
from resources.simulator.contracts.catalogue import Listing, core
from resources.simulator.contracts.derivatives import RIGHTS
from resources.simulator.contracts.instruments import Instrument

FIRST, ROOM = 1_000_000_000, 1024  # ids from here on, with room for as many strikes
OPTIONABLE: dict[int, Listing] = {
    listing.instrument.conid: listing
    for listing in core()
    if listing.instrument.asset_class == "STK" and listing.instrument.is_us
}
UNDERLYINGS = tuple(OPTIONABLE)
IDS = len(UNDERLYINGS) * expiries.WEEKS * ROOM * len(RIGHTS)


def option(underlying: int, expiry: date, strike: float, right: str) -> Instrument | None:
    """The one contract of these terms; None when there cannot be one."""
    held = derivatives.option(underlying, expiry, strike, right)
    return held or _chained(underlying, expiry, strike, right)


def contract(conid: int) -> Instrument | None:
    """The option of an id, listed now or not."""
    if not 0 <= conid - FIRST < IDS:
        return None
    rest, right = divmod(conid - FIRST, len(RIGHTS))
    rest, rung = divmod(rest, ROOM)
    underlying, week = divmod(rest, expiries.WEEKS)
    if rung >= len(strikes.LADDER):
        return None
    terms = (UNDERLYINGS[underlying], expiries.expiry(week), strikes.LADDER[rung], RIGHTS[right])
    return None if derivatives.option(*terms) else _chained(*terms)


def _chained(underlying: int, expiry: date, strike: float, right: str) -> Instrument | None:
    rung, week = strikes.rung(strike), expiries.week(expiry)
    known = underlying in OPTIONABLE and right in RIGHTS and 0 <= week < expiries.WEEKS
    if rung is None or not known or expiries.expiry(week) != expiry:
        return None
    code = (UNDERLYINGS.index(underlying) * expiries.WEEKS + week) * ROOM + rung
    conid = FIRST + code * len(RIGHTS) + RIGHTS.index(right)
    return derivatives.described(OPTIONABLE[underlying], conid, expiry, strike, right)
