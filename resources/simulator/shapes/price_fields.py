"""Snapshot fields that need a subscription: prices, sizes, volumes, and what follows from them.

Belongs here: one function per field. Does not: what a contract is (`contract_fields.py`).

Outside the session `31` carries a C, for it is a close; in a halt it carries an H. 88 is the size of the
bid (84), 85 that of the ask (86).
"""

from collections.abc import Callable

from resources.simulator.shapes import figures
from resources.simulator.shapes.sight import Sight

UNITS = {"CASH": 250_000, "BOND": 5_000, "STK": 100}  # what sizes are multiples of
MOST_UNITS = 30


def last(sight: Sight) -> str:
    """The last price, with what is special about it."""
    prefix = "C" if not sight.quote.trading else "H" if sight.quote.halted else ""
    return prefix + _price(sight, sight.quote.last)


def _price(sight: Sight, value: float) -> str:
    return figures.price(value, sight.instrument.decimals)


def _rounded(sight: Sight, value: float | None) -> str | None:
    return None if value is None else f"{value:.{sight.instrument.decimals}f}"


def _size(sight: Sight, side: str) -> str:
    unit = UNITS.get(sight.instrument.asset_class, 1)
    return figures.grouped(unit * (1 + sight.drawn(side, MOST_UNITS)))


def _volume(sight: Sight) -> str | None:
    return figures.short(sight.quote.volume) if sight.quote.volume else None


def _change_percent(sight: Sight) -> str | None:
    change, prior = sight.quote.change, sight.quote.prior
    return figures.percent(change / prior, sign=_writes_percent(sight)) if change is not None and prior else None


def _since_open(sight: Sight) -> str:
    return figures.percent(sight.quote.last / sight.quote.open - 1, sign=_writes_percent(sight))


def _writes_percent(sight: Sight) -> bool:
    return sight.instrument.conid % 5 == 0


def _highest(sight: Sight) -> str:
    year = sight.year
    return _price(sight, max(sight.quote.high, year.high) if year else sight.quote.high)


def _lowest(sight: Sight) -> str:
    year = sight.year
    return _price(sight, min(sight.quote.low, year.low) if year else sight.quote.low)


def _usual_volume(sight: Sight) -> str | None:
    return figures.short(sight.year.average_volume) if sight.year and sight.year.average_volume else None


FIELDS: dict[str, Callable[[Sight], str | None]] = {
    "31": last,
    "70": lambda sight: _price(sight, sight.quote.high),
    "71": lambda sight: _price(sight, sight.quote.low),
    "82": lambda sight: _rounded(sight, sight.quote.change),
    "83": _change_percent,
    "84": lambda sight: _price(sight, sight.quote.bid),
    "85": lambda sight: _size(sight, "ask"),
    "86": lambda sight: _price(sight, sight.quote.ask),
    "87": _volume,
    "88": lambda sight: _size(sight, "bid"),
    "7059": lambda sight: figures.grouped(sight.quote.size) if sight.quote.size else None,
    "7282": _usual_volume,
    "7293": _highest,
    "7294": _lowest,
    "7295": lambda sight: _price(sight, sight.quote.open),
    "7296": lambda sight: None if sight.quote.trading else _price(sight, sight.quote.last),
    "7635": lambda sight: _price(sight, sight.quote.last),
    "7682": _since_open,
    "7741": lambda sight: None if sight.quote.prior is None else _price(sight, sight.quote.prior),
    "7762": lambda sight: f"{sight.quote.volume:.0f}" if sight.quote.volume else None,
}
