"""Contracts that come and go with the calendar: listed options and futures.

Belongs here: their terms, their ids, and which of them are listed around a present. Does not: their
prices (`option_prices.py`, `market.py`).

An id is arithmetic on the terms (underlying, month, strike, side), so a contract keeps it for ever and can be
read back from it long after it left the list. Strikes hang on the catalogue's prices, not on the walk.
The list starts at a fixed year and only grows at its end for four years at a time: whoever chose contracts
from it chooses the same ones next month.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from resources.simulator.contracts.catalogue import Character, Listing, core
from resources.simulator.contracts.instruments import Instrument

FIRST_YEAR, MONTHS = 1990, 12 * 100
FUTURES, OPTIONS = 990_500_000, 991_000_000
QUARTERS = (3, 6, 9, 12)
MONTH_CODES = "FGHJKMNQUVXZ"
MONEYNESS = (0.9, 1.0, 1.1)
RIGHTS = ("C", "P")
OPTION_LIFE, FUTURE_LIFE = timedelta(days=400), timedelta(days=450)
OPTIONS_AHEAD, FUTURES_AHEAD = timedelta(days=390), timedelta(days=190)
JUNETEENTH = (6, 19)  # a third Friday now and then, and a holiday since 2022


@dataclass(frozen=True, slots=True)
class Root:
    """What the futures of one underlying have in common."""

    symbol: str
    name: str
    exchange: str
    multiplier: float
    underlying: int
    character: Character


ROOTS = [
    Root("ES", "E-mini S&P 500", "CME", 50.0, 11004968, Character(6200.0, 0.001, 0.009, 1.5e6)),
    Root("NQ", "E-mini NASDAQ 100", "CME", 20.0, 11004958, Character(22600.0, 0.003, 0.011, 6e5)),
    Root("CL", "Light Sweet Crude Oil", "NYMEX", 1000.0, 17340715, Character(68.0, 0.016, 0.004, 3e5)),
]
OPTIONABLE = {
    listing.instrument.conid: listing
    for listing in core()
    if listing.instrument.symbol in {"AAPL", "MSFT", "IBM", "SPY"}
    and listing.instrument.currency == "USD"
    and listing.instrument.asset_class == "STK"
}
UNDERLYINGS = tuple(OPTIONABLE)


def third_friday(year: int, month: int) -> date:
    """The usual last trading day of a month's options."""
    first = date(year, month, 1)
    friday = first + timedelta(days=(4 - first.weekday()) % 7 + 14)
    closed = year >= 2022 and (friday.month, friday.day) == JUNETEENTH
    return friday - timedelta(days=1) if closed else friday


def crude_expiry(year: int, month: int) -> date:
    """Three weekdays before the 25th of the month before delivery, or before the last weekday ahead of it."""
    day = date(year, month, 1) - timedelta(days=1)
    day = day.replace(day=25)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    for _ in range(3):
        day -= timedelta(days=3 if day.weekday() == 0 else 1)
    return day


def listed(today: date) -> Iterator[Instrument]:
    """Futures, then options: from the start of the era to about a year ahead."""
    start = (today.year - 1) // 4 * 4
    quarters = [(year, month) for year in range(start, today.year + 3) for month in QUARTERS]
    for root in range(len(ROOTS)):
        futures = (_future(root, year, month) for year, month in quarters)
        yield from (future for future in futures if _expiry(future) <= today + FUTURES_AHEAD)
    for year, month in quarters:
        if third_friday(year, month) <= today + OPTIONS_AHEAD:
            yield from _chain(year, month)


def contract(conid: int) -> Instrument | None:
    """The derivative of an id, listed now or not."""
    if 0 <= conid - FUTURES < len(ROOTS) * MONTHS:
        root, count = divmod(conid - FUTURES, MONTHS)
        year, month = divmod(count, 12)
        return _future(root, FIRST_YEAR + year, month + 1) if month + 1 in QUARTERS else None
    if 0 <= conid - OPTIONS < len(UNDERLYINGS) * MONTHS * len(MONEYNESS) * len(RIGHTS):
        rest, right = divmod(conid - OPTIONS, len(RIGHTS))
        rest, strike = divmod(rest, len(MONEYNESS))
        underlying, count = divmod(rest, MONTHS)
        year, month = divmod(count, 12)
        return _option(underlying, FIRST_YEAR + year, month + 1, strike, right) if month + 1 in QUARTERS else None
    return None


def life(instrument: Instrument) -> tuple[date, date]:
    """First and last day on which a contract can trade."""
    before = {"OPT": OPTION_LIFE, "FUT": FUTURE_LIFE}.get(instrument.asset_class)
    ends = instrument.expiry or date.max
    return (ends - before if before else date.min), ends


def root_of(future: Instrument) -> Root:
    """What a future is a future of."""
    return next(root for root in ROOTS if root.symbol == future.symbol)


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
    listing: Listing = OPTIONABLE[UNDERLYINGS[underlying]]
    code = ((underlying * MONTHS + _months(year, month)) * len(MONEYNESS) + strike) * len(RIGHTS) + right
    return Instrument(
        conid=OPTIONS + code,
        symbol=listing.instrument.symbol,
        name=listing.instrument.name,
        asset_class="OPT",
        currency="USD",
        exchange="AMEX",
        country="US",
        kind=None,
        sector=listing.instrument.sector,
        group=listing.instrument.group,
        sector_group=listing.instrument.sector_group,
        multiplier=100.0,
        expiry=third_friday(year, month),
        right=RIGHTS[right],
        strike=float(round(listing.character.price * MONEYNESS[strike] / 5) * 5),
        underlying=listing.instrument.conid,
    )
