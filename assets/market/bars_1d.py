"""Daily bars of everything held or watched: open, high, low, close, volume in units.

Asked for: only trading days of the contract's own exchange that are not held yet, in the fewest
windows; `startTime` is a window's end, and to reach a day's bar it must lie on the day after. A day
that the exchange was open but the reply has no bar for is asked for a second time before it counts as
empty, and so is what lies before the first bar of a contract. What the ledger `bar_coverage` knows to be empty is not
asked for every night. What the gateway has no daily history of (options) is not asked for: see `bars.asset_classes`.

The gateway adjusts all bars before a split. So bars stay as they were observed first, each with its `observed_at`, and
a few that are held are read again beside those that are missing, in the same request: `corporate_actions` compares
them and keeps what differs, and `bars_adjusted` adjusts when it is read. Superseding them would leave a table of old
and new shares mixed, in which nobody could tell what had been known when.

A bar starts at its session's open, which futures and currencies have the evening before: the trading day is told by
the calendar of the contract's exchange. A bar is stored once the session there has ended, and not asked for before; at
a venue that nobody knows, once the owner's exchange has closed. Volume comes divided by `volumeFactor` (100 for US
stocks in builds from 2024 on): units are their product, both factors are kept. Bars already are prices: `priceFactor`
is not for them.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from assets.kit.bars.daily import days_in, ended
from assets.kit.bars.gaps import read_gaps
from assets.kit.bars.held import held_days
from assets.kit.bars.known import ends_in_the_past
from assets.kit.bars.prices import PriceBar
from assets.kit.bars.replies import require_before_the_end
from assets.kit.bars.windows import (
    BARS_PER_REQUEST,
    SLACK,
    STAMP,
    Window,
    end_of_day,
    missing_days,
    overlapping,
    period_of,
    windows,
    without_bar,
)
from assets.kit.declare import ByYear, check, landing, table
from assets.kit.fetch import Fetch, RawPages
from assets.kit.listings import Listed, Listings, listed_on, named_otherwise, undefined
from assets.kit.parse import epoch_ms
from assets.kit.quote import Load, Plan
from assets.kit.schema import column
from assets.kit.shape import Block, echoed, keyed, listed, rows
from resources.calendar.hours import latest_ended
from resources.calendar.trading_days import Days, TradingCalendar, calendar_of
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.side_by_side import InTurns

HISTORY = Endpoint("/iserver/marketdata/history", concurrent=5, cold_tries=3)
SECONDS_OF_A_DAY = 86_400
NEARBY = timedelta(days=21)  # in which the overlap of a window lies, whatever the holidays


class DailyBar(PriceBar):
    """One contract's prices of one trading day."""

    bar_start: datetime = column("t", "When the bar's session opened.", parse=epoch_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily(Load):
    """A load of daily bars: the calendar of the contract's exchange, and the days that are held."""

    calendar: TradingCalendar
    held: Days


def plan(fetch: Fetch) -> Plan:
    """The daily bars that are missing, in the fewest requests; what is known to be empty rests until it is due."""
    held, loads = held_days(fetch.tables, "bars_1d"), []
    gaps = read_gaps(fetch.raw, "1d", now=fetch.gateway.now, most_days=fetch.scope.bars_ask_empty_again_days)
    for contract in listed_on(fetch.tables, fetch.day, set(fetch.scope.bars_asset_classes)):
        conid, calendar = contract.conid, calendar_of(contract.exchange) or fetch.calendar
        sessions = _ended_sessions(fetch, contract, calendar, gaps.begins(conid, held.get(conid)))
        lacking = missing_days(sessions, held[conid]) if conid in held else sessions
        missing = gaps.to_ask(conid, lacking, is_held=conid in held)
        own, empty = held.get(conid, missing[:0]), len(lacking) - len(missing)
        wide = (_widened(calendar, own, one) for one in windows(sessions, missing))
        asked = tuple(HISTORY.request(query=_query(fetch, conid, one)) for one in wide)
        loads.append(Daily(conid, sessions, missing, asked, empty, calendar=calendar, held=own))
    return Plan(loads, undefined(fetch))


@landing(HISTORY, time="replayable", needs=["instruments"], is_ranged=True, plan=plan, is_settled=ends_in_the_past)
def raw_bars_1d(fetch: Fetch) -> Iterator[Page]:
    """The daily bars that are missing, as planned, of as many contracts at once as the API allows, the newest first."""
    contracts = deque(fetch.carried_out(load, _fill(fetch, load)) for load in fetch.plan.loads)
    yield from fetch.gateway.side_by_side(HISTORY, InTurns(contracts))


@table(
    DailyBar,
    raw=raw_bars_1d,
    key=["conid", "bar_start"],
    storage=ByYear(stands="first"),
    needs=["instruments"],
    given=Listings,
    columnar="data",
)
def bars_1d(page: Page, listings: Listings) -> Block:
    """Daily bars of everything held or watched."""
    reply, conid = keyed(page.json), page.params["conid"]
    echoed("bars of seconds", [reply.get("barLength")], [SECONDS_OF_A_DAY])
    bars: Sequence[Any] = listed(reply["data"])
    require_before_the_end(page, bars)
    calendar = calendar_of(listings.exchange_of(int(conid)))
    bars = bars if calendar is None else ended(page, bars, calendar)
    return rows(bars, conid=conid, volumeFactor=reply.get("volumeFactor"), calendar=calendar and calendar.name)


@check(raw_bars_1d)
def every_reply_is_of_the_contract_asked_for(raw: RawPages) -> Iterator[str]:
    """A reply names its contract by symbol only: that is the one its definition has."""
    yield from named_otherwise(raw)


def _widened(calendar: TradingCalendar, held: Days, window: Window) -> Window:
    around = calendar.between(window.first - NEARBY, window.last + NEARBY)
    return overlapping(window, around, held)


def _fill(fetch: Fetch, load: Load) -> Iterator[Page]:
    """Ask until each missing day was answered, those that came without a bar twice."""
    assert isinstance(load, Daily)
    got: Days = np.array([], dtype="datetime64[D]")
    for again in (False, True):
        left = without_bar(load.missing, got) if again else load.missing
        while len(left):
            window = next(windows(load.sessions, left))
            wide = _widened(load.calendar, load.held, window)
            page = fetch.planned(HISTORY, _query(fetch, load.conid, wide))
            days = days_in(page, load.calendar)
            got = np.union1d(got, days)
            left = _unanswered(left, window, days)
            fetch.left(load, left if again else np.union1d(left, missing_days(load.missing, got)))
            yield page


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


def _query(fetch: Fetch, conid: int, window: Window) -> dict[str, Any]:
    query = {"conid": conid, "period": period_of(window), "bar": "1d", "outsideRth": "false"}
    day_after = end_of_day(window.last)
    if day_after <= fetch.gateway.now:
        query["startTime"] = f"{day_after:{STAMP}}"
    return query


def _ended_sessions(fetch: Fetch, contract: Listed, calendar: TradingCalendar, begins: date | None) -> Days:
    """The trading days to have: of the run's range, or from the first (or the depth back) to the day."""
    ended_day, _ = latest_ended(calendar, fetch.gateway.now)
    last = min(fetch.day, ended_day, contract.last_day or fetch.day)
    if len(fetch.days) > 1:
        return calendar.between(fetch.days[0], last)
    sessions = calendar.between(fetch.scope.bars_from, last)
    return (
        sessions[sessions >= np.datetime64(begins)] if begins is not None else sessions[-fetch.scope.bars_depth_days :]
    )
