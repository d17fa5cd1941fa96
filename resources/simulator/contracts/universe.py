"""Every contract of a simulated world, in a stable order, from a seed, a size and a present.

Belongs here: the order, and the invention of companies until the size is reached. Does not: the
well-known core (`catalogue.py`), derivatives (`derivatives.py`), prices (`market/`).
"""

from collections.abc import Iterator
from datetime import date
from itertools import islice

import numpy as np

from resources.simulator.contracts import catalogue, cfds, derivatives, options
from resources.simulator.contracts.catalogue import Character, Listing
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.noise import TRAITS, noise

INVENTED = 990_001_000  # and upwards
FIRST_WORDS = [
    "ALDER", "AMBER", "ARGENT", "BASALT", "BIRCH", "BOREAL", "CEDAR", "COBALT", "CORAL", "DELTA", "EMBER", "FALCON",
    "FJORD", "GARNET", "GLACIER", "HARBOR", "HAZEL", "INDIGO", "IVORY", "JUNIPER", "KESTREL", "LARCH", "LINDEN",
    "MAPLE", "MERIDIAN", "NIMBUS", "NORTHWIND", "OAKMONT", "ONYX", "ORCHARD", "PARAGON", "PIONEER", "QUARRY",
    "RAVEN", "RIDGE", "SABLE", "SIERRA", "SUMMIT", "TERRA", "TUNDRA", "UMBER", "VERTEX", "WILLOW", "ZEPHYR",
]  # fmt: skip
TRADES: list[tuple[str, tuple[str, str, str]]] = [
    ("ROBOTICS", catalogue.TECH),
    ("SEMICONDUCTOR", catalogue.CHIPS),
    ("SYSTEMS", catalogue.SOFTWARE),
    ("NETWORKS", catalogue.INTERNET),
    ("STORES", catalogue.SHOPS),
    ("MOTORS", catalogue.CARS),
    ("APPAREL", catalogue.LUXURY),
    ("THERAPEUTICS", catalogue.DRUGS),
    ("FOODS", catalogue.FOOD),
    ("BEVERAGES", catalogue.DRINKS),
    ("BANCORP", catalogue.BANKS),
    ("PETROLEUM", catalogue.OIL),
    ("AEROSPACE", catalogue.ENGINES),
    ("MINING", ("Basic Materials", "Mining", "Metal-Diversified")),
    ("POWER", ("Utilities", "Electric", "Electric-Integrated")),
]
EXCHANGES = ["NASDAQ"] * 9 + ["NYSE"] * 7 + ["LSE", "IBIS", "SBF", "EBS"]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def universe(seed: int, size: int, today: date) -> list[Instrument]:
    """The core, the derivatives listed around `today`, and invented companies until there are `size`."""
    known = [listing.instrument for listing in catalogue.core()] + list(derivatives.listed(today))
    return known + list(islice(invented(seed), max(0, size - len(known))))


def unlisted(conid: int) -> Instrument | None:
    """A contract that exists without being listed in the universe: derivatives of any day, spots of futures."""
    kinds = (derivatives.contract, options.contract, derivatives.spot, cfds.contract)
    return next((found for kind in kinds if (found := kind(conid))), None)


def invented(seed: int) -> Iterator[Instrument]:
    """Companies that nobody has heard of, without end."""
    draws = noise(seed, INVENTED, TRAITS)
    taken = {row[1] for row in catalogue.STOCKS}
    conid = INVENTED
    while True:
        first, trade, exchange = (int(draws.integers(len(pool))) for pool in (FIRST_WORDS, TRADES, EXCHANGES))
        symbol = _symbol(conid - INVENTED, FIRST_WORDS[first])
        if symbol not in taken:
            taken.add(symbol)
            yield _company(conid, symbol, FIRST_WORDS[first], trade, EXCHANGES[exchange])
        conid += 1


def character(seed: int, conid: int) -> Character:
    """How an invented company's price behaves."""
    price, own, shared, volume = noise(seed, conid, TRAITS).random(4)
    return Character(
        price=float(np.round(20 * np.exp(2.6 * price), 2)),
        own=0.006 + 0.010 * float(own),
        market=0.003 + 0.009 * float(shared),
        volume=float(np.round(20_000 * np.exp(5 * volume))),
    )


def listings() -> dict[int, Listing]:
    """The core by conid."""
    return {listing.instrument.conid: listing for listing in catalogue.core()}


def _company(conid: int, symbol: str, word: str, trade: int, exchange: str) -> Instrument:
    noun, sector = TRADES[trade]
    form = {"LSE": "PLC", "IBIS": "AG", "SBF": "SA", "EBS": "AG-REG"}.get(exchange, "INC")
    name = f"{word} {noun} {conid - INVENTED + 1} {form}"
    return catalogue.stock(conid, symbol, name, exchange=exchange, kind="COMMON", sector=sector)


def _symbol(number: int, word: str) -> str:
    """The word's first letter and the number in base 26: unique, four letters or more."""
    digits = ""
    for _ in range(3):
        number, digit = divmod(number, 26)
        digits = LETTERS[digit] + digits
    while number:
        number, digit = divmod(number, 26)
        digits = LETTERS[digit] + digits
    return word[0] + digits
