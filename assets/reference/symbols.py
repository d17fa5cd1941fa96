"""Symbols: which contracts the symbols of the watchlist stand for, once a trading day.

A symbol is not a contract: AAPL is listed in New York, Mexico, Zurich. All candidates are kept; the
one meant is the US listing, or the one whose exchange the watchlist names (`AAPL@NASDAQ`). Entries
that are contract ids need no look-up.
"""

from collections.abc import Iterator
from typing import Any

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.schema import Row, column
from assets.kit.scope import Scope
from assets.kit.shape import Block, keyed, listed, rows
from resources.gateway.endpoint import Endpoint, Page
from resources.warehouse.source import literal

STOCKS = Endpoint("/trsrv/stocks")


class Candidate(Row):
    """One contract that a symbol may stand for."""

    known = frozenset({"chineseName"})

    symbol: str = column("symbol", "Symbol that was asked for.")
    conid: int = column("conid", "IBKR's contract id.", gt=0)
    listing_exchange: str = column("exchange", "Exchange of the listing.")
    is_us: bool = column("isUS", "Whether the listing is in the United States.")
    name: str | None = column("name", "Name of the company.")
    asset_class: str | None = column("assetClass", "STK: this look-up knows stocks and ETFs only.")


@landing(STOCKS, time="replayable")
def raw_symbols(fetch: Fetch) -> Iterator[Page]:
    """All candidates of all watched symbols, in one request."""
    symbols = sorted({symbol for symbol, _ in fetch.scope.watched_symbols})
    if symbols:
        yield fetch.gateway.ask(STOCKS, query={"symbols": ",".join(symbols)})


@table(Candidate, raw=raw_symbols, key=["symbol", "conid"], shrinks="freely")
def symbols(page: Page) -> Block:
    """The contracts that watched symbols may stand for."""
    return rows(_candidates(keyed(page.json)))


@check(symbols, is_blocking=False)
def every_watched_symbol_stands_for_one_contract(scope: Scope) -> str:
    """Each symbol has one US listing, or one on the exchange it names.

    Does not block: a typing mistake in the watchlist must not cost the night; what is listed here is left out of it.
    """
    wished = ", ".join(f"({literal(symbol)}, {literal(exchange or '')})" for symbol, exchange in scope.watched_symbols)
    if not wished:
        return "select 1 where false"
    return f"""
        select w.symbol, w.exchange, count(distinct s.conid) as candidates
        from (values {wished}) as w(symbol, exchange)
        left join symbols s on s.symbol = w.symbol
             and case when w.exchange = '' then s.is_us else s.listing_exchange = w.exchange end
        group by all having count(distinct s.conid) <> 1
    """


def _candidates(reply: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for symbol, companies in reply.items():
        for company in listed(companies):
            about = {name: value for name, value in keyed(company).items() if name != "contracts"}
            for contract in listed(company["contracts"]):
                yield {**about, **keyed(contract), "symbol": symbol}
