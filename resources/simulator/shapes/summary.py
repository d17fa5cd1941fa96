"""Wire shape of the account summary: some hundred tags, most in three variants.

Belongs here: the tags and what each is worth. Does not: the ledger (`balances.py`).

Suffix `-s` is the securities segment, `-c` the commodities segment, where futures are kept.
"""

from resources.simulator.accounts.margin import INITIAL, MAINTENANCE, gross_value
from resources.simulator.accounts.valuation import Valuation
from resources.simulator.flavour import Flavour
from resources.simulator.shapes.balances import cash_in_base

NEWEST = Flavour()
TEXTS = {
    "accountready": "true",
    "accounttype": "INDIVIDUAL",
    "segmenttitle-c": "US Commodities",
    "segmenttitle-s": "US Securities",
    "tradingtype-s": "STKNOPT",
    "leverage-s": "n/a",
}
COUNTS = ("columnprio-c", "columnprio-s", "daytradesremaining", "highestseverity", "whatifpmenabled")
ZEROES = (
    "accruedcash",
    "accrueddividend",
    "guarantee",
    "indianstockhaircut",
    "nlvandmargininreview",
    "pasharesvalue",
    "physicalcertificatevalue",
    "postexpirationexcess",
    "postexpirationmargin",
    "totaldebitcardpendingcharges",
)
SINGLE = ("billable", "incentivecoupons", "netliquidationuncertainty", "regtmargin", "sma")


def summary(valuation: Valuation, flavour: Flavour = NEWEST) -> dict[str, object]:
    """Every tag in alphabetical order, in the words of a build."""
    return {tag: _worded(item, flavour) for tag, item in _tags(valuation).items()}


def _worded(item: dict[str, object], flavour: Flavour) -> dict[str, object]:
    scale = 1000 if flavour.summary_milliseconds else 1
    word = "isNone" if flavour.summary_is_none and item["value"] is None else "isNull"
    names = {"isNull": word}
    worded = {names.get(key, key): value for key, value in item.items()}
    return {**worded, "timestamp": int(str(item["timestamp"])) * scale}


def _tags(valuation: Valuation) -> dict[str, dict[str, object]]:
    tags: dict[str, dict[str, object]] = {
        "accountcode": _text(valuation, valuation.account.account_id),
        **{tag: _text(valuation, text) for tag, text in TEXTS.items()},
        **{tag: _number(valuation, 0.0, None) for tag in COUNTS},
        "cushion": _number(valuation, _cushion(valuation), None),
    }
    for tag, (securities, commodities) in amounts(valuation).items():
        tags[tag] = _money(valuation, securities + commodities)
        tags[f"{tag}-s"] = _money(valuation, securities)
        tags[f"{tag}-c"] = _money(valuation, commodities)
    for tag in SINGLE:
        tags[tag] = _money(valuation, 0.0)
    tags["buyingpower"] = _money(valuation, buying_power(valuation))
    tags["netliquidation"] = _money(valuation, valuation.net)
    return dict(sorted(tags.items()))


def buying_power(valuation: Valuation) -> float:
    """For how much more could be bought."""
    return 3.3333 * max(0.0, valuation.net - INITIAL * gross_value(valuation))


def amounts(valuation: Valuation) -> dict[str, tuple[float, float]]:
    """Tag -> amount in securities, amount in commodities."""
    futures = sum(valuation.unswept[currency] / 100 * rate for currency, rate in valuation.rates.items())
    gross, cash = gross_value(valuation), cash_in_base(valuation)
    equity = valuation.net - futures
    initial, maintenance = INITIAL * gross, MAINTENANCE * gross
    found = {
        "netliquidation": (equity, futures),
        "totalcashvalue": (cash, 0.0),
        "grosspositionvalue": (gross, 0.0),
        "equitywithloanvalue": (equity, futures),
        "previousdayequitywithloanvalue": (equity, 0.0),
        "regtequity": (equity, 0.0),
        "availablefunds": (equity - initial, futures),
        "excessliquidity": (equity - maintenance, futures),
        "initmarginreq": (initial, 0.0),
        "maintmarginreq": (maintenance, 0.0),
    }
    for prefix in ("full", "lookahead"):
        for tag in ("availablefunds", "excessliquidity", "initmarginreq", "maintmarginreq"):
            found[f"{prefix}{tag}"] = found[tag]
    return {**found, **dict.fromkeys(ZEROES, (0.0, 0.0))}


def _cushion(valuation: Valuation) -> float:
    return round(1 - MAINTENANCE * gross_value(valuation) / valuation.net, 6) if valuation.net > 0 else 0.0


def _money(valuation: Valuation, amount: float) -> dict[str, object]:
    return _number(valuation, amount, valuation.account.base)


def _number(valuation: Valuation, amount: float, currency: str | None) -> dict[str, object]:
    return _item(valuation, amount, currency, None)


def _text(valuation: Valuation, text: str) -> dict[str, object]:
    return _item(valuation, 0.0, None, text)


def _item(valuation: Valuation, amount: float, currency: str | None, text: str | None) -> dict[str, object]:
    return {
        "amount": amount,
        "currency": currency,
        "isNull": False,
        "timestamp": int(valuation.at.timestamp()),
        "value": text,
        "severity": 0,
    }
