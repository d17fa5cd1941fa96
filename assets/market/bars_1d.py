"""Daily bars of everything held or watched: open, high, low, close, volume in units.

Asked for: only trading days of the contract's own exchange that are not held yet, in the fewest
windows; `startTime` is a window's end, and to reach a day's bar it must lie on the day after. A day
that the exchange was open but the reply has no bar for is asked for a second time before it counts as
empty, and so is what lies before the first bar of a contract. What the ledger `bar_coverage` knows to be empty is not
asked for every night. What the gateway has no daily history of (options) is not asked for: see `bars.asset_classes`.

A bar starts at its session's open; sessions that open after 21:00 UTC (FX, futures) are the next
day's, so the trading day is the UTC date three hours later. Volume comes divided by `volumeFactor`
(100 for US stocks in builds from 2024 on): units are their product, both factors are kept. Bars
already are prices: `priceFactor` is not for them. Today's bar is stored after the close only.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from assets.kit.bar_replies import require_before_the_end
from assets.kit.declare import ByYear, check, landing, table
from assets.kit.fetch import Fetch, RawPages
from assets.kit.gaps import read_gaps
from assets.kit.held import held_days
from assets.kit.listings import listed_on, named_otherwise
from assets.kit.parse import Parsed, epoch_ms
from assets.kit.schema import Row, column, derived, rule
from assets.kit.shape import Block, echoed, keyed, listed, rows
from assets.kit.windows import BARS_PER_REQUEST, SLACK, STAMP, Window, end_of_day, missing_days, period_of, windows
from resources.calendar.trading_days import Days, TradingCalendar, calendar_of
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import NoData

HISTORY = Endpoint("/iserver/marketdata/history", concurrent=5, cold_tries=3)
SECONDS_OF_A_DAY = 86_400


def session_day(raw: "pd.Series[Any]") -> Parsed:
    """The trading day of a daily bar from its start: the UTC date three hours later."""
    instants, unusable = epoch_ms(raw)
    return Parsed((instants + pd.Timedelta(hours=3)).dt.tz_localize(None).dt.normalize(), unusable)


class DailyBar(Row):
    """One contract's prices of one trading day."""

    known = frozenset()

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    bar_start: datetime = column("t", "When the bar's session opened.", parse=epoch_ms)
    trading_day: date = column("t", "Trading day of the bar.", parse=session_day)
    open: float = column("o", "First price.", unit="instrument's currency")
    high: float = column("h", "Highest price.", unit="instrument's currency")
    low: float = column("l", "Lowest price.", unit="instrument's currency")
    close: float = column("c", "Last price.", unit="instrument's currency")
    wire_volume: float = column("v", "Volume as the gateway gave it, in multiples of `volume_factor`.", ge=0)
    volume_factor: float = column("volumeFactor", "Units per unit of `wire_volume`.", gt=0)
    volume: float = derived(
        lambda bars: (bars["wire_volume"] * bars["volume_factor"]).round(6), "Volume traded.", unit="units"
    )

    @rule
    def lies_between_low_and_high(bars: pd.DataFrame) -> Any:
        """Open and close lie between low and high."""
        low, high = bars["low"], bars["high"]
        outside = (low > bars["open"]) | (low > bars["close"]) | (high < bars["open"]) | (high < bars["close"])
        return ~outside.fillna(value=False).astype(bool)


@landing(HISTORY, time="replayable", needs=["instruments"], is_ranged=True)
def raw_bars_1d(fetch: Fetch) -> Iterator[Page]:
    """The daily bars that are missing, in the fewest requests, of as many contracts at once as the API allows."""
    yield from fetch.gateway.side_by_side(HISTORY, _per_contract(fetch))


@table(DailyBar, raw=raw_bars_1d, key=["conid", "bar_start"], storage=ByYear())
def bars_1d(page: Page) -> Block:
    """Daily bars of everything held or watched."""
    reply = keyed(page.json)
    echoed("bars of seconds", [reply.get("barLength")], [SECONDS_OF_A_DAY])
    block = rows(listed(reply["data"]), conid=page.params["conid"], volumeFactor=reply.get("volumeFactor"))
    require_before_the_end(page, block.records)
    return block


@check(raw_bars_1d)
def every_reply_is_of_the_contract_asked_for(raw: RawPages) -> Iterator[str]:
    """A reply names its contract by symbol only: that is the one its definition has."""
    yield from named_otherwise(raw)


