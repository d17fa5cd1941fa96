"""Option chains: which options are listed around the price of an underlying, in its nearest months, once a trading day.

Three steps, each of which needs the one before: search tells the months, strikes those of a month, info the contracts
of a strike, with both rights and every expiry inside the month, if no right is named. Strikes are told for a whole
month, and not each exists for each expiry. Without a search in the same brokerage session they are empty lists: then
the search is made once more. How much is asked for is the owner's to say, `[options]` in the TOML, and ends where
the night's budget of requests does (`kit/sizing.py`).

A search knows contracts by their symbol, and several have it: the underlying is told by its id, which is text here.
`description` is the exchange. All issuers of bonds share one row with the largest id there is: no contract, left out.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch, RawPages
from assets.kit.parse import Parsed, month_named, named_month
from assets.kit.schema import Row, column
from assets.kit.scope import Scope
from assets.kit.shape import Block, ShapeError, echoed, keyed, listed, rows
from assets.kit.sizing import Plan, Size, Underlying, nearest, planned
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import NoData, Refused
from resources.lake.tables import TableStore

SEARCH = Endpoint("/iserver/secdef/search")
STRIKES = Endpoint("/iserver/secdef/strikes")
INFO = Endpoint("/iserver/secdef/info")
ISSUERS = "2147483647"
OPTIONABLE = {"STK", "IND"}
ROUTED = "SMART"
SIDES = {"call": "C", "put": "P"}


def side(raw: "pd.Series[Any]") -> Parsed:
    """Strikes come in two lists, `call` and `put`: the name of the list as C or P."""
    values = raw.map(lambda name: SIDES.get(name) if isinstance(name, str) else None).astype(pd.StringDtype())
    return Parsed(values, raw.notna() & values.isna())


class OptionMonth(Row):
    """One month in which options on a contract end."""

    known = frozenset({"companyHeader", "restricted", "opt", "fop", "war", "secType"})

    underlying_conid: int = column("conid", "Contract id of the underlying.", gt=0)
    searched: str = column("searched", "Symbol that was searched; what two searches find stands under each.")
    month: str = column("month", "The month as IBKR names it: JAN27.")
    month_start: date = column("month", "First day of the month.", parse=named_month)
    symbol: str = column("symbol", "Symbol of the underlying.")
    listing_exchange: str | None = column("description", "Exchange of the underlying's listing.")
    name: str | None = column("companyName", "Name of the issuer, fund or index.")
    exchanges: str | None = column("exchange", "Where the options trade, separated by semicolons.")


class OptionStrike(Row):
    """One strike that some option of a month has."""

    underlying_conid: int = column("underlying_conid", "Contract id of the underlying.", gt=0)
    month: str = column("month", "The month as IBKR names it: JAN27.")
    put_or_call: str = column("side", "P or C.", parse=side)
    strike: float = column("strike", "Strike; not each expiry of the month has it.", gt=0)


class OptionContract(Row):
    """One listed option."""

    known = frozenset({"listingExchange", "cusip", "coupon", "desc1", "exchange"})

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    underlying_conid: int = column("underlying_conid", "Contract id of the underlying.", gt=0)
    symbol: str = column("symbol", "Symbol of the underlying.")
    month: str = column("month", "The month as IBKR names it: JAN27.")
    expiry_day: date = column("maturityDate", "Last day of the contract.")
    strike: float = column("strike", "Strike.", gt=0)
    put_or_call: str = column("right", "P or C.", among=["P", "C"])
    multiplier: float | None = column("multiplier", "Units per contract; the wire has it as text.")
    currency: str = column("currency", "Currency it trades in.", pattern="^[A-Z]{3}$")
    asset_class: str = column("secType", "OPT.")
    trading_class: str | None = column("tradingClass", "Class of options it belongs to: SPXW beside SPX.")
    description: str | None = column("desc2", "The terms in words.")
    all_exchanges: str | None = column("validExchanges", "Every exchange it trades on, separated by commas.")


@landing(SEARCH, STRIKES, INFO, time="perishable", needs=["positions", "instruments"])
def raw_option_chains(fetch: Fetch) -> Iterator[Page]:
    """Months, strikes and contracts around the price, of as many underlyings as the budget allows."""
    plan = _plan(fetch.tables, fetch.day, fetch.scope)
    if plan.cut:
        fetch.say(f"option chains: {plan.cut}")
    prices = _prices(fetch.tables, fetch.day, [one.conid for one in plan.underlyings])
    if unpriced := [one.symbol for one in plan.underlyings if one.conid not in prices]:
        fetch.say(f"option chains: no price of {', '.join(unpriced)} is known yet: strikes from the middle of the list")
    searched: dict[str, list[Page]] = {}
    for one in plan.underlyings:
        if one.symbol not in searched:
            searched[one.symbol] = _answer(fetch, SEARCH, {"symbol": one.symbol})
            yield from searched[one.symbol]
        yield from _chain(fetch, one, searched[one.symbol], plan.size, prices.get(one.conid))


@table(OptionMonth, raw=raw_option_chains, key=["searched", "underlying_conid", "month"], shrinks="freely")
def option_months(page: Page) -> Block:
    """The months in which options on each underlying that was searched end."""
    if page.endpoint is not SEARCH:
        return Block([], {})
    symbol = page.params["symbol"]
    _require_symbol(page.json, symbol)
    return rows(_months(page.json), searched=symbol)


@table(
    OptionStrike, raw=raw_option_chains, key=["underlying_conid", "month", "put_or_call", "strike"], shrinks="freely"
)
def option_strikes(page: Page) -> Block:
    """The strikes of each month that was asked for."""
    if page.endpoint is not STRIKES:
        return Block([], {})
    told = ({"side": name, "strike": one} for name, strikes in keyed(page.json).items() for one in listed(strikes))
    return rows(told, underlying_conid=page.params["conid"], month=page.params["month"])


@table(OptionContract, raw=raw_option_chains, key=["conid"], shrinks="freely")
def option_chains(page: Page) -> Block:
    """The listed options around each underlying's price."""
    if page.endpoint is not INFO:
        return Block([], {})
    month = page.params["month"]
    block = rows(listed(page.json), underlying_conid=page.params["conid"], month=month)
    echoed("strike", (_number(one.get("strike")) for one in block.records), [float(page.params["strike"])])
    ends = (one.get("maturityDate") for one in block.records)
    echoed("month", (str(end)[:6] for end in ends if end is not None), [f"{month_named(month):%Y%m}"])
    return block


