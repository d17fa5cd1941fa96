"""Positions: what each account held, one row per account and contract, once a trading day.

The gateway pages this in hundreds and says nothing about a total, so a full last page is followed by
an empty one. When something is opened or closed while the pages are walked, a row slips across a page
boundary unseen: so full pages are read again afterwards, and the walk is repeated until the same
contracts stand on them twice. Symbols and sectors arrive only on warm calls: they come for certain
from `instruments`. A page 0 without rows is asked for twice: just after a login it can be empty.
Terms of an option that are in its description only are read from there (`kit/terms.py`).

A row is in doubt when units are held without a price or a value, or when its value is not quantity x price x
multiplier: a cache between two loads. It is asked for once more by itself, and what comes takes its place; nothing
comes of what is not held any more, and the row then stands as it was told. Where nothing is in doubt, nothing is
asked. What is worthless is in doubt every night, at one request each, after what contradicts itself.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch, RawPages
from assets.kit.parse import number, zero_is_null
from assets.kit.schema import Row, column, rule
from assets.kit.shape import Block, echoed, listed, rows
from assets.kit.terms import completed
from assets.kit.tolerance import Tolerance
from resources.gateway.endpoint import Endpoint, Numbered, Page
from resources.privacy import masked

PAGE_SIZE = 100
POSITIONS = Endpoint("/portfolio/{account_id}/positions/{page}", paging=Numbered(PAGE_SIZE))
POSITION = Endpoint("/portfolio/{account_id}/position/{conid}")
WALKS = 3
CONFIRMATIONS = 25
"""Of one account; where more are in doubt it is not single rows that are wrong, and the checks say so."""


class Position(Row):
    """One contract held by one account."""

    known = frozenset(
        {"exchs", "exerciseStyle", "conExchMap", "incrementRules", "displayRule", "time", "chineseName", "pageSize"}
        | {"allExchanges", "listingExchange", "countryCode", "name", "lastTradingDay", "group", "sector", "sectorGroup"}
        | {"ticker", "type", "undComp", "undSym", "hasOptions", "fullName", "isUS", "isEventContract", "crossCurrency"}
        | {"baseMktValue", "baseMktPrice", "baseAvgCost", "baseAvgPrice", "baseRealizedPnl", "baseUnrealizedPnl"}
    )

    account_id: str = column("acctId", "Account that holds it.")
    conid: int = column("conid", "IBKR's contract id.", gt=0)
    description: str | None = column(
        "contractDesc", "The contract as IBKR writes it; the terms of an option are in it."
    )
    asset_class: str = column("assetClass", "STK (ETFs too), OPT, FUT, BOND, CASH, ...")
    quantity: float = column("position", "Signed number of units; short is negative.", unit="units")
    price: float = column("mktPrice", "Last price, of bonds in percent of par.", unit="`currency` per unit")
    market_value: float = column("mktValue", "Quantity x price x multiplier.", unit="`currency`")
    currency: str = column("currency", "Currency of this row's amounts.", pattern="^[A-Z]{3}$")
    average_cost: float | None = column("avgCost", "Average cost, multiplier included.", unit="`currency` per unit")
    average_price: float | None = column("avgPrice", "Average price, without multiplier.", unit="`currency`")
    realized_pnl: float | None = column("realizedPnl", "P&L realised today.", unit="`currency`")
    unrealized_pnl: float | None = column("unrealizedPnl", "P&L of what is held.", unit="`currency`")
    multiplier: float | None = column("multiplier", "Units per contract; null where there is none.", parse=zero_is_null)
    expiry_day: date | None = column("expiry", "Last day of the contract.")
    put_or_call: str | None = column("putOrCall", "P or C.", among=["P", "C"])
    strike: float | None = column("strike", "Strike; null where there is none.", parse=zero_is_null)
    underlying_conid: int | None = column("undConid", "Contract id of the underlying.", parse=zero_is_null)
    model: str | None = column("model", "Model portfolio it belongs to.")

    @rule
    def is_quoted(positions: pd.DataFrame) -> Any:
        """A position of zero units has a value of zero."""
        return (positions["quantity"] != 0) | (positions["market_value"].abs() <= 0.01)


@landing(POSITIONS, POSITION, time="perishable")
def raw_positions(fetch: Fetch) -> Iterator[Page]:
    """Every page of every account's positions, as the gateway sent them, full pages twice, doubtful rows once more."""
    for account_id in fetch.account_ids:
        for _ in range(WALKS):
            walk = list(fetch.gateway.pages(POSITIONS, account_id=account_id))
            yield from walk
            again = [fetch.gateway.ask(POSITIONS, **page.params) for page in walk if _is_in_doubt(page)]
            yield from again
            if all(
                _contracts(first) == _contracts(second) for first, second in zip(_doubtful(walk), again, strict=True)
            ):
                break
            fetch.say(f"positions of {masked(account_id)} moved while they were read; reading them again")
        yield from _confirmed(fetch, account_id, [*walk, *again])


