"""Security definitions: what a contract is, without its price.

Belongs here: /trsrv/secdef, /trsrv/stocks, /iserver/contract/{conid}/info and the definition that positions
borrow. Does not: searching (secdef/search and what hangs on it), prices.

Quirks kept on purpose: `strike` is text, "0" for stocks; unknown conids are left out without a word; sectors
of funds and pairs are null; keys about an underlying exist for derivatives only.
"""

from collections.abc import Iterable
from datetime import date
from typing import Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.contracts.chinese import chinese_name
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import Market

MOST = 200
AMERICAN = (
    "AMEX,NYSE,CBOE,PHLX,CHX,ARCA,ISLAND,ISE,IDEAL,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,PEARL,MEMX,IBKRATS"
)
OPTION_EXCHANGES = "AMEX,CBOE,PHLX,ISE,BOX,NASDAQOM,BATS,CBOE2,MIAX,PEARL,EMERALD,MEMX"
OPTIONLESS = {"EBS", "SBF", "AEB"}


class Listed(Protocol):
    """What these routes need of a simulation."""

    @property
    def market(self) -> Market: ...


def routes(simulation: Listed) -> list[Route]:
    """The definition endpoints of a simulation."""

    async def secdef(request: Request) -> Response:
        wanted = _split(request.query_params.get("conids", ""))
        if request.method == "POST":
            wanted = _posted(await request.body())
        if not wanted or len(wanted) > MOST or not all(conid.isdecimal() for conid in wanted):
            return reply.error(400, f"Bad Request: conids must be 1 to {MOST} numbers")
        found = (simulation.market.instrument(int(conid)) for conid in wanted)
        return reply.ok({"secdef": [secdef_row(instrument) for instrument in found if instrument]})

    async def stocks(request: Request) -> Response:
        symbols = _split(request.query_params.get("symbols", ""))
        if not symbols:
            return reply.error(400, "Bad Request: symbols missing")
        return reply.ok(companies(simulation.market.instruments(), symbols))

    async def info(request: Request) -> Response:
        text = request.path_params["conid"]
        instrument = simulation.market.instrument(int(text)) if text.isdecimal() else None
        if instrument is None:
            return reply.error(500, "Contract not found", status_code=False)
        return reply.ok(contract_info(instrument))

    return [
        Route("/trsrv/secdef", secdef, methods=["GET", "POST"]),
        Route("/trsrv/stocks", stocks, methods=["GET"]),
        Route("/iserver/contract/{conid}/info", info, methods=["GET"]),
    ]


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
        "hasOptions": has_options(instrument),
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
        "valid_exchanges": f"SMART,{exchanges(instrument)}",
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
        "contract_month": f"{instrument.expiry:%Y%m}" if instrument.expiry and instrument.is_derivative else None,
        "company_name": instrument.name,
        "smart_available": stock or instrument.asset_class == "OPT",
        "exchange": "SMART" if stock else instrument.exchange,
        "category": instrument.sector_group,
    }


def companies(instruments: Iterable[Instrument], symbols: list[str]) -> dict[str, list[dict[str, object]]]:
    """The companies behind each symbol, each with its listings; none for a symbol that nobody has."""
    found: dict[str, dict[str, list[Instrument]]] = {symbol: {} for symbol in symbols}
    for instrument in instruments:
        if instrument.asset_class == "STK" and instrument.symbol in found:
            found[instrument.symbol].setdefault(instrument.name, []).append(instrument)
    return {symbol: [_company(name, of) for name, of in by_name.items()] for symbol, by_name in found.items()}


def exchanges(instrument: Instrument) -> str:
    """Where a contract can be traded."""
    if instrument.asset_class == "OPT":
        return OPTION_EXCHANGES
    american = instrument.asset_class == "STK" and instrument.is_us
    return AMERICAN if american else instrument.exchange


def has_options(instrument: Instrument) -> bool:
    """Whether options on it are listed somewhere, here or not."""
    return instrument.asset_class == "STK" and instrument.exchange not in OPTIONLESS


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


def _day(day: date | None) -> str | None:
    return f"{day:%Y%m%d}" if day else None


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _posted(body: bytes) -> list[str]:
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    conids = sent.get("conids") if isinstance(sent, dict) else None
    return [str(conid) for conid in conids] if isinstance(conids, list) else []
