"""Contracts that come and go with the calendar: listed options and futures.

Belongs here: the terms and ids of futures and of the options that books hold, which of them are listed
around a present, and what futures are futures of. Does not: when contracts end (`expiries.py`), whole chains
of options (`options.py`), prices (`market/`).

An id is arithmetic on the terms (underlying, month, strike, side), so a contract keeps it for ever and can be
read back from it long after it left the list. Strikes hang on the catalogue's prices, not on the walk.
The list starts at a fixed year and only grows at its end for four years at a time: whoever chose contracts
from it chooses the same ones next month.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from resources.simulator.contracts import expiries
from resources.simulator.contracts.catalogue import Character, Listing, core
from resources.simulator.contracts.expiries import QUARTERS, crude_expiry, third_friday
from resources.simulator.contracts.instruments import Instrument

FIRST_YEAR, MONTHS = 1990, 12 * 100
FUTURES, OPTIONS = 990_500_000, 991_000_000
EVERY_MONTH = tuple(range(1, 13))
MONTH_CODES = "FGHJKMNQUVXZ"
MONEYNESS = (0.9, 1.0, 1.1)
RIGHTS = ("C", "P")
FUTURE_LIFE = timedelta(days=450)
FUTURES_AHEAD = timedelta(days=190)  # of those that books hold; more are listed


@dataclass(frozen=True, slots=True)
class Root:
    """What the futures of one underlying have in common."""

    symbol: str
    name: str
    exchange: str
    multiplier: float
    underlying: int
    character: Character
    months: tuple[int, ...] = QUARTERS


ROOTS = [
    Root("ES", "E-mini S&P 500", "CME", 50.0, 11004968, Character(6200.0, 0.001, 0.009, 1.5e6)),
    Root("NQ", "E-mini NASDAQ 100", "CME", 20.0, 11004958, Character(22600.0, 0.003, 0.011, 6e5)),
    Root("CL", "Light Sweet Crude Oil", "NYMEX", 1000.0, 17340715, Character(68.0, 0.016, 0.004, 3e5), EVERY_MONTH),
]
OPTIONABLE = {
    listing.instrument.conid: listing
    for listing in core()
    if listing.instrument.symbol in {"AAPL", "MSFT", "IBM", "SPY"}
    and listing.instrument.currency == "USD"
    and listing.instrument.asset_class == "STK"
}
UNDERLYINGS = tuple(OPTIONABLE)


def listed(today: date) -> Iterator[Instrument]:
    """Futures, then options: from the start of the era to about a year ahead."""
    start = (today.year - 1) // 4 * 4
    quarters = [(year, month) for year in range(start, today.year + 3) for month in QUARTERS]
    for root in range(len(ROOTS)):
        futures = (_future(root, year, month) for year, month in quarters)
        yield from (future for future in futures if _expiry(future) <= today + FUTURES_AHEAD)
    for year, month in quarters:
        if third_friday(year, month) <= today + expiries.QUARTERLY:
            yield from _chain(year, month)


def contract(conid: int) -> Instrument | None:
    """The derivative of an id, listed now or not."""
    if 0 <= conid - FUTURES < len(ROOTS) * MONTHS:
        root, count = divmod(conid - FUTURES, MONTHS)
        year, month = divmod(count, 12)
        return _future(root, FIRST_YEAR + year, month + 1) if month + 1 in ROOTS[root].months else None
    if 0 <= conid - OPTIONS < len(UNDERLYINGS) * MONTHS * len(MONEYNESS) * len(RIGHTS):
        rest, right = divmod(conid - OPTIONS, len(RIGHTS))
        rest, strike = divmod(rest, len(MONEYNESS))
        underlying, count = divmod(rest, MONTHS)
        year, month = divmod(count, 12)
        return _option(underlying, FIRST_YEAR + year, month + 1, strike, right) if month + 1 in QUARTERS else None
    return None


def life(instrument: Instrument) -> tuple[date, date]:
    """First and last day on which a contract can trade."""
    ends = instrument.expiry or date.max
    match instrument.asset_class:
        case "FUT":
            return ends - FUTURE_LIFE, ends
        case "OPT":
            return expiries.begins(ends), ends
    return date.min, ends


def futures(root: Root, today: date) -> list[Instrument]:
    """Every future of a root that is listed on a day, nearest first."""
    months = range(_months(today.year, today.month), _months(today.year + 2, today.month))
    dates = ((FIRST_YEAR + count // 12, count % 12 + 1) for count in months)
    found = [_future(ROOTS.index(root), year, month) for year, month in dates if month in root.months]
    horizon = today + FUTURE_LIFE - expiries.BEFOREHAND
    return [future for future in found if today <= _expiry(future) <= horizon]


def delivery(instrument: Instrument) -> date | None:
    """The first of the month that a contract is named after: crude of January ends in December."""
    if 0 <= instrument.conid - FUTURES < len(ROOTS) * MONTHS:
        year, month = divmod((instrument.conid - FUTURES) % MONTHS, 12)
        return date(FIRST_YEAR + year, month + 1, 1)
    return instrument.expiry and instrument.expiry.replace(day=1)


def spot(conid: int) -> Instrument | None:
    """What futures are futures of, as an index that has a price and cannot be traded."""
    root = next((root for root in ROOTS if root.underlying == conid), None)
    if root is None:
        return None
    return Instrument(
        conid=conid,
        symbol=root.symbol,
        name=root.name,
        asset_class="IND",
        currency="USD",
        exchange=root.exchange,
        country="US",
        kind=None,
        sector=None,
        group=None,
        sector_group=None,
        multiplier=1.0,
    )


def option(underlying: int, expiry: date, strike: float, right: str) -> Instrument | None:
    """The contract of these terms, if it is one of those that books hold."""
    if right not in RIGHTS or strike not in strikes(underlying, expiry):
        return None
    place = UNDERLYINGS.index(underlying), strikes(underlying, expiry).index(strike)
    return _option(place[0], expiry.year, expiry.month, place[1], RIGHTS.index(right))


def strikes(underlying: int, expiry: date) -> list[float]:
    """The strikes that books hold of an expiry; none but at the ends of quarters."""
    quarterly = expiry.month in QUARTERS and expiry == third_friday(expiry.year, expiry.month)
    if underlying not in OPTIONABLE or not quarterly:
        return []
    return [_strike(OPTIONABLE[underlying], place) for place in range(len(MONEYNESS))]


def root_of(instrument: Instrument) -> Root:
    """What a future is a future of, or a spot the spot of."""
    return next(root for root in ROOTS if root.symbol == instrument.symbol)


def described(listing: Listing, conid: int, expiry: date, strike: float, right: str) -> Instrument:
    """An option on an American share."""
    share = listing.instrument
    return replace(
        share,
        conid=conid,
        asset_class="OPT",
        exchange="AMEX",
        kind=None,
        multiplier=100.0,
        expiry=expiry,
        right=right,
        strike=strike,
        underlying=share.conid,
    )


def _expiry(instrument: Instrument) -> date:
    return instrument.expiry or date.max


def _chain(year: int, month: int) -> Iterator[Instrument]:
    for underlying in range(len(UNDERLYINGS)):
        for strike in range(len(MONEYNESS)):
            for right in range(len(RIGHTS)):
                yield _option(underlying, year, month, strike, right)


def _months(year: int, month: int) -> int:
    return (year - FIRST_YEAR) * 12 + month - 1


def _future(number: int, year: int, month: int) -> Instrument:
    root = ROOTS[number]
    expiry = crude_expiry(year, month) if root.symbol == "CL" else third_friday(year, month)
    return Instrument(
        conid=FUTURES + number * MONTHS + _months(year, month),
        symbol=root.symbol,
        name=f"{root.name} {MONTH_CODES[month - 1]}{year % 10}",
        asset_class="FUT",
        currency="USD",
        exchange=root.exchange,
        country="US",
        kind=None,
        sector=None,
        group=None,
        sector_group=None,
        multiplier=root.multiplier,
        expiry=expiry,
        underlying=root.underlying,
    )


def _option(underlying: int, year: int, month: int, strike: int, right: int) -> Instrument:
    listing = OPTIONABLE[UNDERLYINGS[underlying]]
    code = ((underlying * MONTHS + _months(year, month)) * len(MONEYNESS) + strike) * len(RIGHTS) + right
    return described(listing, OPTIONS + code, third_friday(year, month), _strike(listing, strike), RIGHTS[right])


def _strike(listing: Listing, place: int) -> float:
    return float(round(listing.character.price * MONEYNESS[place] / 5) * 5)