@table(Position, raw=raw_positions, key=["account_id", "conid"], shrinks="to_nothing")
def positions(page: Page) -> Block:
    """What each account held."""
    block = rows(listed(page.json))
    if page.endpoint is POSITION:
        echoed("contract", (one.get("conid") for one in block.records), [page.params["conid"]])
    echoed("account", (one.get("acctId") for one in block.records), [page.params["account_id"]])
    return Block([completed(one, "contractDesc") for one in block.records], block.constants)


@check(raw_positions)
def pages_are_complete(raw: RawPages) -> Iterator[str]:
    """The last page is short, and every full page, read again, held the same contracts."""
    walked = [page for page in raw.answers if page.endpoint is POSITIONS]
    numbers = {(page.params["account_id"], int(page.params["page"])) for page in walked}
    for page in walked:
        account_id, number = page.params["account_id"], int(page.params["page"])
        reads = [one for one in raw.pages if one.envelope.request == page.envelope.request]
        if len(_rows(page)) >= PAGE_SIZE and (account_id, number + 1) not in numbers:
            yield f"page {number} of {account_id} is full, and the next was not read"
        if _is_in_doubt(page) and (len(reads) < 2 or _contracts(reads[-1]) != _contracts(reads[-2])):
            yield f"page {number} of {account_id} held other contracts when it was read again"


@check(raw_positions)
def no_contract_stands_on_two_pages(raw: RawPages) -> Iterator[str]:
    """A contract that is on two pages slid across the boundary, and another slid past it."""
    seen: set[tuple[str, str]] = set()
    for page in (one for one in raw.answers if one.endpoint is POSITIONS):
        account_id = page.params["account_id"]
        for conid in _contracts(page):
            if (account_id, conid) in seen:
                yield f"contract {conid} of {account_id} is on page {page.params['page']} and stood before"
            seen.add((account_id, conid))


@check(positions, tolerance=Tolerance(amount=0.011, share=1e-6))
def market_value_is_quantity_times_price() -> str:
    """Market value agrees with quantity, price and multiplier, to the cent and the digits that prices come with."""
    return """
        with reckoned as (
            select *, quantity * price * coalesce(multiplier, case asset_class when 'BOND' then 0.01 else 1 end)
                      as expected_value
            from positions
        )
        select trading_day, account_id, conid, quantity, price, multiplier, market_value, expected_value,
               market_value - expected_value as residual, expected_value as size
        from reckoned
    """


def _confirmed(fetch: Fetch, account_id: str, read: list[Page]) -> Iterator[Page]:
    """Each row in doubt asked for by itself, of the pages as they were read last."""
    latest = {page.params["page"]: page for page in read}
    doubtful = contradictory(*latest.values())
    if len(doubtful) > CONFIRMATIONS:
        fetch.say(
            f"{len(doubtful)} positions of {masked(account_id)} are in doubt; {CONFIRMATIONS} are asked for again"
        )
    for conid in doubtful[:CONFIRMATIONS]:
        yield fetch.gateway.ask(POSITION, account_id=account_id, conid=conid)


def contradictory(*pages: Page) -> list[str]:
    """Contracts of which there are units with a value that is not theirs; then those without any price or value."""
    found = pd.DataFrame([row for page in pages for row in _rows(page) if isinstance(row, dict)], dtype=object)
    absent = pd.Series([None] * len(found), index=found.index, dtype=object)
    quantity, price, value, multiplier = (
        number(found.get(name, absent)).values.fillna(0.0).astype(float)
        for name in ("position", "mktPrice", "mktValue", "multiplier")
    )
    of_one = found.get("assetClass", absent).map(lambda kind: 0.01 if kind == "BOND" else 1.0).astype(float)
    expected = quantity * price * multiplier.where(multiplier != 0, of_one)
    is_off = (price == 0) | (value == 0) | ((value - expected).abs() > 0.011 + 1e-6 * expected.abs())
    is_nothing = (price == 0) & (value == 0)
    conids = found.get("conid", absent).map(str)[(quantity != 0) & is_off]
    ordered = [*conids[~is_nothing.loc[conids.index]], *conids[is_nothing.loc[conids.index]]]
    return [conid for conid in ordered if conid.isdigit()]


def _doubtful(walk: list[Page]) -> list[Page]:
    return [page for page in walk if _is_in_doubt(page)]


def _is_in_doubt(page: Page) -> bool:
    """Full pages may have shifted; an empty first page may be a cold cache."""
    return len(_rows(page)) >= PAGE_SIZE or (page.json == [] and str(page.params["page"]) == "0")


def _contracts(page: Page) -> list[str]:
    return sorted(str(one.get("conid")) for one in _rows(page) if isinstance(one, dict))


def _rows(page: Page) -> list[Any]:
    """What is no list is rejected with its reason when the table is built."""
    return page.json if isinstance(page.json, list) else []
