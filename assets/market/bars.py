"""Bars of any size below a day, of everything held or watched: a dataset for each size that the owner configures.

`[bars] sizes = ["1d", "1h"]` declares `bars_1h` beside `bars_1d`, which has a file of its own. Asked for: only what
the rows that are held do not answer, in the fewest windows, which may begin and end in the middle of a day.

A bar starts at a UTC instant. Its trading day is told by the calendar of the contract's exchange, since sessions of
futures and currencies open the evening before: where a contract is listed its definition says, not the reply. A bar is
stored once it has ended; quotes that come late (`mktDataDelay`) tell of it that much later. A bar at the beginning or
end of a session counts as a whole one here, so the half hour from 9:30 of hourly bars is stored from 10:30 on.

Bars of 15 minutes and more lie by year, smaller ones by month, sorted by contract and time. Of 50 contracts and a year
(medians of 3 to 4): one more night is written in 3.19 s by year and 0.23 s by month in minutes, in 0.14 and 0.02 s in
quarters of an hour; one contract is read in 7 and 8 ms, and in 2 and 4 ms.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from assets.kit.bar_replies import require_before_the_end
from assets.kit.declare import ByMonth, ByYear, Check, Landing, Table, check, landing, table
from assets.kit.family import Family
from assets.kit.fetch import Fetch, RawPages
from assets.kit.filling import Filling, starts_in
from assets.kit.grid import Grid, grid
from assets.kit.held_bars import answered
from assets.kit.listings import Listed, Listings, listed_on, named_otherwise
from assets.kit.parse import epoch_ms
from assets.kit.schema import Row, column, derived, rule
from assets.kit.shape import Block, echoed, keyed, listed, rows
from assets.kit.windows import SIZES, Size
from resources.calendar.hours import days_of
from resources.calendar.trading_days import calendar_of, trading_calendar
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import NoData

HISTORY = Endpoint("/iserver/marketdata/history", concurrent=5, cold_tries=3)
BY_YEAR_FROM = 900  # seconds of a bar
START = itemgetter("t")


def trading_days_of(bars: pd.DataFrame) -> "pd.Series[Any]":
    """The trading day of each bar by the calendar of its exchange; where none is known the UTC date 3 hours later."""
    days = (bars["bar_start"] + pd.Timedelta(hours=3)).dt.tz_localize(None).dt.normalize()
    for name, starts in bars["bar_start"].groupby(bars["calendar"].astype(object)):
        seconds = starts.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        told = pd.Series(days_of(seconds, trading_calendar(str(name))), index=starts.index).dropna()
        days.loc[told.index] = told
    return days


class Bar(Row):
    """One contract's prices of one stretch of time."""

    known = frozenset()

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    bar_start: datetime = column("t", "When the bar begins.", parse=epoch_ms)
    calendar: str | None = column("calendar", "Calendar that told the trading day; null for a venue nobody knows.")
    trading_day: date = derived(trading_days_of, "Trading day of the bar, by its exchange.")
    open: float = column("o", "First price.", unit="instrument's currency")
    high: float = column("h", "Highest price.", unit="instrument's currency")
    low: float = column("l", "Lowest price.", unit="instrument's currency")
    close: float = column("c", "Last price.", unit="instrument's currency")
    wire_volume: float = column("v", "Volume as the gateway gave it, in multiples of `volume_factor`.", ge=0)
    volume_factor: float = column("volumeFactor", "Units per unit of `wire_volume`.", gt=0)
    volume: float = derived(
        lambda bars: (bars["wire_volume"] * bars["volume_factor"]).round(6), "Volume traded.", unit="units"
    )
    has_all_hours: bool | None = column("outsideRth", "Whether trades outside regular hours are in the reply's bars.")

    @rule
    def lies_between_low_and_high(bars: pd.DataFrame) -> Any:
        """Open and close lie between low and high."""
        low, high = bars["low"], bars["high"]
        outside = (low > bars["open"]) | (low > bars["close"]) | (high < bars["open"]) | (high < bars["close"])
        return ~outside.fillna(value=False).astype(bool)


@lru_cache
def bars_of(name: str) -> tuple[Landing | Table | Check, ...]:
    """What the dataset of one size declares."""
    size, dataset = SIZES[name], f"bars_{name}"

    @landing(HISTORY, time="replayable", needs=["instruments"], is_ranged=True)
    def raw_bars(fetch: Fetch) -> Iterator[Page]:
        yield from _missing_bars(fetch, dataset, size)

    raw = replace(raw_bars, name=dataset, doc=f"The bars of {name} that are missing, in the fewest requests.")

    @table(
        Bar,
        raw=raw,
        key=["conid", "bar_start"],
        storage=(ByYear if size.seconds >= BY_YEAR_FROM else ByMonth)(waits_for_close=False),
        needs=["instruments"],
        given=Listings,
    )
    def bars(page: Page, listings: Listings) -> Block:
        return _finished_bars(page, listings, size)

    built = replace(bars, name=dataset, doc=f"Bars of {name} of everything held or watched.")

    @check(raw)
    def no_trading_day_is_unverified(pages: RawPages) -> Iterator[str]:
        """A trading day that no reply has a bar of was asked for at least twice."""
        yield from _days_asked_for_once(pages, size)

    @check(raw)
    def every_reply_is_of_the_contract_asked_for(pages: RawPages) -> Iterator[str]:
        """A reply names its contract by symbol only: that is the one its definition has."""
        yield from named_otherwise(pages)

    return raw, built, no_trading_day_is_unverified, every_reply_is_of_the_contract_asked_for


