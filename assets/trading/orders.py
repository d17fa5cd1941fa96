"""Orders: what was working, filled or cancelled in each account's list of live orders, once a trading day.

The first list of a brokerage session is empty and says `snapshot: false`: not "no orders" but "not yet authoritative".
It is asked for again, as often as its limit of one in 5 s allows, until it says true. One was recorded that held
orders and said false: such rows are kept and marked, and a check holds back the night. A gateway that never says true
holds back the first night only.

Never asked with `force`, which empties the gateway's cache and answers an empty list by design, nor with `filters`,
which give empty replies and mute the topic of orders for every other program of the login. Prices are text, "" where
there is none; ids are numbers or text; DAY is called CLOSE.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch, RawPages
from assets.kit.parse import SIDES, flag, instant_as, worded
from assets.kit.schema import Row, column, rule
from assets.kit.shape import Block, echoed, keyed, listed, rows
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.pacing import Limit
from resources.gateway.wire import is_good

ORDERS = Endpoint("/iserver/account/orders", limit=Limit(1, 5.0))
TIMES_ASKED = 5
LONGEST_LIST = 1000
IN_CURRENCY = "`currency` per unit"


class Order(Row):
    """One order of one account, as it stood when it was asked for."""

    known = frozenset({"acct", "bgColor", "fgColor", "supportsTaxOpt", "taxOptimizerId"})

    account_id: str = column("account", "The account.")
    order_id: int = column("orderId", "IBKR's id of the order.")
    conid: int | None = column("conid", "IBKR's contract id.")
    routed_contract: str | None = column("conidex", "The contract with its exchange, or the legs of a combination.")
    symbol: str | None = column("ticker", "Symbol; of derivatives the underlying's.")
    name: str | None = column("companyName", "Name of the issuer, fund or pair.")
    asset_class: str | None = column("secType", "STK (ETFs too), OPT, FUT, BOND, CASH, BAG for a combination, ...")
    listing_exchange: str | None = column("listingExchange", "Exchange of the listing.")
    contract_description: str | None = column("description1", "The contract in short.")
    contract_terms: str | None = column("description2", "Terms of a derivative.")
    description: str | None = column("orderDesc", "The order in words.")
    side: str | None = column("side", "BUY or SELL.", parse=worded(SIDES))
    order_type: str | None = column("orderType", "Limit, Market, Stop, ...")
    original_order_type: str | None = column("origOrderType", "The type that was asked for: LIMIT, MARKET, ...")
    time_in_force: str | None = column("timeInForce", "DAY, GTC, ...", parse=worded({"CLOSE": "DAY"}))
    status: str | None = column("status", "Submitted, PreSubmitted, Filled, Cancelled, ...")
    clearing_status: str | None = column("order_ccp_status", "State as the clearing side names it.")
    total_quantity: float | None = column("totalSize", "Units ordered.", unit="units")
    filled_quantity: float | None = column("filledQuantity", "Units filled so far.", unit="units")
    remaining_quantity: float | None = column("remainingQuantity", "Units not filled.", unit="units")
    size_and_fills: str | None = column("sizeAndFills", "Filled/total as text; the total alone once all is filled.")
    cash_quantity: float | None = column("totalCashSize", "Amount ordered instead of units.", unit="`currency`")
    currency: str | None = column("cashCcy", "Currency of this row's amounts.")
    price: float | None = column("price", "Limit, or of a plain stop its trigger.", unit=IN_CURRENCY)
    auxiliary_price: float | None = column("auxPrice", "Trigger of a stop with a limit.", unit=IN_CURRENCY)
    stop_price: float | None = column("stop_price", "Trigger as it stands now.", unit=IN_CURRENCY)
    average_price: float | None = column("avgPrice", "Average price of what was filled.", unit=IN_CURRENCY)
    last_changed_at: datetime | None = column("lastExecutionTime_r", "When it was last filled or changed.")
    written_at: datetime | None = column(
        "lastExecutionTime", "The same instant, as IBKR also writes it out.", parse=instant_as("%y%m%d%H%M%S")
    )
    is_allowed_outside_hours: bool | None = column("outsideRTH", "Whether it may fill outside of regular hours.")
    is_event_trading: bool | None = column("isEventTrading", "Whether it is in an event contract.", parse=flag)
    order_reference: str | None = column("order_ref", "The id that the program that placed it gave it.")
    parent_order_id: int | None = column("parentId", "Order that must fill first.")
    cancellation_reason: str | None = column("order_cancellation_by_system_reason", "Why the broker cancelled it.")
    is_authoritative: bool = column("snapshot", "Whether the list that it stood in said that it was complete.")

    @rule
    def tells_one_instant(orders: pd.DataFrame) -> Any:
        """Both forms of the last execution's time are the same second."""
        apart = (orders["last_changed_at"] - orders["written_at"]).abs() >= pd.Timedelta(seconds=1)
        return ~apart.fillna(value=False).astype(bool)


