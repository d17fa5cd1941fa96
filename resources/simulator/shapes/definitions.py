"""Wire shapes of definitions: what a contract is, without its price.

Belongs here: pure functions from instruments to JSON values, for /trsrv and /iserver/contract, and the
definition that positions borrow. Does not: searching (`search.py`), what orders may be placed (`rules.py`).

Quirks kept on purpose: `strike` is text, "0" for stocks; sectors of funds and pairs are null; keys about an
underlying exist for derivatives only; futures have their dates as numbers.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from resources.simulator.contracts.chinese import chinese_name
from resources.simulator.contracts.derivatives import delivery
from resources.simulator.contracts.instruments import Instrument

AMERICAN = (
    "AMEX,NYSE,CBOE,PHLX,CHX,ARCA,ISLAND,ISE,IDEAL,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,PEARL,MEMX,IBKRATS"
)
OPTION_EXCHANGES = "AMEX,CBOE,PHLX,ISE,BOX,NASDAQOM,BATS,CBOE2,MIAX,PEARL,EMERALD,MEMX"
DELIVERED = {"NYMEX"}
SMART = {"STK", "OPT", "CFD"}  # classes that the broker routes by itself


def secdef_row(instrument: Instrument) -> dict[str, object]:
    """A contract as /trsrv/secdef and warm positions describe it."""
    return {
        "conid": instrument.conid,
        "currency": instrument.currency,
        "time": 1 + instrument.conid % 60,
        "chineseName": chinese_name(instrument.name),
        "allExchanges": exchanges(instrument),
        "listingExchange": None if instrument.asset_class == "OPT" else instrument.exchange,
        "countryCode": instrument.country or None,
        "name": instrument.name,
        "assetClass": instrument.asset_class,
        "expiry": _day(instrument.expiry),
        "lastTradingDay": _day(instrument.expiry) if instrument.is_derivative else None,
        "group": instrument.group,
        "putOrCall": instrument.right,
        "sector": instrument.sector,
        "sectorGroup": instrument.sector_group,
        "strike": f"{instrument.strike:g}",
        "ticker": instrument.symbol,
        "undConid": instrument.underlying,
        "multiplier": instrument.multiplier if instrument.is_derivative else 0.0,
        "type": instrument.kind,
        **_underlying(instrument),
        "hasOptions": instrument.has_options,
        "fullName": full_name(instrument),
        "isUS": instrument.is_us,
        "incrementRules": [{"lowerEdge": 0.0, "increment": 1 / instrument.ticks}],
        "displayRule": {
            "magnification": 0,
            "displayRuleStep": [{"decimalDigits": instrument.decimals, "lowerEdge": 0.0, "wholeDigits": 4}],
        },
        "isEventContract": False,
        "pageSize": 100,
    }


def contract_info(instrument: Instrument) -> dict[str, object]:
    """A contract as the trading side describes it, in snake_case."""
    stock = instrument.asset_class == "STK"
    return {
        "cfi_code": "",
        "symbol": instrument.symbol,
        "cusip": None,
        "expiry_full": _day(instrument.expiry),
        "con_id": instrument.conid,
        "maturity_date": _day(instrument.expiry),
        "industry": instrument.group,
        "instrument_type": instrument.asset_class,
        "trading_class": "NMS" if stock and instrument.exchange == "NASDAQ" else instrument.symbol,
        "valid_exchanges": valid_exchanges(instrument),
        "allow_sell_long": False,
        "is_zero_commission_security": False,
        "local_symbol": full_name(instrument),
        "contract_clarification_type": None,
        "classifier": None,
        "currency": instrument.currency,
        "text": None,
        "underlying_con_id": instrument.underlying,
        "r_t_h": True,
        "multiplier": f"{instrument.multiplier:g}" if instrument.is_derivative else None,
        "underlying_issuer": None,
        "contract_month": _month(instrument),
        "company_name": instrument.name,
        "smart_available": instrument.asset_class in SMART,
        "exchange": routed(instrument),
        "category": instrument.sector_group,
    }


def companies(instruments: Iterable[Instrument], symbols: list[str]) -> dict[str, list[dict[str, object]]]:
    """The companies behind each symbol, each with its listings; none for a symbol that nobody has."""
    found: dict[str, dict[str, list[Instrument]]] = {symbol: {} for symbol in symbols}
    for instrument in instruments:
        if instrument.asset_class == "STK" and instrument.symbol in found:
            found[instrument.symbol].setdefault(instrument.name, []).append(instrument)
    return {symbol: [_company(name, of) for name, of in by_name.items()] for symbol, by_name in found.items()}


def futures(listed: Iterable[Instrument]) -> list[dict[str, object]]:
    """The futures of one symbol; a delivery is to be avoided some days before the end."""
    return [_future(each, each.expiry) for each in listed if each.expiry]


def conids(instruments: Iterable[Instrument], exchange: str) -> list[dict[str, object]]:
    """Every stock that is listed on an exchange."""
    return [
        {"ticker": each.symbol, "conid": each.conid, "exchange": each.exchange}
        for each in instruments
        if each.asset_class == "STK" and each.exchange == exchange
    ]


def pairs(instruments: Iterable[Instrument], currency: str) -> list[dict[str, object]]:
    """Every pair of a currency with another; `ccyPair` is the other."""
    return [
        {"symbol": each.symbol, "conid": each.conid, "ccyPair": next(side for side in sides if side != currency)}
        for each in instruments
        if each.asset_class == "CASH" and currency in (sides := each.symbol.split("."))
    ]


def exchanges(instrument: Instrument) -> str:
    """Where a contract can be traded."""
    if instrument.asset_class == "OPT":
        return OPTION_EXCHANGES
    american = instrument.asset_class == "STK" and instrument.is_us
    return AMERICAN if american else routed(instrument) if instrument.asset_class == "CFD" else instrument.exchange


def routed(instrument: Instrument) -> str:
    """Where an order goes when nobody says where."""
    return "SMART" if instrument.asset_class in SMART else instrument.exchange


def valid_exchanges(instrument: Instrument) -> str:
    """Where an order can be sent: the router first."""
    return ",".join(dict.fromkeys([routed(instrument), *exchanges(instrument).split(",")]))


def full_name(instrument: Instrument) -> str:
    """AAPL, AAPL 18DEC26 200 C, ESZ6, or a bond's whole name."""
    if instrument.asset_class == "OPT" and instrument.expiry:
        expiry = f"{instrument.expiry:%d%b%y}".upper()
        return f"{instrument.symbol} {expiry} {instrument.strike:g} {instrument.right}"
    if instrument.asset_class == "FUT":
        return f"{instrument.symbol}{instrument.name.rsplit(maxsplit=1)[-1]}"
    return instrument.name if instrument.asset_class == "BOND" else instrument.symbol


