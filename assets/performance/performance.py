"""Performance: IBKR's own daily NAV, cumulative returns and monthly returns, per account, as told each day.

One reply feeds three tables. Its families each carry their own dates, and values align with those by position only.
Every night's series is kept as a vintage (`trading_day`), since IBKR restates what it told before.

Two endpoints tell it. `/pa/performance` tells all three families, of one account: several in one request come as one
consolidated series, and the next may be asked 15 minutes later. `/pa/allperiods` tells several accounts apart in one
request without that limit, each under its id as a key, the same days and values, but no months (these cannot be
reckoned from the rest: the first month is told whole, though the window begins in the midst of it). So a login with
one account asks for performance; one with several asks for all periods of all of them, and for performance of one,
by turns: their months come a night each, so that a day may tell of fewer than the day before, and nobody waits.
Where a gateway does not know all periods, every account is asked for performance and waits its quarter of an hour,
unless the configuration says that the limit is each account's own. Replies of either kind in raw are read alike.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from assets.kit.conform import UNKNOWN_SHAPE
from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.parse import day, month
from assets.kit.schema import Row, column
from assets.kit.shape import Block, ShapeError, echoed, keyed, keyed_if_any, listed, paired, rows
from assets.kit.tolerance import Tolerance
from resources.calendar.trading_days import TradingCalendar
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import Refused
from resources.gateway.pacing import Limit
from resources.warehouse.source import literal

EVERY_15_MINUTES = Limit(1, 900)
PERFORMANCE = Endpoint("/pa/performance", method="POST", limit=EVERY_15_MINUTES)
ALL_PERIODS = Endpoint("/pa/allperiods", method="POST")
PERFORMANCE_BY_GET = Endpoint("/pa/performance", limit=EVERY_15_MINUTES)
PERIOD = "1Y"
PERIODS = {"1D", "7D", "MTD", "1M", "YTD", PERIOD}
FIRST_TURN = dt.date(2000, 1, 3)
OF_A_SERIES = f"starts_with(reasons[1], {literal(UNKNOWN_SHAPE)})"
"""Of rejected rows those that are whole replies: a single value that cannot be read holds nothing up."""


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


@landing(ALL_PERIODS, PERFORMANCE, PERFORMANCE_BY_GET, time="windowed", window_days=365)
def raw_performance(fetch: Fetch) -> Iterator[Page]:
    """A year of every account's performance, as the gateway sent it."""
    accounts = fetch.account_ids
    if len(accounts) > 1 and not fetch.scope.is_performance_limit_per_account:
        try:
            yield fetch.gateway.ask(ALL_PERIODS, body={"acctIds": accounts})
            accounts = [whose_turn(accounts, fetch.day, fetch.calendar)]
        except Refused:
            fetch.say("the gateway does not tell all periods: each account is asked for in turn")
    for account_id in accounts:
        yield _one_account(account_id, fetch)


@table(NetAssetValue, raw=raw_performance, key=["account_id", "date"])
def nav(page: Page) -> Block:
    """Net asset value by day, a year back, as told on the trading day."""
    return _series(page, family="nav", values="navs", named="nav")


@table(CumulativeReturn, raw=raw_performance, key=["account_id", "date"])
def cumulative_returns(page: Page) -> Block:
    """Cumulative time-weighted return by day, a year back, as told on the trading day."""
    return _series(page, family="cps", values="returns", named="return")


@table(PeriodReturn, raw=raw_performance, key=["account_id", "month"], shrinks="freely")
def period_returns(page: Page) -> Block:
    """Time-weighted return by month, a year back, as told on the trading day."""
    return _series(page, family="tpps", values="returns", named="return")


@check(nav)
def values_align_with_their_dates() -> str:
    """No series was rejected for having more dates than values, and no date is in the future.

    A night that lands in the morning, or on a holiday, is told of days after its trading day.
    """
    return f"""
        select trading_day, null as account_id, null as date, reasons[1] as problem from rejected where {OF_A_SERIES}
        union all
        select trading_day, account_id, date, 'later than the day it was told on' from nav
        where date > (observed_at at time zone 'Asia/Tokyo')::date
    """


