"""Accounts: what the login can see, one row per account, once a trading day.

The replies also prime everything below /portfolio, so the session has asked for them already when this lands. Of
an adviser the first list is the top alone. The clients below it are in pages of 20, which say how many there are,
and are asked for only where there are any; an account that stands in both lists is told as one of the top.
Logins with several accounts get a pseudo-account `All`: it is nobody's and is left out, as is every account that
IBKR_ACCOUNTS does not name. `accountStatus` is, despite its name, the instant at which the account was opened.
"""

from collections.abc import Iterator
from datetime import datetime

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch, RawPages
from assets.kit.parse import epoch_ms
from assets.kit.schema import Row, column
from assets.kit.shape import Block, keyed, keyed_if_any, listed, rows
from resources.gateway.endpoint import Page
from resources.gateway.priming import PORTFOLIO_ACCOUNTS, SUBACCOUNTS, ids_in, lacking_of


class Account(Row):
    """One account of the login."""

    known = frozenset({"id", "accountVan", "desc", "parent", "PrepaidCrypto-Z", "PrepaidCrypto-P", "category"})

    account_id: str = column("accountId", "The account.", pattern=r"^\w{2,}$")
    title: str | None = column("accountTitle", "Name of the holder.", is_personal=True)
    display_name: str | None = column("displayName", "Name as the portal shows it.", is_personal=True)
    alias: str | None = column("accountAlias", "Name that the owner gave it.", is_personal=True)
    base_currency: str = column("currency", "Currency that the account is kept in.", pattern="^[A-Z]{3}$")
    account_type: str | None = column("type", "INDIVIDUAL, DEMO, ...")
    customer_type: str | None = column("acctCustType", "Kind of customer; newer gateways only.")
    trading_type: str | None = column("tradingType", "STKNOPT, PMRGN, ...")
    business_type: str | None = column("businessType", "INDEPENDENT, ...")
    entity: str | None = column("ibEntity", "IBKR entity that carries the account.")
    clearing_status: str | None = column(
        "clearingStatus", "O open, P pending, N new, A abandoned, R rejected, C closed."
    )
    opened_at: datetime | None = column("accountStatus", "When the account was opened.", parse=epoch_ms)
    is_adviser: bool | None = column("faclient", "Whether it is managed by an adviser.")
    has_brokerage_access: bool | None = column("brokerageAccess", "Whether it can trade.")
    is_covestor: bool | None = column("covestor", "Whether it is a Covestor account.")
    has_no_client_trading: bool | None = column("noClientTrading", "Whether the client cannot trade in it.")
    has_virtual_fx: bool | None = column("trackVirtualFXPortfolio", "Whether FX is tracked as positions.")
    parent_account_id: str | None = column("parent_account_id", "Account above it, if any.")
    is_subaccount: bool = column(
        "is_subaccount", "Whether it lies below the top of the login, as an adviser's clients."
    )


@landing(SUBACCOUNTS, PORTFOLIO_ACCOUNTS, time="perishable")
def raw_accounts(fetch: Fetch) -> Iterator[Page]:
    """The lists of accounts, as the gateway sent them."""
    top = fetch.gateway.ask(PORTFOLIO_ACCOUNTS)
    yield top
    if set(fetch.gateway.account_ids()) > set(ids_in(top.json)):
        yield from fetch.gateway.pages(SUBACCOUNTS)


@table(Account, raw=raw_accounts, key=["account_id"])
def accounts(page: Page) -> Block:
    """The accounts that are kept, of those the login can see."""
    is_below = page.endpoint is SUBACCOUNTS
    told = page.json["subaccounts"] if is_below and isinstance(page.json, dict) else page.json
    found = [keyed(one) for one in listed(told)]
    return rows(
        (
            {**one, "parent_account_id": keyed_if_any(one.get("parent")).get("accountId")}
            for one in found
            if one.get("accountId") != "All"
        ),
        is_subaccount=is_below,
    )


@check(raw_accounts)
def every_subaccount_came(raw: RawPages) -> Iterator[str]:
    """The pages of subaccounts hold as many accounts as they say that there are."""
    lacking = lacking_of([page for page in raw.answers if page.endpoint is SUBACCOUNTS])
    if lacking is not None:
        yield lacking


@check(accounts)
def the_pseudo_account_all_is_left_out() -> str:
    """`All` is a way of asking, not an account."""
    return "select account_id from accounts where account_id = 'All'"


@check(accounts, is_blocking=False)
def the_set_of_accounts_is_unchanged() -> str:
    """The same accounts as on the trading day before.

    Does not block: opening an account is no fault of the night.
    """
    return """
        with before as (
            select account_id from accounts_history
            where trading_day = (
                select max(trading_day) from accounts_history
                where trading_day < (select min(trading_day) from accounts)
            )
        )
        select coalesce(now.account_id, before.account_id) as account_id,
               case when now.account_id is null then 'vanished' else 'new' end as change
        from (select distinct account_id from accounts) as now
        full join before using (account_id)
        where (now.account_id is null or before.account_id is null) and exists (select 1 from before)
    """
