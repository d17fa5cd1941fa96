"""Performance: IBKR's own daily NAV, cumulative returns and monthly returns, per account, as told each day.

One reply feeds three tables. Its three families each carry their own dates, and values align with
those by position only. Every night's series is kept as a vintage (`trading_day`), since IBKR restates
what it told before. Several accounts in one request give one consolidated series, so each account is
asked for alone; the documented limit is one request per 15 minutes, which a login with several
accounts waits out unless the configuration says that its gateway counts per account.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from assets.kit.declare import Fetch, check, landing, table
from assets.kit.parse import day, month
from assets.kit.schema import Row, column
from assets.kit.shape import Block, ShapeError, echoed, keyed, listed, paired, rows
from assets.kit.tolerance import Tolerance
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import Refused
from resources.gateway.pacing import Limit

EVERY_15_MINUTES = Limit(1, 900)
PERFORMANCE = Endpoint("/pa/performance", method="POST", limit=EVERY_15_MINUTES)
PERFORMANCE_BY_GET = Endpoint("/pa/performance", limit=EVERY_15_MINUTES)
PERIOD = "1Y"


class NetAssetValue(Row):
    """Net asset value of one account at the end of one day, as told on `trading_day`."""

    account_id: str = column("id", "The account.")
    date: dt.date = column(
        "date", "Day that the value is of; weekdays that are holidays repeat the value before.", parse=day
    )
    nav: float = column("nav", "Net asset value at the end of the day.", unit="`currency`")
    currency: str = column("baseCurrency", "Base currency of the account.", pattern="^[A-Z]{3}$")


class CumulativeReturn(Row):
    """Time-weighted return from the start of the window to the end of one day."""

    known = frozenset({"baseCurrency"})

    account_id: str = column("id", "The account.")
    date: dt.date = column("date", "Last day of the return.", parse=day)
    cumulative_return: float = column("return", "Return since the window began.", unit="fraction, 0.01 is 1 %")


class PeriodReturn(Row):
    """Time-weighted return of one month."""

    known = frozenset({"baseCurrency"})

    account_id: str = column("id", "The account.")
    month: dt.date = column("date", "First day of the month.", parse=month)
    period_return: float = column("return", "Return of the month, or of its part inside the window.", unit="fraction")


@landing(PERFORMANCE, PERFORMANCE_BY_GET, time="windowed", window_days=365)
def raw_performance(fetch: Fetch) -> Iterator[Page]:
    """A year of every account's performance, as the gateway sent it."""
    for account_id in fetch.account_ids:
        body = {"acctIds": [account_id], "period": PERIOD}
        counted_as = account_id if fetch.scope.is_performance_limit_per_account else ""
        try:
            yield fetch.gateway.ask(PERFORMANCE, body=body, counted_as=counted_as)
        except Refused:  # older gateways know only GET
            query = {"acctIds": account_id, "period": PERIOD}
            yield fetch.gateway.ask(PERFORMANCE_BY_GET, query=query, counted_as=counted_as)


@table(NetAssetValue, raw=raw_performance, key=["account_id", "date"])
def nav(page: Page) -> Block:
    """Net asset value by day, a year back, as told on the trading day."""
    return _series(page, family="nav", values="navs", named="nav")


@table(CumulativeReturn, raw=raw_performance, key=["account_id", "date"])
def cumulative_returns(page: Page) -> Block:
    """Cumulative time-weighted return by day, a year back, as told on the trading day."""
    return _series(page, family="cps", values="returns", named="return")


@table(PeriodReturn, raw=raw_performance, key=["account_id", "month"])
def period_returns(page: Page) -> Block:
    """Time-weighted return by month, a year back, as told on the trading day."""
    return _series(page, family="tpps", values="returns", named="return")


@check(nav)
def values_align_with_their_dates() -> str:
    """No series was rejected for having more dates than values, and no date is in the future."""
    return """
        select trading_day, null as account_id, null as date, reasons[1] as problem from rejected
        union all
        select trading_day, account_id, date, 'later than the day it was told on' from nav where date > trading_day
    """


@check(nav, needs=["ledger"], tolerance=Tolerance(amount=0.005, share=0.005))
def nav_is_the_net_liquidation_of_the_ledger() -> str:
    """A NAV told for a day is what the ledger said that day, within half a percent.

    The two are taken at different minutes: the ledger when the night asks, the NAV at the end of IBKR's day.
    """
    return """
        select n.trading_day, n.account_id, n.date, n.nav, l.net_liquidation,
               n.nav - l.net_liquidation as residual, l.net_liquidation as size
        from nav n join ledger_history l
          on l.trading_day = n.date and l.account_id = n.account_id and l.currency = 'BASE'
    """


@check(nav, is_blocking=False, tolerance=Tolerance(amount=0.01))
def no_earlier_nav_was_restated() -> str:
    """NAVs told before are told again unchanged.

    Does not block: a restatement is IBKR's correction; the offenders are the diff.
    """
    return """
        with before as (
            select * from nav_history
            where trading_day = (
                select max(trading_day) from nav_history where trading_day < (select min(trading_day) from nav)
            )
        )
        select account_id, date, before.trading_day as told_before_on, before.nav as told_before, now.nav as told_now,
               now.nav - before.nav as residual, now.nav as size
        from nav as now join before using (account_id, date)
        where date < before.trading_day
    """


@check(cumulative_returns)
def returns_align_with_their_dates() -> str:
    """No series of returns was rejected for having more dates than values."""
    return "select trading_day, reasons[1] as problem from rejected"


@check(period_returns)
def months_align_with_their_returns() -> str:
    """No series of monthly returns was rejected for having more months than values."""
    return "select trading_day, reasons[1] as problem from rejected"


def _series(page: Page, *, family: str, values: str, named: str) -> Block:
    """One family's dates beside its values; the rest of the row holds for all of them."""
    found = keyed(keyed(page.json)[family])
    series = [keyed(one) for one in listed(found["data"])]
    echoed("account", (one.get("id") for one in series), _accounts_asked(page))
    records: list[dict[str, Any]] = []
    for one in series:
        for record in paired(found["dates"], one[values], date="date", value=named):
            records.append({**record, "id": one["id"], "baseCurrency": one.get("baseCurrency")})
    if not series and found["dates"]:
        raise ShapeError(f"{family} has dates but no series")
    return rows(records)


def _accounts_asked(page: Page) -> list[str]:
    """The body names them in a list, the query in a text."""
    asked = page.params["acctIds"]
    return asked if isinstance(asked, list) else str(asked).split(",")