@check(nav, needs=["accounts"], is_blocking=False)
def every_account_has_a_value() -> str:
    """The accounts of the day each have a value.

    Does not block: of an account that was opened just now IBKR has none yet.
    """
    return "select trading_day, account_id from accounts anti join nav using (trading_day, account_id)"


@check(nav, needs=["ledger"], is_blocking=False, tolerance=Tolerance(amount=0.005, share=0.005))
def nav_is_the_net_liquidation_of_the_ledger() -> str:
    """A NAV told for a day is what the ledger said that day, within half a percent.

    The two are taken at different minutes: the ledger when the night asks, the NAV at the end of IBKR's day.
    Does not block: a deposit between the two is no fault, and its day is told again for a year, in every night.
    """
    return """
        select n.trading_day, n.account_id, n.date, n.nav, l.net_liquidation,
               n.nav - l.net_liquidation as residual, l.net_liquidation as size
        from nav n join ledger_history l
          on l.trading_day = n.date and l.account_id = n.account_id and l.currency = 'BASE'
    """


@check(nav, is_blocking=False)
def no_nav_stands_apart_from_the_days_around_it() -> str:
    """No value is less than half or more than twice the median of the ten days before and after.

    Does not block: a large deposit looks alike. Seen live: a tenth of the account's value, here and there for weeks.
    """
    return """
        with around as (
            select trading_day, account_id, date, nav, median(nav) over (
                partition by trading_day, account_id order by date rows between 10 preceding and 10 following
            ) as usual
            from nav
        )
        select * from around where usual > 0 and (nav < usual / 2 or nav > usual * 2) order by account_id, date
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
    return f"select trading_day, reasons[1] as problem from rejected where {OF_A_SERIES}"


@check(period_returns)
def months_align_with_their_returns() -> str:
    """No series of monthly returns was rejected for having more months than values."""
    return f"select trading_day, reasons[1] as problem from rejected where {OF_A_SERIES}"


def _one_account(account_id: str, fetch: Fetch) -> Page:
    counted_as = account_id if fetch.scope.is_performance_limit_per_account else ""
    try:
        body = {"acctIds": [account_id], "period": PERIOD}
        return fetch.gateway.ask(PERFORMANCE, body=body, counted_as=counted_as)
    except Refused:  # older gateways know only GET
        query = {"acctIds": account_id, "period": PERIOD}
        return fetch.gateway.ask(PERFORMANCE_BY_GET, query=query, counted_as=counted_as)


def whose_turn(accounts: Sequence[str], on: dt.date, calendar: TradingCalendar) -> str:
    """Another account each trading day, the same whenever that day is landed."""
    passed = len(calendar.between(FIRST_TURN, on))
    return accounts[passed % len(accounts)]


def _series(page: Page, *, family: str, values: str, named: str) -> Block:
    """One family's dates beside its values; the rest of the row holds for all of them."""
    if page.endpoint is ALL_PERIODS:
        return rows(_of_the_year(page, family=family, named=named))
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


def _of_the_year(page: Page, *, family: str, named: str) -> Iterator[dict[str, Any]]:
    """The longest period, account by account; months are not told, and an account may have no days yet."""
    reply, asked = keyed(page.json), _accounts_asked(page)
    told = [
        name for name, about in reply.items() if name in asked or (isinstance(about, dict) and PERIODS & set(about))
    ]
    echoed("account", [*told, *listed(reply.get("included") or [])], asked)
    for account_id in told:
        about = keyed(reply[account_id])
        longest = _longest(about)
        if family in longest:
            for record in paired(longest["dates"], longest[family], date="date", value=named):
                yield {**record, "id": account_id, "baseCurrency": about.get("baseCurrency")}


def _longest(about: dict[str, Any]) -> dict[str, Any]:
    """The year, or of what is told instead the period with the most days (seen live: 1D, 7D and YTD alone)."""
    periods = [keyed(about[name]) for name in sorted(PERIODS & set(about)) if about[name] is not None]
    year = keyed_if_any(about.get(PERIOD))
    return year or max(periods, key=lambda one: len(listed(one.get("dates"))), default={})


def _accounts_asked(page: Page) -> list[str]:
    """The body names them in a list, the query in a text."""
    asked = page.params["acctIds"]
    return asked if isinstance(asked, list) else str(asked).split(",")
