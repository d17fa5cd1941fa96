"""Allocation: market value by asset class, sector and industry group, long and short, once a trading day.

Amounts are in the account's base currency (`accounts.base_currency`), not percentages. Sector and
group leave cash out; what has no classification (ETFs, options) is `Others`. The reply does not say
whose it is: the account comes from the path that was asked.
"""

from collections.abc import Iterator
from typing import Any

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.schema import Row, column
from assets.kit.shape import Block, keyed, keyed_if_any, rows
from assets.kit.tolerance import Tolerance
from resources.gateway.endpoint import Endpoint, Page
from resources.warehouse.source import literal

ALLOCATION = Endpoint("/portfolio/{account_id}/allocation")
DIMENSIONS = {"assetClass": "asset_class", "sector": "sector", "group": "industry_group"}


class Share(Row):
    """One category of one dimension, long or short."""

    account_id: str = column("account_id", "The account.")
    dimension: str = column("dimension", "What is divided by.", among=DIMENSIONS.values())
    category: str = column("category", "Asset class, sector or group; `Others` where there is none.")
    side: str = column("side", "long or short.", among=["long", "short"])
    market_value: float = column("market_value", "Value held; short is negative.", unit="account's base currency")


@landing(ALLOCATION, time="perishable")
def raw_allocation(fetch: Fetch) -> Iterator[Page]:
    """Every account's allocation, as the gateway sent it."""
    for account_id in fetch.account_ids:
        yield from fetch.gateway.pages(ALLOCATION, account_id=account_id)


@table(Share, raw=raw_allocation, key=["account_id", "dimension", "category", "side"])
def allocation(page: Page) -> Block:
    """How each account is divided."""
    return rows(_shares(keyed(page.json)), account_id=page.params["account_id"])


@check(allocation, tolerance=Tolerance(amount=0.05, share=1e-6))
def every_dimension_adds_up_to_the_same_total() -> str:
    """Sectors, groups and asset classes without cash have one total; a dimension that is not told has none."""
    named = ", ".join(f"({literal(one)})" for one in DIMENSIONS.values())
    return f"""
        with dimensions(dimension) as (values {named}),
        accounts as (select trading_day, account_id, sum(abs(market_value)) / 3 as size from allocation group by all),
        totals as (
            select a.trading_day, a.account_id, dimension, any_value(size) as size,
                   coalesce(sum(market_value) filter (category <> 'CASH' or dimension <> 'asset_class'), 0) as total
            from accounts a cross join dimensions left join allocation using (trading_day, account_id, dimension)
            group by all
        )
        select trading_day, account_id, min(total) as lowest, max(total) as highest,
               max(total) - min(total) as residual, any_value(size) as size
        from totals group by all
    """


@check(allocation, needs=["positions", "ledger"], tolerance=Tolerance(amount=1.0, share=1e-4))
def asset_classes_are_the_positions_plus_cash() -> str:
    """By asset class, positions at the ledger's rates, and the ledger's cash, are what is allocated.

    Futures are left out: their gains are swept into cash, and what the gateway allocates to them is not known.
    """
    return """
        with held as (
            select p.trading_day, p.account_id, p.asset_class as category,
                   sum(p.market_value * l.exchange_rate) as market_value
            from positions p left join ledger l using (trading_day, account_id, currency)
            where p.asset_class not in ('CASH', 'FUT') group by all
            union all
            select trading_day, account_id, 'CASH', cash from ledger where currency = 'BASE'
        ), allocated as (
            select trading_day, account_id, category, sum(market_value) as market_value
            from allocation where dimension = 'asset_class' and category <> 'FUT' group by all
        )
        select trading_day, account_id, category, a.market_value as allocated, h.market_value as held,
               coalesce(a.market_value, 0) - coalesce(h.market_value, 0) as residual,
               coalesce(h.market_value, 0) as size
        from allocated a full join held h using (trading_day, account_id, category)
    """


def _shares(reply: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One record per category; of a dimension that we do not know too: it is rejected, and not overlooked."""
    for wire, sides in reply.items():
        if wire not in DIMENSIONS and not isinstance(sides, dict):
            yield {"dimension": wire, "market_value": sides}
            continue
        for side, categories in keyed_if_any(sides).items():
            for category, value in keyed_if_any(categories).items():
                yield {
                    "dimension": DIMENSIONS.get(wire, wire),
                    "category": category,
                    "side": side,
                    "market_value": value,
                }
