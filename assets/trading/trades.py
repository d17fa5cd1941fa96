"""Trades: every execution of each account, under the id of the execution, by its own trading day.

The gateway tells today and the six days before; what has left that window cannot be had here any more (only from a
Flex statement). So each night asks for all seven days, and of an execution that was told several times the last
telling stays. The first reply of a brokerage session is often [], as if there were none: an empty one is asked for
again. A fill that was corrected comes as another execution, whose id differs in the last part only: `fill_id` is what
they share, and the highest `correction` is the one that counts.

Price and commission are text; the net amount is positive both ways and leaves the commission out; `position` is what
is held when the question is asked, not after the execution. No row names its currency: that is the instrument's.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from assets.kit.declare import ByYear, check, landing, table
from assets.kit.fetch import Fetch, RawPages
from assets.kit.parse import SIDES, flag, instant_as, worded
from assets.kit.schema import Row, column, derived, rule
from assets.kit.shape import Block, echoed, listed, rows
from resources.calendar.new_york import NEW_YORK
from resources.calendar.trading_days import calendar_of, trading_calendar
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.pacing import Limit

TRADES = Endpoint("/iserver/account/trades", limit=Limit(1, 5.0))
WINDOW_DAYS = 7
CALENDAR = "XNYS"
"""Of venues whose own calendar is not known."""
IN_CURRENCY = "instrument's currency"


def day_traded(trades: pd.DataFrame) -> "pd.Series[Any]":
    """The trading day of an execution, by the calendar of the exchange that lists the contract."""
    days = np.full(len(trades), np.datetime64("NaT", "D"))
    instants = trades["executed_at"].dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    listings = trades["listing_exchange"].fillna("")
    for listing in listings.unique():
        calendar = calendar_of(listing) or trading_calendar(CALENDAR)
        here = (listings == listing).to_numpy(dtype=bool)
        days[here] = calendar.traded_on(instants[here])
    return pd.Series(days.astype("datetime64[s]"), index=trades.index)


def _fill_id(trades: pd.DataFrame) -> "pd.Series[Any]":
    return trades["execution_id"].str.replace(r"\.[0-9]{1,4}$", "", regex=True)


def _correction(trades: pd.DataFrame) -> "pd.Series[Any]":
    return pd.to_numeric(trades["execution_id"].str.extract(r"\.([0-9]{1,4})$")[0]).astype("Int64")


def _signed(trades: pd.DataFrame) -> "pd.Series[Any]":
    return trades["size"] * trades["side"].map({"BUY": 1.0, "SELL": -1.0}).astype("Float64")


class Execution(Row):
    """One execution."""

    known = frozenset({"accountCode", "conidEx", "supports_tax_opt", "position", "clearing_id", "clearing_name"})

    execution_id: str = column("execution_id", "IBKR's id of the execution.")
    fill_id: str = derived(_fill_id, "The id without its last part: what an execution and its corrections share.")
    correction: int | None = derived(_correction, "Last part of the id; of one fill the highest counts.")
    account_id: str = column("account", "The account.")
    order_id: int | None = column("order_id", "IBKR's id of the order; newer gateways only.")
    order_reference: str | None = column("order_ref", "The id that the program that placed the order gave it.")
    conid: int = column("conid", "IBKR's contract id.", gt=0)
    symbol: str | None = column("symbol", "Symbol; of derivatives the underlying's.")
    name: str | None = column("company_name", "Name of the issuer, fund or pair.")
    asset_class: str | None = column("sec_type", "STK (ETFs too), OPT, FUT, BOND, CASH, BAG for a combination, ...")
    listing_exchange: str | None = column("listing_exchange", "Exchange of the listing.")
    contract_description: str | None = column("contract_description_1", "The contract in short.")
    contract_terms: str | None = column("contract_description_2", "Terms of a derivative.")
    description: str | None = column("order_description", "The execution in words.")
    executed_at: datetime = column("trade_time_r", "When it was executed.")
    written_at: datetime | None = column(
        "trade_time", "The same instant, as IBKR also writes it out.", parse=instant_as("%Y%m%d-%H:%M:%S")
    )
    trading_day: date = derived(day_traded, "Trading day of the execution, by the calendar of its listing exchange.")
    exchange: str | None = column("exchange", "Where it was executed.")
    side: str = column("side", "BUY or SELL.", parse=worded(SIDES), among=["BUY", "SELL"])
    size: float = column("size", "Units executed, without a sign.", unit="units", ge=0)
    quantity: float = derived(_signed, "Units executed; sold is negative.", unit="units")
    price: float = column("price", "Price, of bonds in percent of par.", unit=IN_CURRENCY)
    net_amount: float | None = column(
        "net_amount", "Size x price x multiplier, positive both ways, without the commission.", unit=IN_CURRENCY
    )
    commission: float | None = column("commission", "What IBKR charged; a rebate is negative.", unit=IN_CURRENCY)
    allocation_name: str | None = column("account_allocation_name", "Account that it was allocated to.")
    submitter: str | None = column("submitter", "Username that placed the order.")
    is_liquidation: bool | None = column("liquidation_trade", "Whether IBKR closed the position.", parse=flag)
    is_event_trading: bool | None = column("is_event_trading", "Whether it is in an event contract.", parse=flag)

    @rule
    def tells_one_instant(trades: pd.DataFrame) -> Any:
        """Both forms of the execution's time are the same second."""
        apart = (trades["executed_at"] - trades["written_at"]).abs() >= pd.Timedelta(seconds=1)
        return ~apart.fillna(value=False).astype(bool)

    @rule
    def has_a_trading_day(trades: pd.DataFrame) -> Any:
        """Was executed in years that the calendar of its exchange knows."""
        return trades["trading_day"].notna() | trades["executed_at"].isna()