@landing(ORDERS, time="perishable")
def raw_orders(fetch: Fetch) -> Iterator[Page]:
    """Each account's list of live orders, asked for again until it is authoritative."""
    for query in fetch.account_queries:
        for _ in range(TIMES_ASKED):
            page = fetch.gateway.ask(ORDERS, query=query)
            yield page
            if _is_authoritative(page):
                break


@table(Order, raw=raw_orders, key=["account_id", "order_id"], shrinks="freely")
def orders(page: Page) -> Block:
    """What was working, filled or cancelled on the day."""
    reply = keyed(page.json)
    block = rows(listed(reply["orders"]), snapshot=_is_authoritative(page))
    asked = page.params.get("accountId")
    if asked is not None:
        echoed("account", (one.get(name) for one in block.records for name in ("account", "acct")), [asked])
    return block


@check(raw_orders)
def every_list_is_authoritative(raw: RawPages) -> Iterator[str]:
    """The last list of each account said `snapshot: true`, or no list of the landing before did either."""
    if not _never_said_so(raw):
        for account, asked in _incomplete(raw):
            yield (
                f"orders of {account}: asked {asked} times, and the gateway still says that its list is not complete "
                "(`snapshot: false`). Run the night again; if it stays so, the next night goes on without it"
            )


@check(raw_orders, is_blocking=False)
def the_gateway_says_when_a_list_is_complete(raw: RawPages) -> Iterator[str]:
    """Some list of this landing or of the one before said `snapshot: true`.

    Does not block: a gateway that never says so would hold back every night. Its orders are marked.
    """
    if _never_said_so(raw):
        for account, _ in _incomplete(raw):
            yield f"orders of {account} are not known to be all, as the night before: no list said `snapshot: true`"


@check(raw_orders)
def every_order_is_of_a_known_account(raw: RawPages) -> Iterator[str]:
    """Each order's account is one that the login can see: a single account is not named when it is asked for."""
    told = (one.get("account") for page in raw.answers for one in _orders_on(page) if isinstance(one, dict))
    for stranger in sorted(raw.strangers(told)):
        yield f"the list is of {stranger}, which is none of the login's accounts"


@check(raw_orders, is_blocking=False)
def no_list_is_as_long_as_lists_get(raw: RawPages) -> Iterator[str]:
    """No account has the 1000 orders at which IBKR cuts the list.

    Does not block: what is on a list that was cut is true, and there is no other way to ask for the rest.
    """
    for page in raw.answers:
        if len(_orders_on(page)) >= LONGEST_LIST:
            of = page.params.get("accountId", "the account")
            yield f"{len(_orders_on(page))} orders of {of}: there may be more"


@check(orders, is_blocking=False)
def filled_and_remaining_make_the_total() -> str:
    """Of orders that work or are filled, sizes and the text of sizes agree.

    Does not block: nothing is reckoned from it, and of odd orders (by amount, of allocations) IBKR documents neither.
    """
    return """
        with told as (
            select *, replace(size_and_fills, ',', '') as sizes
            from orders where status not in ('Cancelled', 'PendingCancel', 'PreCancelled', 'Inactive')
        ),
        split as (
            select *, try_cast(split_part(sizes, '/', -1) as double) as told_total,
                   case when contains(sizes, '/') then try_cast(split_part(sizes, '/', 1) as double) end as told_filled
            from told
        )
        select trading_day, account_id, order_id, status, total_quantity, filled_quantity, remaining_quantity,
               size_and_fills
        from split
        where abs(filled_quantity + remaining_quantity - total_quantity) > 1e-6
           or abs(told_total - total_quantity) > 1e-6 or abs(told_filled - filled_quantity) > 1e-6
    """


@check(orders, is_blocking=False)
def every_status_is_understood() -> str:
    """Each status is one that IBKR documents.

    Does not block: a status is a label, and the row is as true under a new one.
    """
    return """
        select trading_day, status, count(*) as orders from orders
        where status is null or status not in ('Inactive', 'PendingSubmit', 'PreSubmitted', 'Submitted', 'Filled',
                                               'PendingCancel', 'PreCancelled', 'Cancelled', 'WarnState')
        group by all
    """


def _incomplete(raw: RawPages) -> Iterator[tuple[str, int]]:
    """Accounts whose last list is not authoritative, and how often it was asked for."""
    for page in raw.answers:
        if not _is_authoritative(page):
            asked = sum(one.envelope.request == page.envelope.request for one in raw.pages)
            yield page.params.get("accountId", "the account"), asked


def _never_said_so(raw: RawPages) -> bool:
    """Whether the landings of the day before held lists, and none of them was authoritative."""
    before = raw.landed_before()
    paths = raw.raw.landings(raw.name, before.isoformat()) if before else []
    told = [Page(ORDERS, one) for path in paths for one in raw.raw.read(path) if is_good(one)]
    return bool(told) and not any(_is_authoritative(page) for page in told)


def _orders_on(page: Page) -> list[Any]:
    found = page.json.get("orders") if isinstance(page.json, dict) else None
    return found if isinstance(found, list) else []


def _is_authoritative(page: Page) -> bool:
    return isinstance(page.json, dict) and page.json.get("snapshot") is True