@check(raw_option_chains, is_blocking=False)
def every_wished_chain_was_asked_for(raw: RawPages) -> Iterator[str]:
    """Each named underlying is known, the budget allowed the months and strikes wished, and strikes came of each.

    Does not block: what is here is right, and how much of it is worth a night's requests is the owner's to say.
    """
    plan = _plan(raw.tables, raw.day, raw.scope)
    for entry in plan.unknown:
        yield f"{entry} is no underlying of anything held or watched: put it on the watchlist too"
    if not plan.is_as_wished:
        yield f"{plan.cut}. Raise options.requests, or wish for less"
    told = {page.params["conid"] for page in raw.answers if page.endpoint is STRIKES and _strikes([page])}
    for one in plan.underlyings:
        if str(one.conid) not in told:
            yield f"no strikes came of {one.symbol}, contract {one.conid}"


@check(option_chains, needs=["option_strikes"])
def each_option_has_a_strike_of_its_month() -> str:
    """Each contract's strike is one of those that were told for its month and right."""
    return """
        select c.trading_day, c.conid, c.symbol, c.month, c.put_or_call, c.strike
        from option_chains c
        anti join option_strikes s using (trading_day, underlying_conid, month, put_or_call, strike)
    """


@check(option_chains, is_blocking=False)
def each_strike_has_a_call_and_a_put() -> str:
    """Whoever asks for no right is told both.

    Does not block: each contract is right by itself, an exchange may list the two on different days.
    """
    return """
        select trading_day, underlying_conid, trading_class, expiry_day, strike, min(put_or_call) as only
        from option_chains group by all having count(distinct put_or_call) < 2
    """


def _plan(tables: TableStore, day: date, scope: Scope) -> Plan:
    return planned(
        _candidates(tables, day, scope),
        scope.options_underlyings,
        months=scope.options_months,
        strikes=scope.options_width,
        budget=scope.options_requests,
    )


def _candidates(tables: TableStore, day: date, scope: Scope) -> list[Underlying]:
    """What has options: first what options are held of, then the watchlist, then what else is held."""
    file = tables.file("instruments", "trading_day", day.isoformat())
    if file is None:
        return []
    columns = ["conid", "symbol", "asset_class", "underlying_conid", "underlying_symbol", "has_options"]
    told = tables.read([file], columns=columns).astype(object)
    watched = {*map(str, scope.watched_conids), *(symbol for symbol, _ in scope.watched_symbols)}
    ranked: list[tuple[int, int, str]] = []
    for one in told.where(told.notna(), None).to_dict("records"):
        symbol = one["underlying_symbol"] or one["symbol"]
        if symbol and one["asset_class"] == "OPT" and one["underlying_conid"]:
            ranked.append((0, int(one["underlying_conid"]), symbol))
        elif symbol and one["asset_class"] in OPTIONABLE and one["has_options"]:
            ranked.append((2 - bool(watched & {str(one["conid"]), symbol}), int(one["conid"]), symbol))
    symbols = {conid: symbol for _, conid, symbol in ranked}
    return [Underlying(conid, symbols[conid]) for conid in dict.fromkeys(conid for _, conid, _ in sorted(ranked))]


