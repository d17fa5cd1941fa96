"""Bars of weeks and months, of everything held or watched: a dataset for each of the two that the owner configures.

`[bars] sizes = ["1d", "1w", "1m"]` declares `bars_1w` and `bars_1m`. The gateway's own, so they reach back further than
daily bars do: one request gets 15 years. Asked for: periods that are not held yet, in the fewest windows.

A bar is stored once it is whole: after the last session of its week or month has closed, and not before. The earliest
bar of a reply may begin in the middle of its period. It is left out then, unless the reply had room for earlier ones
and there were none: there the contract's life began, and `is_from_the_start` is false. What is left out stays in raw,
and windows reach back further than what is asked for, so that nothing that is asked for is left out for that.

Each bar belongs to the first trading day of its period by the contract's exchange (of a venue that nobody knows by
weekdays); `bar_start` is midnight UTC of the day that the gateway says. In the ledger `bar_coverage` a period is known
by that day too, and counts as one session; one without a bar is asked for twice, as days are. They lie by year.

The gateway adjusts all bars before a split. Bars stay as they were observed first, in the shares of that moment, each
with its `observed_at`: `corporate_actions`, which comes from daily bars, tells the factor and the day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd

from assets.kit.bars.gaps import read_gaps
from assets.kit.bars.held import held_days
from assets.kit.bars.known import ends_in_the_past, known_at
from assets.kit.bars.periods import UNITS, Told, most_bars, query_of, starts_of, told
from assets.kit.bars.prices import PriceBar
from assets.kit.bars.replies import require_before_the_end
from assets.kit.bars.windows import SIZES, Size, Window, missing_days, windows, without_bar
from assets.kit.declare import ByYear, Check, Landing, Table, check, landing, table
from assets.kit.family import Family
from assets.kit.fetch import Fetch, RawPages
from assets.kit.listings import Listed, Listings, listed_on, named_otherwise, undefined
from assets.kit.parse import epoch_ms
from assets.kit.quote import Load, Plan
from assets.kit.schema import column, derived
from assets.kit.shape import Block, echoed, keyed, listed, rows
from resources.calendar.hours import CURRENCIES
from resources.calendar.periods import Periods, periods_of
from resources.calendar.trading_days import Days, calendar_of
from resources.gateway.endpoint import Endpoint, Page

HISTORY = Endpoint("/iserver/marketdata/history", concurrent=5, cold_tries=3)
COUNTED = {"1w": "weeks", "1m": "months"}


class LongBar(PriceBar):
    """One contract's prices of one week or month."""

    bar_start: datetime = column("t", "Midnight UTC of the day that the bar begins with.", parse=epoch_ms)
    trading_day: date = column(
        "period", "First trading day of the bar's period; the bar may begin later (see `is_from_the_start`)."
    )
    is_from_the_start: bool = derived(
        lambda bars: bars["bar_start"].dt.tz_localize(None) < bars["trading_day"] + pd.Timedelta(days=1),
        "Whether it begins with its period; false where the contract began to trade, or was traded, only later in it.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Long(Load):
    """A load of long bars, in the weeks or months of the contract's exchange."""

    periods: Periods


@lru_cache
def bars_of(name: str) -> tuple[Landing | Table | Check, ...]:
    """What the dataset of one size declares."""
    size, dataset = SIZES[name], f"bars_{name}"

    @landing(
        HISTORY,
        time="replayable",
        needs=["instruments"],
        is_ranged=True,
        plan=partial(plan, size=size),
        is_settled=ends_in_the_past,
    )
    def raw_bars(fetch: Fetch) -> Iterator[Page]:
        contracts = (fetch.carried_out(load, _fill(fetch, load, size)) for load in fetch.plan.loads)
        yield from fetch.gateway.side_by_side(HISTORY, contracts)

    raw = replace(raw_bars, name=dataset, doc=f"The bars of {name} that are missing, in the fewest requests.")

    @table(
        LongBar,
        raw=raw,
        key=["conid", "bar_start"],
        storage=ByYear(waits_for_close=False, stands="first"),
        needs=["instruments"],
        given=Listings,
    )
    def bars(page: Page, listings: Listings) -> Block:
        return _whole_bars(page, listings, size)

    built = replace(bars, name=dataset, doc=f"Bars of {name} of everything held or watched.")

    @check(raw)
    def every_reply_is_of_the_contract_asked_for(pages: RawPages) -> Iterator[str]:
        """A reply names its contract by symbol only: that is the one its definition has."""
        yield from named_otherwise(pages)

    return raw, built, every_reply_is_of_the_contract_asked_for


LONG = Family(tuple(UNITS), bars_of)


def plan(fetch: Fetch, size: Size) -> Plan:
    """The periods that are missing, in the fewest requests; what is known to be empty rests until it is due."""
    held, loads = held_days(fetch.tables, f"bars_{size.name}"), []
    gaps = read_gaps(fetch.raw, size.name, now=fetch.gateway.now, most_days=fetch.scope.bars_ask_empty_again_days)
    for contract in listed_on(fetch.tables, fetch.day, set(fetch.scope.bars_asset_classes)):
        conid, calendar = contract.conid, calendar_of(contract.exchange) or fetch.calendar
        periods = periods_of(calendar.name, UNITS[size.name])
        kept = np.unique(periods.of(held[conid])) if conid in held else None
        due = _closed_periods(fetch, contract, periods, gaps.begins(conid, kept), size)
        lacking = due if kept is None else missing_days(due, kept)
        missing = gaps.to_ask(conid, lacking, is_held=kept is not None)
        asked = [
            HISTORY.request(query=_query(fetch, conid, one, size)) for one in windows(due, missing, cap=most_bars(size))
        ]
        loads.append(Long(conid, due, missing, tuple(asked), len(lacking) - len(missing), periods=periods))
    return Plan(loads, undefined(fetch), counted=COUNTED[size.name])


def _closed_periods(fetch: Fetch, contract: Listed, periods: Periods, begins: date | None, size: Size) -> Days:
    """The periods to have: that begin in the run's range, or from the first (or the depth back) to the day."""
    last = min(filter(None, (fetch.day, contract.last_day, periods.latest_closed(fetch.gateway.now))))
    if len(fetch.days) > 1:
        return periods.between(fetch.days[0], last)
    due = periods.between(fetch.scope.bars_from, last)
    return due[due >= np.datetime64(begins)] if begins is not None else due[-fetch.scope.bars_depth(size.name) :]


def _fill(fetch: Fetch, load: Load, size: Size) -> Iterator[Page]:
    """Ask until each missing period was answered, those that came without a bar twice."""
    assert isinstance(load, Long)
    got = load.missing[:0]
    for again in (False, True):
        left = without_bar(load.missing, got) if again else load.missing
        while len(left):
            window = next(windows(load.sessions, left, cap=most_bars(size)))
            page = fetch.planned(HISTORY, _query(fetch, load.conid, window, size))
            yield page
            says = _told(page, load.periods)
            got = np.union1d(got, says.got)
            left = left[:0] if says.has_begun else left[left < np.datetime64(window.first)]


def _query(fetch: Fetch, conid: int, window: Window, size: Size) -> dict[str, Any]:
    return {"conid": conid, "outsideRth": "false", **query_of(window, size, now=fetch.gateway.now)}


def _told(page: Page, periods: Periods) -> Told:
    reply = page.json if isinstance(page.json, dict) else {}
    starts = starts_of(reply.get("data") or [])
    return told(starts[~np.isnat(starts)], page.params, known_at(page.envelope, reply), periods)


def _whole_bars(page: Page, listings: Listings, size: Size) -> Block:
    """Bars that are not whole are left out; those of which no period is known are rejected as they come."""
    reply = keyed(page.json)
    echoed("bars of seconds", [reply.get("barLength")], [size.seconds])
    bars = listed(reply["data"])
    require_before_the_end(page, bars)
    conid = page.params["conid"]
    calendar = calendar_of(listings.exchange_of(int(conid)))
    periods = periods_of(CURRENCIES if calendar is None else calendar.name, UNITS[size.name])
    starts = starts_of(bars)
    of = periods.traded_on(starts)
    whole = np.isnat(of)
    whole[~np.isnat(starts)] |= _told(page, periods).is_whole
    return rows(
        (_dated(bar, day) for bar, day, is_kept in zip(bars, of.tolist(), whole, strict=True) if is_kept),
        conid=conid,
        volumeFactor=reply.get("volumeFactor"),
        calendar=calendar and calendar.name,
    )


def _dated(bar: Any, day: date | None) -> Any:
    return {**bar, "period": day and day.isoformat()} if isinstance(bar, dict) else bar