INTRADAY = Family(tuple(name for name, size in SIZES.items() if size.is_intraday), bars_of)


def _missing_bars(fetch: Fetch, dataset: str, size: Size) -> Iterator[Page]:
    hours = "true" if fetch.scope.bars_outside_rth else "false"
    contracts = listed_on(fetch.tables, fetch.day, set(fetch.scope.bars_asset_classes))
    grids = _grids(fetch, contracts, size)
    held = answered(fetch.tables, dataset, grids)
    filling = Filling(size, lambda query: fetch.gateway.ask(HISTORY, query=query), now=lambda: fetch.gateway.now)
    for contract in contracts:
        due, answers = grids[contract.conid], held.get(contract.conid)
        is_missing = np.ones(len(due.starts), dtype=bool)
        if answers is not None:
            is_missing = ~answers.cells
            if len(fetch.days) == 1 and not answers.may_go_back:
                is_missing &= due.starts >= answers.first
        try:
            yield from filling.fill(due, due.starts[is_missing], conid=str(contract.conid), outsideRth=hours)
        except NoData as nothing:
            fetch.say(f"contract {contract.conid}: {nothing}")


def _grids(fetch: Fetch, contracts: list[Listed], size: Size) -> dict[int, Grid]:
    """The bars to have of each contract: of the run's range, or of the depth to the day, within its life."""
    whole: dict[str, Grid] = {}
    grids = {}
    for contract in contracts:
        calendar = calendar_of(contract.exchange) or fetch.calendar
        if calendar.name not in whole:
            if len(fetch.days) > 1:
                days = calendar.between(fetch.days[0], fetch.day)
            else:
                days = calendar.between(fetch.scope.bars_from, fetch.day)[-fetch.scope.bars_depth(size.name) :]
            due = grid(calendar, size, days, extended=fetch.scope.bars_outside_rth)
            whole[calendar.name] = due.until(fetch.gateway.now)
        grids[contract.conid] = whole[calendar.name].between(None, contract.last_day)
    return grids


def _finished_bars(page: Page, listings: Listings, size: Size) -> Block:
    reply = keyed(page.json)
    echoed("bars of seconds", [reply.get("barLength")], [size.seconds])
    late = reply.get("mktDataDelay")
    known = page.envelope.received_at.timestamp() - (late if isinstance(late, int) else 0)
    bars = _at_rest(listed(reply["data"]), (known - size.seconds) * 1000)
    require_before_the_end(page, bars)
    conid = page.params["conid"]
    calendar = calendar_of(listings.exchange_of(int(conid)))
    return rows(
        bars,
        conid=conid,
        volumeFactor=reply.get("volumeFactor"),
        outsideRth=reply.get("outsideRth"),
        calendar=calendar and calendar.name,
    )


def _at_rest(bars: list[Any], limit: float) -> list[Any]:
    """Without the bars that begin after the limit; in nearly all replies there is none, which is seen at once."""
    try:
        if max(map(START, bars), default=limit) <= limit:
            return bars
    except (KeyError, TypeError):  # something that is no bar: it is rejected later
        pass
    return [bar for bar in bars if not _is_moving(bar, limit)]


def _is_moving(bar: Any, limit: float) -> bool:
    start = bar.get("t") if isinstance(bar, dict) else None
    return isinstance(start, int) and start > limit


def _days_asked_for_once(raw: RawPages, size: Size) -> Iterator[str]:
    contracts = {one.conid: one for one in listed_on(raw.tables, raw.day)}
    spans: dict[int, list[Any]] = {}
    for page in raw.pages:
        spans.setdefault(int(page.params["conid"]), []).append(starts_in(page))
    for conid, replies in spans.items():
        calendar = calendar_of(contracts[conid].exchange) if conid in contracts else None
        told = [starts for starts in replies if len(starts)]
        if calendar is None or not told:
            continue
        days = [np.unique(days_of(starts, calendar)) for starts in told]
        due = np.unique(np.concatenate([calendar.between(one[0].item(), one[-1].item()) for one in days]))
        for hole in np.setdiff1d(due, np.concatenate(days)):
            if sum(one[0] <= hole <= one[-1] for one in days) < 2:
                yield f"contract {conid} has no bar of {size.name} on {hole}, and was asked for it only once"
