"""Bars of any size below a day, of everything held or watched: a dataset for each size that the owner configures.

`[bars] sizes = ["1d", "1h"]` declares `bars_1h` beside `bars_1d`, which has a file of its own. Asked for: only what
the rows that are held do not answer, in the fewest windows, which may begin and end in the middle of a day. What the
ledger `bar_coverage` knows to be empty is not asked for every night. Bars stay as they were observed first, since the
gateway adjusts those before a split without a word: `bars_1h_adjusted` adjusts when it is read. When a bar was told
last is kept beside it, since that is how the next run knows what was asked for.

A bar starts at a UTC instant. Its trading day is told by the calendar of the contract's exchange, since sessions of
futures and currencies open the evening before: where a contract is listed its definition says, not the reply. A bar is
stored once it has ended; quotes that come late (`mktDataDelay`) tell of it that much later. A bar at the beginning or
end of a session counts as a whole one here, so the half hour from 9:30 of hourly bars is stored from 10:30 on.

Bars of 15 minutes and more lie by year, smaller ones by month, sorted by contract and time. Of 50 contracts and a year
(medians of 3 to 4): one more night is written in 3.19 s by year and 0.23 s by month in minutes, in 0.14 and 0.02 s in
quarters of an hour; one contract is read in 7 and 8 ms, and in 2 and 4 ms.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from assets.kit.bars.daily import trading_days_of
from assets.kit.bars.filling import Filling, Gridded
from assets.kit.bars.gaps import read_gaps
from assets.kit.bars.grid import Answered, Grid, grid
from assets.kit.bars.held_bars import answered, first_days
from assets.kit.bars.known import begun_by, ends_in_the_past, known_at
from assets.kit.bars.prices import PriceBar
from assets.kit.bars.replies import require_before_the_end
from assets.kit.bars.windows import SIZES, Size
from assets.kit.declare import ByMonth, ByYear, Check, Landing, Table, check, landing, table
from assets.kit.family import Family
from assets.kit.fetch import Fetch, RawPages
from assets.kit.listings import Listed, Listings, listed_on, named_otherwise, undefined
from assets.kit.merging import TOLD_LAST
from assets.kit.parse import instant
from assets.kit.quote import Load, Plan
from assets.kit.schema import column, derived
from assets.kit.shape import Block, echoed, keyed, listed, rows
from resources.calendar.hours import days_of
from resources.calendar.trading_days import Days, TradingCalendar, calendar_of
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.side_by_side import InTurns

HISTORY = Endpoint("/iserver/marketdata/history", concurrent=5, cold_tries=3)
BY_YEAR_FROM = 900  # seconds of a bar


class Bar(PriceBar):
    """One contract's prices of one stretch of time."""

    trading_day: date = derived(partial(trading_days_of, of=days_of), "Trading day of the bar, by its exchange.")
    told_last_at: datetime = column(
        TOLD_LAST,
        "When a reply told the bar last; the values are of `observed_at`, when one told it first.",
        parse=instant,
    )
    has_all_hours: bool | None = column("outsideRth", "Whether trades outside regular hours are in the reply's bars.")


@lru_cache
def bars_of(name: str) -> tuple[Landing | Table | Check, ...]:
    """What the dataset of one size declares."""
    size, dataset = SIZES[name], f"bars_{name}"

    @landing(
        HISTORY,
        time="replayable",
        needs=["instruments"],
        is_ranged=True,
        plan=partial(_plan, dataset=dataset, size=size),
        is_settled=ends_in_the_past,
    )
    def raw_bars(fetch: Fetch) -> Iterator[Page]:
        filling = _filling(fetch, size)
        contracts = deque(fetch.carried_out(load, _fill(fetch, filling, load)) for load in fetch.plan.loads)
        yield from fetch.gateway.side_by_side(HISTORY, InTurns(contracts))

    raw = replace(raw_bars, name=dataset, doc=f"The bars of {name} that are missing, as planned.")

    @table(
        Bar,
        raw=raw,
        key=["conid", "bar_start"],
        storage=(ByYear if size.seconds >= BY_YEAR_FROM else ByMonth)(waits_for_close=False, stands="first"),
        needs=["instruments"],
        given=Listings,
        columnar="data",
    )
    def bars(page: Page, listings: Listings) -> Block:
        return _finished_bars(page, listings, size)

    built = replace(bars, name=dataset, doc=f"Bars of {name} of everything held or watched.")

    @check(raw)
    def every_reply_is_of_the_contract_asked_for(pages: RawPages) -> Iterator[str]:
        """A reply names its contract by symbol only: that is the one its definition has."""
        yield from named_otherwise(pages)

    return raw, built, every_reply_is_of_the_contract_asked_for


INTRADAY = Family(tuple(name for name, size in SIZES.items() if size.is_intraday), bars_of)