def _underlying(instrument: Instrument) -> dict[str, object]:
    if not instrument.is_derivative:
        return {}
    company = instrument.name if instrument.asset_class == "OPT" else instrument.name.rsplit(maxsplit=1)[0]
    return {"undComp": company, "undSym": instrument.symbol}


def _company(name: str, listings: list[Instrument]) -> dict[str, object]:
    contracts = [{"conid": each.conid, "exchange": each.exchange, "isUS": each.is_us} for each in listings]
    return {"name": name, "chineseName": chinese_name(name), "assetClass": "STK", "contracts": contracts}


def _future(future: Instrument, expiry: date) -> dict[str, object]:
    cut_off = _weekday_before(_weekday_before(expiry)) if future.exchange in DELIVERED else expiry
    return {
        "symbol": future.symbol,
        "conid": future.conid,
        "underlyingConid": future.underlying,
        "expirationDate": _number(expiry),
        "ltd": _number(expiry),
        "shortFuturesCutOff": _number(cut_off),
        "longFuturesCutOff": _number(cut_off),
    }


def _weekday_before(day: date) -> date:
    return day - timedelta(days={0: 3, 6: 2}.get(day.weekday(), 1))


def _number(day: date) -> int:
    return int(f"{day:%Y%m%d}")


def _month(instrument: Instrument) -> str | None:
    first = delivery(instrument) if instrument.is_derivative else None
    return f"{first:%Y%m}" if first else None


def _day(day: date | None) -> str | None:
    return f"{day:%Y%m%d}" if day else None