@landing(TRADES, time="windowed", window_days=WINDOW_DAYS)
def raw_trades(fetch: Fetch) -> Iterator[Page]:
    """Seven days of every account's executions; an empty reply is asked for again."""
    for account in fetch.account_queries:
        query = {"days": WINDOW_DAYS, **account}
        page = fetch.gateway.ask(TRADES, query=query)
        yield page
        if page.json == []:
            yield fetch.gateway.ask(TRADES, query=query)


@table(Execution, raw=raw_trades, key=["execution_id"], storage=ByYear(waits_for_close=False))
def trades(page: Page) -> Block:
    """Every execution that was ever told."""
    block = rows(listed(page.json))
    asked = page.params.get("accountId")
    if asked is not None:
        echoed("account", (one.get(name) for one in block.records for name in ("account", "accountCode")), [asked])
    return block


@check(raw_trades)
def nothing_traded_was_told_twice(raw: RawPages) -> Iterator[str]:
    """An account without executions said so twice: the first reply of a session says so whatever there is."""
    for page in raw.answers:
        told = [one for one in raw.pages if one.envelope.request == page.envelope.request]
        if page.json == [] and len(told) < 2:
            yield f"the executions of {page.params.get('accountId', 'the account')}: [] came, and was not asked again"


@check(raw_trades)
def every_execution_is_of_a_known_account(raw: RawPages) -> Iterator[str]:
    """Each execution's account is one that the login can see: a single account is not named when it is asked for."""
    replies = (page.json for page in raw.answers if isinstance(page.json, list))
    told = (one.get("account") for reply in replies for one in reply if isinstance(one, dict))
    for stranger in sorted(raw.strangers(told)):
        yield f"executions of {stranger} came, which is none of the login's accounts"


@check(raw_trades, is_blocking=False)
def no_day_leaves_the_window_unseen(raw: RawPages) -> Iterator[str]:
    """The landing before this one was soon enough that no trading day has left, or was about to leave, the window.

    Does not block: what is lost stays lost, and a night that is held back would lose the next day too.
    """
    before = raw.landed_before() if raw.answers else None
    if before is None:
        return
    told_at = min(page.envelope.received_at for page in raw.answers).astimezone(NEW_YORK)
    first = told_at.date() - timedelta(days=WINDOW_DAYS - 1)
    unseen = [day.item() for day in raw.calendar.between(before + timedelta(days=1), raw.day)]
    lost = [day.isoformat() for day in unseen if day < first]
    if lost:
        yield (
            f"trades were last landed for {before}, and the gateway tells them from {first} on: those of "
            f"{', '.join(lost)} cannot be had here any more. Take them from a Flex statement"
        )
    elif first in unseen:
        yield f"trades were last landed for {before}: {first} was in the window for the last day. Land them more often"


