"""Wire shapes of what an order for a contract may look like.

Belongs here: pure functions from a contract, a price and accounts to JSON values. Does not: judging an
order that was placed.

What forbids trading sits in `error`, with status 200 and everything else in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from resources.simulator.contracts.instruments import Instrument

Row = dict[str, object]
TRADED = {"STK", "OPT", "FUT", "BOND", "CASH"}
CONDITIONAL = ["stop", "stop_limit", "mit", "lit", "trailing_stop", "trailing_stop_limit"]
BASIC = ["limit", "market"]
SHARES = ["limit", "midprice", "market", *CONDITIONAL, "relative", "marketonclose", "limitonclose"]
ORDER_TYPES = {
    "STK": SHARES,
    "OPT": [*BASIC, *CONDITIONAL, "relative"],
    "FUT": [*BASIC, *CONDITIONAL],
    "CASH": [*BASIC, *CONDITIONAL],
    "BOND": BASIC,
}
ALGO_TYPES = ["limit", "stop_limit", "lit", "trailing_stop_limit", "relative", "marketonclose", "limitonclose"]
OUTSIDE = ["limit", "stop_limit", "lit", "trailing_stop_limit", "relative"]
TIMES = [
    "IOC/MARKET,LIMIT,RELATIVE,MARKETONCLOSE,MIDPRICE,LIMITONCLOSE,MKT_PROTECT,STPPRT,a",
    "GTC/o,a",
    "OPG/LIMIT,MARKET,a",
    "GTD/o,a",
    "DAY/o,a",
]
SIZES = {"STK": 100, "CASH": 25_000, "BOND": 1_000}
SMALLEST = {"CASH": 1, "BOND": 1_000}
FRACTION_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known when rules are asked for: the last price and who may trade."""

    price: float
    accounts: Sequence[str]
    error: str | None = None


def forbidden(instrument: Instrument, today: date) -> str | None:
    """Why a contract cannot be traded; None when it can."""
    if instrument.asset_class not in TRADED:
        return f"No trading permissions for {instrument.asset_class}"
    if instrument.expiry is not None and instrument.expiry < today:
        return "Contract is expired"
    return None


def rules(instrument: Instrument, terms: Terms) -> Row:
    """Types, sizes, times and prices of orders."""
    types = [] if terms.error else ORDER_TYPES.get(instrument.asset_class, [])
    american = instrument.asset_class == "STK" and instrument.is_us
    return {
        "algoEligible": american and not terms.error,
        "overnightEligible": american and not terms.error,
        "costReport": False,
        "canTradeAcctIds": [] if terms.error else list(terms.accounts),
        "error": terms.error,
        "orderTypes": types,
        "ibAlgoTypes": [each for each in ALGO_TYPES if each in types],
        "fraqTypes": [*BASIC, *CONDITIONAL] if american and types else [],
        "forceOrderPreview": False,
        "cqtTypes": [*BASIC, *CONDITIONAL] if instrument.asset_class == "STK" and types else [],
        "orderDefaults": {"LMT": {"LP": f"{terms.price:.{instrument.decimals}f}"}},
        "orderTypesOutside": [each for each in OUTSIDE if each in types and american],
        **_sizes(instrument),
        "tifTypes": TIMES,
        "limitPrice": terms.price,
        "stopprice": terms.price,
        "orderOrigination": None,
        "preview": True,
        "displaySize": None,
        "fraqInt": FRACTION_DIGITS if american else 0,
        "cashCcy": instrument.currency,
        "cashQtyIncr": 500,
        "priceMagnifier": None,
        "negativeCapable": False,
        "incrementType": 1,
        "incrementRules": [{"lowerEdge": 0.0, "increment": 1 / instrument.ticks}],
        "hasSecondary": True,
        "increment": 1 / instrument.ticks,
        "incrementDigits": instrument.decimals,
    }


def _sizes(instrument: Instrument) -> Row:
    usual = SIZES.get(instrument.asset_class, 1)
    return {
        "defaultSize": usual,
        "cashSize": 0.0,
        "sizeIncrement": SMALLEST.get(instrument.asset_class, usual),
        "tifDefaults": {"TIF": "DAY", "SIZE": f"{usual:.2f}"},
    }