@check(bars_1d, is_blocking=False)
def no_price_jumps_by_half() -> str:
    """No close is less than half or more than twice the one before.

    Does not block: a crash, a split and a wrong price look alike from here; each is listed to be looked at.
    """
    return """
        with steps as (
            select conid, trading_day, close, lag(close) over (partition by conid order by bar_start) as close_before
            from bars_1d
        )
        select * from steps where close_before > 0 and (close / close_before < 0.5 or close / close_before > 2)
        order by conid, trading_day
    """


def _per_contract(fetch: Fetch) -> Iterator[Iterator[Page]]:
    held = held_days(fetch.tables, "bars_1d")
    gaps = read_gaps(fetch.raw, "1d", now=fetch.gateway.now, most_days=fetch.scope.bars_ask_empty_again_days)
    for contract in listed_on(fetch.tables, fetch.day, set(fetch.scope.bars_asset_classes)):
        conid, calendar = contract.conid, calendar_of(contract.exchange) or fetch.calendar
        sessions = _closed_sessions(fetch, calendar, gaps.begins(conid, held.get(conid)))
        missing = missing_days(sessions, held[conid]) if conid in held else sessions
        missing = gaps.to_ask(conid, missing, is_held=conid in held)
        yield _filled_or_said(fetch, conid, sessions, missing)


def _filled_or_said(fetch: Fetch, conid: int, sessions: Days, missing: Days) -> Iterator[Page]:
    try:
        yield from _fill(fetch, conid, sessions, missing)
    except NoData as nothing:
        fetch.say(f"contract {conid}: {nothing}")


def _fill(fetch: Fetch, conid: int, sessions: Days, missing: Days) -> Iterator[Page]:
    """Ask until each missing day was answered, those that came without a bar twice."""
    got: Days = np.array([], dtype="datetime64[D]")
    for todo in (missing, None):
        left = _without_bar(missing, got) if todo is None else todo
        while len(left):
            window = next(windows(sessions, left))
            page = _ask(fetch, conid, window)
            yield page
            days = _days_in(page)
            got = np.union1d(got, days)
            left = _unanswered(left, window, days)


def _unanswered(left: Days, window: Window, days: Days) -> Days:
    """What a window's reply leaves to ask: what a clipped reply did not reach, nothing before a life began."""
    limit = np.datetime64(window.first)
    is_clipped = len(days) >= BARS_PER_REQUEST - SLACK and days[0] <= np.datetime64(window.last)
    if is_clipped:
        limit = days[0]
    elif len(days) and days[0] > limit:
        return left[:0]
    rest: Days = left[left < limit]
    return rest


def _without_bar(missing: Days, got: Days) -> Days:
    """Days to ask for again; those before the first bar with its day, so that not nothing is the right answer."""
    if not len(got):
        return missing[:0]
    holes: Days = missing[~np.isin(missing, got)]
    return np.union1d(holes, got[:1]) if len(holes) and holes[0] < got[0] else holes


def _ask(fetch: Fetch, conid: int, window: Window) -> Page:
    query = {"conid": conid, "period": period_of(window), "bar": "1d", "outsideRth": "false"}
    day_after = end_of_day(window.last)
    if day_after <= fetch.gateway.now:
        query["startTime"] = f"{day_after:{STAMP}}"
    return fetch.gateway.ask(HISTORY, query=query)


def _closed_sessions(fetch: Fetch, calendar: TradingCalendar, begins: date | None) -> Days:
    """The trading days to have: of the run's range, or from the first (or the depth back) to the day."""
    last = min(fetch.day, calendar.latest_closed(fetch.gateway.now))
    if len(fetch.days) > 1:
        return calendar.between(fetch.days[0], last)
    sessions = calendar.between(fetch.scope.bars_from, last)
    return (
        sessions[sessions >= np.datetime64(begins)] if begins is not None else sessions[-fetch.scope.bars_depth_days :]
    )


def _days_in(page: Page) -> Days:
    bars = page.json.get("data") if isinstance(page.json, dict) else None
    starts = pd.Series([bar.get("t") for bar in bars or [] if isinstance(bar, dict)], dtype=object)
    days = session_day(starts).values.dropna()
    return np.unique(days.to_numpy().astype("datetime64[D]"))