@check(trades, needs=["positions", "ledger"], is_blocking=False)
def position_changes_are_trades() -> str:
    """What an account holds more or less than on the last trading day it was kept, it bought or sold in between.

    What expired went without a trade; currencies and combinations are held as something else. Both days must lie in
    one window. Does not block: splits, mergers, transfers and the exercise of options change positions too.
    """
    return """
        with held as (
            select account_id, trading_day, conid, asset_class, quantity, expiry_day, observed_at
            from positions_history where trading_day >= (select min(trading_day) from ledger) - 6
        ),
        days as (
            select l.account_id, l.trading_day, coalesce(max(h.observed_at), max(l.observed_at)) as read_at
            from ledger_history l left join held h using (account_id, trading_day)
            where l.trading_day >= (select min(trading_day) from ledger) - 6
            group by all
        ),
        spans as (
            select *, lag(trading_day) over account as day_before, lag(read_at) over account as read_before
            from days window account as (partition by account_id order by trading_day)
            qualify day_before is not null and trading_day in (select trading_day from ledger)
        ),
        counted as (
            select * from trades_history
            qualify row_number() over (partition by account_id, fill_id order by correction desc nulls last) = 1
        ),
        moves as (
            select s.account_id, s.trading_day, s.day_before, h.conid, h.asset_class, h.expiry_day,
                   h.quantity as quantity, 0 as quantity_before, 0 as traded
            from spans s join held h using (account_id, trading_day)
            union all
            select s.account_id, s.trading_day, s.day_before, h.conid, h.asset_class, h.expiry_day, 0, h.quantity, 0
            from spans s join held h on h.account_id = s.account_id and h.trading_day = s.day_before
            union all
            select s.account_id, s.trading_day, s.day_before, t.conid, t.asset_class, null, 0, 0, t.quantity
            from spans s join counted t
              on t.account_id = s.account_id and t.executed_at > s.read_before and t.executed_at <= s.read_at
        )
        select account_id, trading_day, day_before, conid, sum(quantity) as quantity,
               sum(quantity_before) as quantity_before, sum(traded) as traded,
               sum(quantity) - sum(quantity_before) - sum(traded) as unexplained
        from moves where asset_class is null or asset_class not in ('CASH', 'BAG')
        group by account_id, trading_day, day_before, conid
        having abs(unexplained) > 1e-6
           and not coalesce(sum(quantity) = 0 and max(expiry_day) <= trading_day, false)
        order by abs(unexplained) desc
    """


@check(trades, needs=["instruments"], is_blocking=False)
def net_amount_is_size_times_price() -> str:
    """The net amount of what was told last is size x price x multiplier, within the commission.

    Looked at where the multiplier is known. Does not block: nobody documents the net amount, and the size and price
    are true without it.
    """
    return """
        with multipliers as (
            select conid, arg_max(coalesce(multiplier, case asset_class when 'BOND' then 0.01 else 1 end), trading_day)
                   as multiplier
            from instruments_history group by conid
        ),
        reckoned as (
            select t.*, size * price * coalesce(m.multiplier, 1) as expected_amount
            from trades t left join multipliers m using (conid)
            where (m.conid is not null or asset_class = 'STK')
              and run_id = (select arg_max(run_id, observed_at) from trades)
        )
        select trading_day, execution_id, account_id, conid, size, price, net_amount, expected_amount, commission
        from reckoned
        where abs(net_amount - expected_amount)
            > abs(coalesce(commission, 0)) + 0.011 + 1e-6 * abs(expected_amount)
    """


@check(trades, is_blocking=False)
def no_commission_is_negative() -> str:
    """Each commission of what was told last was charged, not paid to the account.

    Does not block: an exchange may pay for liquidity, so that a rebate is seldom, but true.
    """
    return """
        select trading_day, execution_id, account_id, conid, commission from trades
        where commission < 0 and run_id = (select arg_max(run_id, observed_at) from trades)
    """
