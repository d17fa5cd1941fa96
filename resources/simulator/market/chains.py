"""Which options and futures are listed at an instant.

Belongs here: expiries and strikes of a chain, as a function of the market and the time. Does not: ids
and terms (`contracts/options.py`, `contracts/derivatives.py`), wire shapes.

Chains are worked out when somebody asks, as there are tens of thousands of contracts. Strikes follow the
closes since an expiry was listed, so that one that was listed stays until the end.
"""

from datetime import date, datetime, timedelta

from resources.simulator.calendars import hours
from resources.simulator.contracts import derivatives, expiries, options, strikes
from resources.simulator.contracts.derivatives import ROOTS, Root
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import Market
from resources.simulator.market.paths import EPOCH

AMERICAN = "AMEX"  # where listed options keep their hours
DAY = timedelta(days=1)


def month(day: date) -> str:
    """JAN27: how a month is named in a search, and asked for after it."""
    return f"{day:%b%y}".upper()


def named_month(contract: Instrument) -> str:
    """The month by which a derivative is asked for; "" for what never ends."""
    first = derivatives.delivery(contract)
    return month(first) if first else ""


def option_expiries(underlying: int, at: datetime) -> list[date]:
    """When the listed options on a share end, nearest first."""
    if underlying not in options.OPTIONABLE:
        return []
    return [day for day in expiries.listed(_today(AMERICAN, at)) if _lives(AMERICAN, day, at)]


def option_strikes(market: Market, underlying: int, expiry: date, at: datetime) -> list[float]:
    """The strikes of an expiry: around every close since it was listed, and those that books hold."""
    share, today = market.instrument(underlying), _today(AMERICAN, at)
    if share is None:
        return []
    found = {
        *derivatives.strikes(underlying, expiry),
        *strikes.wide(*_range(market, share, expiries.begins(expiry), at)),
    }
    if expiry - today <= expiries.WEEKLY:
        found |= {*strikes.narrow(*_range(market, share, expiry - expiries.WEEKLY - expiries.BEFOREHAND, at))}
    return sorted(found)


def month_strikes(market: Market, underlying: int, wanted: str, at: datetime) -> list[float]:
    """The strikes of all expiries of a month; not every one of them has each."""
    days = [day for day in option_expiries(underlying, at) if month(day) == wanted]
    return sorted({strike for day in days for strike in option_strikes(market, underlying, day, at)})


def listed_options(market: Market, underlying: int, wanted: str, strike: float, at: datetime) -> list[Instrument]:
    """Calls and puts of a strike, one pair per expiry of a month."""
    return [
        found
        for day in option_expiries(underlying, at)
        if month(day) == wanted and strike in option_strikes(market, underlying, day, at)
        for right in derivatives.RIGHTS
        if (found := options.option(underlying, day, strike, right))
    ]


def root_of(underlying: int) -> Root | None:
    """The futures on an underlying."""
    return next((root for root in ROOTS if root.underlying == underlying), None)


def listed_futures(root: Root, at: datetime) -> list[Instrument]:
    """Futures of a root that have not ended, nearest first."""
    found = derivatives.futures(root, _today(root.exchange, at))
    return [future for future in found if future.expiry and _lives(root.exchange, future.expiry, at)]


def _today(exchange: str, at: datetime) -> date:
    return hours(exchange).local_day(at)


def _lives(exchange: str, expiry: date, at: datetime) -> bool:
    return hours(exchange).session(expiry)[1] > at.timestamp()


def _range(market: Market, share: Instrument, first: date, at: datetime) -> tuple[float, float]:
    closes = market.daily(share, max(first, EPOCH), _today(AMERICAN, at) - DAY).close
    if not closes.size:
        price = market.price(share, at)
        return price, price
    return float(closes.min()), float(closes.max())
