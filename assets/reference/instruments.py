"""Instruments: what each contract is, for everything held or watched, once a trading day.

One request tells 200 contracts, without a brokerage session. The gateway leaves unknown contracts out
without a word, and was once seen to leave out a valid one: what is missing is asked for once more.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.parse import unescaped, zero_is_null
from assets.kit.schema import Row, column
from assets.kit.shape import Block, echoed, keyed, listed, rows
from resources.gateway.endpoint import Endpoint, Page

SECDEF = Endpoint("/trsrv/secdef")
CONIDS_PER_REQUEST = 200


class Instrument(Row):
    """One contract, as IBKR defines it."""

    known = frozenset({"time", "pageSize", "incrementRules", "displayRule", "crossCurrency", "sectorGroupCode"})

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    symbol: str | None = column("ticker", "Symbol; of derivatives the underlying's.")
    name: str | None = column("name", "Name of the issuer, fund, index or pair.")
    full_name: str | None = column("fullName", "Symbol with the terms of a derivative.")
    asset_class: str = column("assetClass", "STK (ETFs too), OPT, FUT, BOND, CASH, ...")
    kind: str | None = column("type", "COMMON, ETF, ADR, ...; null for what has none.")
    currency: str = column("currency", "Currency it trades in.", pattern="^[A-Z]{3}$")
    listing_exchange: str | None = column("listingExchange", "Exchange of the listing.")
    all_exchanges: str | None = column("allExchanges", "Every exchange it trades on, separated by commas.")
    country: str | None = column("countryCode", "Country of the listing, two letters.")
    sector: str | None = column("sector", "Sector; null for ETFs, FX and the like.")
    industry_group: str | None = column("group", "Industry group.")
    industry: str | None = column("sectorGroup", "Industry, finer than the group.")
    multiplier: float | None = column("multiplier", "Units per contract; null where there is none.", parse=zero_is_null)
    expiry_day: date | None = column("expiry", "Last day of the contract.")
    last_trading_day: date | None = column("lastTradingDay", "Last day on which it trades.")
    put_or_call: str | None = column("putOrCall", "P or C.", among=["P", "C"])
    strike: float | None = column("strike", "Strike; null where there is none.", parse=zero_is_null)
    underlying_conid: int | None = column("undConid", "Contract id of the underlying.", parse=zero_is_null)
    underlying_symbol: str | None = column("undSym", "Symbol of the underlying.")
    underlying_name: str | None = column("undComp", "Name of the underlying.")
    has_options: bool | None = column("hasOptions", "Whether options on it are listed.")
    is_us: bool | None = column("isUS", "Whether it is listed in the United States.")
    is_event_contract: bool | None = column("isEventContract", "Whether it pays on an event.")
    chinese_name: str | None = column(
        "chineseName", "Name in Chinese; the wire may have its letters as HTML entities.", parse=unescaped
    )


@landing(SECDEF, time="replayable", needs=["positions", "symbols"])
def raw_instruments(fetch: Fetch) -> Iterator[Page]:
    """Definitions of everything held or watched on the day, 200 to a request."""
    wanted = sorted(_held(fetch) | _watched(fetch))
    for conids in _hundreds(wanted):
        page = fetch.gateway.ask(SECDEF, query={"conids": ",".join(map(str, conids))})
        yield page
        missing = sorted(set(conids) - _told(page))
        if missing:
            yield fetch.gateway.ask(SECDEF, query={"conids": ",".join(map(str, missing))})


@table(Instrument, raw=raw_instruments, key=["conid"], shrinks="freely")
def instruments(page: Page) -> Block:
    """What each contract is."""
    block = rows(listed(keyed(page.json)["secdef"]))
    echoed("contract", (one.get("conid") for one in block.records), page.params["conids"].split(","))
    return block


@check(instruments, needs=["positions"])
def every_held_contract_is_known() -> str:
    """Each contract of the day's positions is defined."""
    return """
        select p.trading_day, p.conid, p.description, p.asset_class
        from positions p left join instruments i using (trading_day, conid) where i.conid is null
    """


def _held(fetch: Fetch) -> set[int]:
    file = fetch.tables.file("positions", "trading_day", fetch.day.isoformat())
    return set(fetch.tables.read([file], columns=["conid"])["conid"].tolist()) if file else set()


def _watched(fetch: Fetch) -> set[int]:
    """Contract ids of the watchlist, and what its symbols stand for."""
    file = fetch.tables.file("symbols", "trading_day", fetch.day.isoformat())
    return fetch.scope.conids_meant(fetch.tables.read([file])) if file else set(fetch.scope.watched_conids)


def _told(page: Page) -> set[int]:
    found: list[Any] = page.json.get("secdef", []) if isinstance(page.json, dict) else []
    return {one["conid"] for one in found if isinstance(one, dict) and isinstance(one.get("conid"), int)}


def _hundreds(conids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(conids), CONIDS_PER_REQUEST):
        yield conids[start : start + CONIDS_PER_REQUEST]
