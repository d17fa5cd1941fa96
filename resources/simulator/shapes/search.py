"""Wire shapes of the way to a derivative: search, strikes, info; and of the filters on an issuer's bonds.

Belongs here: pure functions to JSON values. Does not: finding (`contracts/directory.py`), chains
(`market/chains.py`), plain definitions (`definitions.py`).

Quirks kept on purpose: a conid is text in a search and a number in info; lists are joined with semicolons, and
some end with one; all issuers of bonds share a row whose conid is the largest number there is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from resources.simulator.contracts.bonds import Bond, bond
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.chains import month
from resources.simulator.shapes.definitions import OPTION_EXCHANGES, routed, valid_exchanges

Row = dict[str, object]
ISSUERS_CONID = "2147483647"
FIXED_INCOME = {"CORP": ("Corporate Fixed Income", 4), "GOVT": ("Government Fixed Income", 2)}
UNMARKED = {"EBS"}  # foreign listings whose section does not tell its exchange
RIGHTS = {"C": "Call", "P": "Put"}


@dataclass(frozen=True, slots=True)
class Derived:
    """What lives off a contract: ends of its options, months of its futures, and its contract for difference."""

    options: Sequence[date] = ()
    futures: Sequence[date] = ()
    difference: int = 0


def found(instrument: Instrument, derived: Derived, *, dated: bool) -> Row:
    """One row of a search. `dated`: with every expiry beside the months, as older builds have it."""
    row = _row(str(instrument.conid), f"{instrument.name} - {instrument.exchange}", instrument.name)
    row |= {"symbol": instrument.symbol, "description": instrument.exchange}
    row["restricted"] = "IND" if instrument.asset_class == "IND" else None
    if dated:
        row |= {"fop": None, "opt": _days(derived.options), "war": None}
    return {**row, "sections": _sections(instrument, derived)}


def issuers(bonds: Iterable[Bond]) -> list[Row]:
    """A row for everybody who issued bonds of a kind."""
    kinds: dict[str, dict[str, str]] = {}
    for each in bonds:
        kinds.setdefault(each.instrument.kind or "", {})[each.issuer_id] = each.issuer.title()
    return [_issuers(kind, names) for kind, names in kinds.items()]


def strikes(prices: Sequence[float]) -> dict[str, Sequence[float]]:
    """Calls and puts have the same."""
    return {"call": prices, "put": prices}


def info(contract: Instrument, exchange: str = "") -> Row:
    """A derivative or a bond."""
    terms = bond(contract)
    return {
        "conid": contract.conid,
        "symbol": contract.symbol,
        "secType": contract.asset_class,
        "exchange": exchange or routed(contract),
        "listingExchange": None,
        "right": contract.right or "?",
        "strike": contract.strike,
        "currency": contract.currency,
        "cusip": None,
        "coupon": f"{terms.coupon:g}" if terms else "No Coupon",
        "desc1": contract.symbol,
        "desc2": _described(contract, terms),
        "maturityDate": f"{contract.expiry:%Y%m%d}" if contract.expiry else None,
        "multiplier": f"{contract.multiplier:g}",
        "tradingClass": contract.symbol,
        "validExchanges": valid_exchanges(contract),
    }


def plain_info(contract: Instrument, exchange: str = "") -> Row:
    """Anything that does not end."""
    return {
        "conid": contract.conid,
        "ticker": contract.symbol,
        "secType": contract.asset_class,
        "listingExchange": contract.exchange,
        "exchange": exchange or routed(contract),
        "companyName": contract.name,
        "currency": contract.currency,
        "validExchanges": valid_exchanges(contract),
        "priceRendering": None,
        "maturityDate": None,
        "right": "?",
        "strike": 0.0,
    }


def bond_filters(bonds: Sequence[Bond]) -> Row:
    """What an issuer's bonds can be narrowed by; some choices have words beside their value."""
    if not bonds:
        return {"bondFilters": []}
    months = sorted({each.maturity.replace(day=1) for each in bonds})
    issued = sorted({each.issued for each in bonds})
    coupons = [f"{coupon:g}" for coupon in sorted({each.coupon for each in bonds})]
    filters = [
        ("Maturity Date", 27, [{"text": f"{day:%b %Y}", "value": f"{day:%Y%m}"} for day in months]),
        ("Issue Date", 28, [{"text": f"{day:%b %d %Y}", "value": f"{day:%Y%m%d}"} for day in issued]),
        ("Coupon", 25, [{"value": coupon} for coupon in coupons]),
        ("Currency", 5, [{"value": currency} for currency in sorted({each.instrument.currency for each in bonds})]),
    ]
    return {
        "bondFilters": [
            {"displayText": name, "columnId": column, "options": choices} for name, column, choices in filters
        ]
    }


def _row(conid: str, header: str, name: str | None) -> Row:
    return {"conid": conid, "companyHeader": header, "companyName": name}


def _issuers(kind: str, names: dict[str, str]) -> Row:
    header, number = FIXED_INCOME.get(kind, FIXED_INCOME["CORP"])
    return {
        "issuers": [{"id": issuer_id, "name": name} for issuer_id, name in names.items()],
        "bondid": number,
        **_row(ISSUERS_CONID, header, None),
        "symbol": None,
        "description": None,
        "restricted": None,
        "sections": [{"secType": "BOND"}],
    }


def _sections(instrument: Instrument, derived: Derived) -> list[Row]:
    marked = not instrument.is_us or instrument.asset_class != "STK"
    own: Row = {"secType": instrument.asset_class}
    if marked and instrument.exchange not in UNMARKED:
        own["exchange"] = f"{instrument.exchange};"
    sections = [own]
    if derived.options:
        where = f"SMART,{OPTION_EXCHANGES}".replace(",", ";")
        sections.append({"secType": "OPT", "months": _months(derived.options), "exchange": where})
    if derived.futures:
        where = instrument.exchange
        sections.append({"secType": "FUT", "months": _months(derived.futures), "exchange": where})
        sections.append({"secType": "BAG", "exchange": where, "legSecType": "FUT"})
    if derived.difference:
        sections.append({"secType": "CFD", "exchange": "SMART", "conid": str(derived.difference)})
    return [*sections, {"secType": "BAG"}] if derived.options else sections


def _months(days: Iterable[date]) -> str:
    return ";".join(dict.fromkeys(month(day) for day in days))


def _days(days: Sequence[date]) -> str | None:
    return ";".join(f"{day:%Y%m%d}" for day in days) or None


def _described(contract: Instrument, terms: Bond | None) -> str:
    """JAN 05 '24 195 Put."""
    day = f"{contract.expiry:%b %d '%y}".upper() if contract.expiry else ""
    if contract.right:
        return f"{day} {contract.strike:g} {RIGHTS[contract.right]}"
    return f"{day} {terms.coupon:g}" if terms else f"{day} ({contract.multiplier:g})"