def _prices(tables: TableStore, day: date, conids: list[int]) -> dict[int, float]:
    """The last price of each that is held, or the last close before the day; they only say which strikes are asked for.

    Bars are no need: they may be left out, and to land them first could cost what only today can tell. The day's own
    come after the chains, and would choose others when these are landed again.
    """
    prices: dict[int, float] = {}
    for file in tables.files("bars_1d")[-2:]:  # on the first day of a year the last close is in the year before
        bars = tables.columns(file, "conid", "close", "trading_day")
        chosen = np.isin(bars["conid"], conids) & (bars["trading_day"] < np.datetime64(day))
        prices.update(zip(bars["conid"][chosen].tolist(), bars["close"][chosen].tolist(), strict=True))
    held = tables.file("positions", "trading_day", day.isoformat())
    if held is not None:
        told = tables.columns(held, "conid", "price")
        prices.update(zip(told["conid"].tolist(), told["price"].tolist(), strict=True))
    return prices


def _chain(fetch: Fetch, one: Underlying, search: list[Page], size: Size, price: float | None) -> Iterator[Page]:
    for month, exchange in _listed(search, one.conid)[: size.months]:
        asked = {"conid": one.conid, "sectype": "OPT", "month": month, **exchange}
        told = _answer(fetch, STRIKES, asked)
        yield from told
        if told and not _strikes(told):  # the session has begun anew since the search
            yield from _answer(fetch, SEARCH, {"symbol": one.symbol})
            told = _answer(fetch, STRIKES, asked)
            yield from told
        for strike in nearest(_strikes(told), price, size.strikes):
            yield from _answer(fetch, INFO, {**asked, "strike": f"{strike:.10g}"})


def _answer(fetch: Fetch, endpoint: Endpoint, query: Mapping[str, object]) -> list[Page]:
    """The reply; none of what the gateway has nothing for: the rest of the chains does not hang on it."""
    try:
        return [fetch.gateway.ask(endpoint, query=query)]
    except (NoData, Refused) as nothing:
        fetch.say(str(nothing))
        return []


def _listed(search: list[Page], conid: int) -> list[tuple[str, dict[str, str]]]:
    """The months of an underlying, nearest first, each with the exchange to ask at where orders are not routed."""
    try:
        found = [one for page in search for one in _months(page.json) if str(one.get("conid")) == str(conid)]
    except ShapeError:  # the table rejects it, with the reason
        return []
    known = [(start, one) for one in found if (start := month_named(one["month"]))]
    return [(one["month"], _exchange(one["exchange"])) for _, one in sorted(known, key=lambda pair: pair[0])]


def _exchange(told: Any) -> dict[str, str]:
    exchanges = str(told or "").split(";")
    return {} if ROUTED in exchanges or not exchanges[0] else {"exchange": exchanges[0]}


def _months(found: Any) -> Iterator[dict[str, Any]]:
    """One record for each contract that was found and each month in which options on it end."""
    for one in (each for each in map(keyed, listed(found)) if str(each.get("conid")) != ISSUERS):
        about = {name: value for name, value in one.items() if name != "sections"}
        for section in map(keyed, listed(one.get("sections") or [])):
            for month in str(section.get("months") or "").split(";") if _asset_class(section) == "OPT" else ():
                if month:
                    yield {**about, "month": month, "exchange": section.get("exchange")}


def _asset_class(section: dict[str, Any]) -> str:
    told = section.get("secType")
    if not isinstance(told, str) or not re.fullmatch("[A-Z]{2,8}", told):
        raise ShapeError(f"a section does not tell what it is of: {str(section)[:80]}")
    return told


def _strikes(pages: list[Page]) -> list[float]:
    lists = [one for page in pages if isinstance(page.json, dict) for one in page.json.values()]
    return [float(one) for found in lists if isinstance(found, list) for one in found if isinstance(one, int | float)]


def _require_symbol(reply: Any, symbol: str) -> None:
    """Other contracts are found beside the one that was meant; when all are others the reply answers somebody else."""
    told = {str(one["symbol"]).upper() for one in map(keyed, listed(reply)) if one.get("symbol") is not None}
    if told and symbol.upper() not in told:
        echoed("symbol", told, [symbol.upper()])


def _number(told: Any) -> Any:
    try:
        return float(told)
    except (TypeError, ValueError):
        return told
