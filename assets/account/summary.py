"""Summary: what an account may trade with, tag by tag (margins, funds, equity, what kind it is), once a trading day.

The reply is an object of 45 to 135 tags. A suffix names the segment that a tag is of: `-s` securities, `-c`
commodities (futures); `-p` is crypto-currencies; without one it is the whole account. Money and counts are in
`amount`; a text (`accounttype`) is in `value` beside an amount of 0.0 that means nothing: it is null here.
Builds say `isNull` or `isNone`, sometimes both in one reply, and live ones tell `timestamp` in seconds where the
documentation has milliseconds. Whose the reply is stands in its tag `accountcode`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.parse import epoch
from assets.kit.schema import Row, column, rule
from assets.kit.shape import Block, echoed, keyed, rows
from assets.kit.tolerance import Tolerance
from resources.gateway.endpoint import Endpoint, Page

SUMMARY = Endpoint("/portfolio/{account_id}/summary")
SEGMENTS = {"s": "securities", "c": "commodities", "p": "crypto-currencies"}


class Item(Row):
    """One tag of one account: an amount, a text, or nothing."""

    known = frozenset({"isNull", "isNone", "severity"})

    account_id: str = column("account_id", "The account.")
    tag: str = column("tag", "The tag as IBKR writes it, suffix included.", pattern=r"^\S+$")
    item: str = column("item", "What is told: the tag without its segment.")
    segment: str | None = column(
        "segment", "securities, commodities, crypto-currencies, or a suffix nobody knows; null is the whole account."
    )
    amount: float | None = column("amount", "The number, of what is no text.", unit="`currency`; without one a count")
    currency: str | None = column("currency", "Currency of the amount, if it is money.", pattern="^[A-Z]{3,4}$")
    text: str | None = column("value", "The text, of what is no number.")
    is_empty: bool | None = column("is_empty", "Whether IBKR says that there is no value.")
    reckoned_at: datetime | None = column("timestamp", "When IBKR reckoned the tag.", parse=epoch)

    @rule
    def tells_something(items: pd.DataFrame) -> Any:
        """A tag has an amount or a text, or says that it has none."""
        return items["amount"].notna() | items["text"].notna() | items["is_empty"].isin([True])


@landing(SUMMARY, time="perishable")
def raw_summary(fetch: Fetch) -> Iterator[Page]:
    """Every account's summary, as the gateway sent it."""
    for account_id in fetch.account_ids:
        yield from fetch.gateway.pages(SUMMARY, account_id=account_id)


@table(Item, raw=raw_summary, key=["account_id", "tag"])
def summary(page: Page) -> Block:
    """Margins, funds and equity at the close, tag by tag."""
    account_id = page.params["account_id"]
    found = rows((_item(tag, told) for tag, told in keyed(page.json).items()), account_id=account_id)
    echoed("account", (one.get("value") for one in found.records if one["tag"] == "accountcode"), [account_id])
    return found


@check(summary, needs=["ledger"], is_blocking=False, tolerance=Tolerance(amount=0.005, share=0.005))
def net_liquidation_and_cash_are_the_ledgers() -> str:
    """Net liquidation and cash are those of the ledger's BASE, within half a percent of the account.

    Does not block: the two are asked for one after the other, and IBKR reckons each when it likes; the ledger is what
    the rest is built on.
    """
    return """
        select l.trading_day, l.account_id, tag, t.amount as told, of_ledger, t.amount - of_ledger as residual,
               net_liquidation as size
        from (
            select trading_day, account_id, net_liquidation, 'netliquidation' as tag, net_liquidation as of_ledger
            from ledger where currency = 'BASE'
            union all
            select trading_day, account_id, net_liquidation, 'totalcashvalue', cash from ledger where currency = 'BASE'
        ) as l left join summary as t using (trading_day, account_id, tag)
    """


def _item(tag: str, told: Any) -> dict[str, Any]:
    """One tag as a record; what is no object tells nothing, and is rejected as that."""
    found = dict(told) if isinstance(told, dict) else {"told": told}
    item, dash, suffix = tag.rpartition("-")
    is_split = dash == "-" and len(suffix) == 1
    is_empty = found.get("isNull", found.get("isNone"))
    is_text = isinstance(found.get("value"), str) and found["value"].strip() != ""
    return {
        **found,
        "tag": tag,
        "item": item if is_split else tag,
        "segment": SEGMENTS.get(suffix, suffix) if is_split else None,
        "amount": None if (is_text or is_empty is True) and found.get("amount") == 0 else found.get("amount"),
        "is_empty": is_empty,
    }