def _plan(fetch: Fetch, *, dataset: str, size: Size) -> Plan:
    """The bars that are missing, in the fewest requests; what is known to be empty rests until it is due."""
    contracts = listed_on(fetch.tables, fetch.day, set(fetch.scope.bars_asset_classes))
    gaps = read_gaps(fetch.raw, size.name, now=fetch.gateway.now, most_days=fetch.scope.bars_ask_empty_again_days)
    firsts = first_days(fetch.tables, dataset)
    begins = {conid: gaps.begins(conid, days) for conid, days in firsts.items()}
    grids, filling = _grids(fetch, contracts, begins, size), _filling(fetch, size)
    held, loads = answered(fetch.tables, dataset, grids), []
    for conid, due in grids.items():
        is_lacking = np.ones(len(due.starts), dtype=bool)
        if conid in held:
            is_lacking = ~held[conid].cells
            if len(fetch.days) == 1:
                depth = fetch.scope.bars_depth(size.name)
                is_lacking &= _counts(due, held[conid], firsts[conid], begins[conid], depth)
        lacking = np.unique(due.days[is_lacking])
        missing = gaps.to_ask(conid, lacking, is_held=conid in held)
        starts = due.starts[is_lacking & np.isin(due.days, missing)]
        asked = [HISTORY.request(query=query) for query in filling.queries(due, starts, **_words(fetch, conid))]
        empty = len(lacking) - len(missing)
        loads.append(Gridded(conid, np.unique(due.days), missing, tuple(asked), empty, due=due, starts=starts))
    return Plan(loads, undefined(fetch))


def _filling(fetch: Fetch, size: Size) -> Filling:
    return Filling(size, lambda query: fetch.planned(HISTORY, query), now=lambda: fetch.gateway.now)


def _words(fetch: Fetch, conid: int) -> dict[str, str]:
    return {"conid": str(conid), "outsideRth": "true" if fetch.scope.bars_outside_rth else "false"}


def _fill(fetch: Fetch, filling: Filling, load: Load) -> Iterator[Page]:
    assert isinstance(load, Gridded)
    return filling.fill(load.due, load.starts, tell=partial(fetch.left, load), **_words(fetch, load.conid))


def _counts(due: Grid, held: Answered, first_day: Days, begins: date | None, depth: int) -> npt.NDArray[np.bool_]:
    """For a night: the bars from the first that is held on, and of earlier days those that are open still.

    A reply that was cut at its first bar may have stopped in a day before the depth: that is not asked for.
    """
    is_later: npt.NDArray[np.bool_] = due.starts >= held.first
    if held.may_go_back:
        return is_later | np.isin(due.days, np.unique(due.days)[-depth:])
    return (is_later | (due.days < first_day)) & (due.days >= np.datetime64(begins, "D"))


def _grids(fetch: Fetch, contracts: list[Listed], begins: Mapping[int, date | None], size: Size) -> dict[int, Grid]:
    """The bars to have of each contract: of the run's range, or from the first (or the depth back) to the day."""
    calendars = {one.conid: calendar_of(one.exchange) or fetch.calendar for one in contracts}
    firsts = {conid: _first(fetch, calendar, begins.get(conid), size) for conid, calendar in calendars.items()}
    whole: dict[str, Grid] = {}
    for calendar in set(calendars.values()):
        first = min(firsts[conid] for conid, one in calendars.items() if one is calendar)
        due = grid(calendar, size, calendar.between(first, fetch.day), extended=fetch.scope.bars_outside_rth)
        whole[calendar.name] = due.until(fetch.gateway.now)
    return {one.conid: whole[calendars[one.conid].name].between(firsts[one.conid], one.last_day) for one in contracts}


def _first(fetch: Fetch, calendar: TradingCalendar, begins: date | None, size: Size) -> date:
    if len(fetch.days) > 1:
        return fetch.days[0]
    deep = calendar.between(fetch.scope.bars_from, fetch.day)[-fetch.scope.bars_depth(size.name) :]
    first: date = min([begins or fetch.day, *deep[:1].tolist()])
    return first


def _finished_bars(page: Page, listings: Listings, size: Size) -> Block:
    reply = keyed(page.json)
    echoed("bars of seconds", [reply.get("barLength")], [size.seconds])
    ended = known_at(page.envelope, reply) - timedelta(seconds=size.seconds)
    bars = begun_by(listed(reply["data"]), ended)
    require_before_the_end(page, bars)
    conid = page.params["conid"]
    calendar = calendar_of(listings.exchange_of(int(conid)))
    return rows(
        bars,
        conid=conid,
        volumeFactor=reply.get("volumeFactor"),
        outsideRth=reply.get("outsideRth"),
        calendar=calendar and calendar.name,
        **{TOLD_LAST: page.envelope.received_at.isoformat()},
    )
