"""When a contract can be traded, as orders need it.

Belongs here: the session at an instant, and the ones between two instants. Does not: calendars (`calendars.py`).

An expiring contract stops when positions in it expire, which for futures is before the session ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from resources.simulator.accounts.marks import instant
from resources.simulator.accounts.trading import EXPIRY
from resources.simulator.calendars import hours
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import RECENT, Market
from resources.simulator.market.views import view

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trading:
    """One day's session, in seconds since 1970."""

    day: date
    opens: int
    closes: int


def between(
    market: Market, contract: Instrument, first: int, last: int, *, extended: bool = False
) -> Iterator[Trading]:
    """Sessions that end after `first` and begin by `last`; those of American shares may have all their hours."""
    here, seen = hours(contract.exchange), view(market, contract, extended=extended)
    begin, end = (here.local_day(datetime.fromtimestamp(at, UTC)) for at in (first, last))
    for day in market.trading_days(contract, begin - DAY, end + DAY):
        opens, closes = seen.session(day)
        closes = min(closes, end_of_life(contract) or closes)
        if closes > first and opens <= last:
            yield Trading(day, opens, closes)


def current(market: Market, contract: Instrument, at: int, *, extended: bool = False) -> Trading | None:
    """The session that runs at an instant."""
    return next(between(market, contract, at, at, extended=extended), None)


def current_or_next(market: Market, contract: Instrument, at: int, *, extended: bool = False) -> Trading | None:
    """The session that runs at an instant, or the first one after it; None once it has stopped trading."""
    return next(between(market, contract, at, at + int(RECENT.total_seconds()), extended=extended), None)


def end_of_life(contract: Instrument) -> int | None:
    """When an expiring contract stops trading."""
    return int(instant(contract.expiry, EXPIRY).timestamp()) if contract.expiry else None
