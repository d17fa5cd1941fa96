"""The ledger of gaps: which trading days of each contract's bars are held, verified empty, or missing.

Expected are the trading days of the contract's own exchange, of which a half day is one like any other, from its first
bar to the day the ledger is of, or to its last trading day. Held is what the tables of bars have, whatever their files
are named. Verified empty is a day that was asked for at least twice without a bar, with the first and the last reply
that had none; it is asked for again ever more seldom (`bars.ask_empty_again_days`). Missing is the rest: a reply that
was cut, a bar that broke the schema, a night that failed. The days before the first bar are outside the contract's
life once those right before it were asked for twice (`before_life`); until then they are missing.

One row is a stretch of days in one state, so that ten years of a contract are a row. What replies said is taken over
from the ledger before, as a day that is known to be empty is not asked for every night: only replies since are read.
Without a ledger before, all are read, and it comes out the same. Any dataset `bars_<size>` whose replies are landed is
in it, up to the day it was landed for last; of bars within a day, a day counts as held with its first bar. Of weeks and
months each counts as one day, its first trading day, once its last session has closed.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import orjson

from assets.kit.bars.coverage import EXPECTED, STATES, Asked, Empty, Interval, intervals, of_the_whole, without_bars
from assets.kit.bars.held import held_days
from assets.kit.bars.ledger import LEDGER, kept, newest_ledger, pointer
from assets.kit.bars.periods import UNITS
from assets.kit.bars.replies import Sessions, asked_since
from assets.kit.declare import check, landing, table
from assets.kit.parse import instant
from assets.kit.records import Records
from assets.kit.schema import Row, column
from assets.kit.shape import Block, keyed, rows
from resources.calendar.hours import latest_ended
from resources.calendar.periods import Periods, periods_of
from resources.calendar.trading_days import Days, calendar_of, trading_calendar
from resources.gateway.endpoint import Local, Page

COVERAGE = Local(f"/{LEDGER}")
BARS = "bars_"
NO_DAYS: Days = np.array([], dtype="datetime64[D]")
Told = dict[str, Any]


class Stretch(Row):
    """Trading days in a row of one contract and bar size that are in one state."""

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    bar_size: str = column("bar_size", "Size of the bars: 1d for the table `bars_1d`.")
    state: str = column(
        "state",
        "held: in the table of bars; verified_empty: asked for at least twice and no bar came; missing: neither; "
        "before_life: asked for, and earlier than the life of the contract, so not expected.",
        among=STATES,
    )
    first_day: date = column("first_day", "First trading day of the stretch.")
    last_day: date = column("last_day", "Last trading day of the stretch.")
    sessions: int = column("sessions", "How many trading days it has (weeks, months).", gt=0, unit="trading days")
    calendar: str = column("calendar", "Exchange calendar that the trading days are of, e.g. XNYS.")
    asked: int | None = column("asked", "How often it was asked for and no bar came; null where it is held.", ge=0)
    first_asked_at: datetime | None = column(
        "first_asked_at", "When the first reply without a bar came.", parse=instant
    )
    last_asked_at: datetime | None = column("last_asked_at", "When the last reply without a bar came.", parse=instant)
    evidence: str | None = column(
        "evidence", "The first and the last reply without a bar, as JSON: file below raw/, sha256, time of receipt."
    )


@dataclass(frozen=True, slots=True)
class Contract:
    """What is expected of one contract: its days by which calendar, and none after `until`."""

    calendar: Sessions
    until: date | None
    is_wanted: bool


@landing(COVERAGE, time="local", needs=["instruments", "bars_*"], is_ranged=True)
def raw_bar_coverage(records: Records) -> Iterator[Page]:
    """What is held and what is not of every size of bars, with what replies said of the rest."""
    for size in _sizes(records):
        told = _of_size(records, size)
        records.figures.update(_figures(size, told))
        yield records.page(COVERAGE, told, bar_size=size)


@table(Stretch, raw=raw_bar_coverage, key=["conid", "bar_size", "first_day"])
def bar_coverage(page: Page) -> Block:
    """Which trading days of each contract's bars are held, verified empty, or missing."""
    contracts = keyed(page.json)["contracts"]
    return rows(
        ({"conid": one["conid"], "calendar": one["calendar"], **row} for one in contracts for row in one["stretches"]),
        bar_size=page.params["bar_size"],
    )


@check(bar_coverage, is_blocking=False)
def no_day_is_missing() -> str:
    """Each trading day that is expected is held, or was asked for at least twice and has no bar.

    Does not block: a hole in one contract's bars makes nothing else untrue, the ledger that is published tells which
    it is, and the next night asks for it by itself. To hold back the account's own figures, which can be had on one
    day only, would lose more.
    """
    return """
        select trading_day, conid, bar_size, first_day, last_day, sessions, asked, last_asked_at
        from bar_coverage where state = 'missing' order by sessions desc, conid, bar_size, first_day
    """


def _sizes(records: Records) -> list[str]:
    """The sizes of bars that were landed by the day."""
    day = records.day.isoformat()
    names = (name for name in records.raw.datasets() if name.startswith(BARS))
    return [name.removeprefix(BARS) for name in names if min(records.raw.partitions(name), default="9") <= day]


def _of_size(records: Records, size: str) -> Told:
    dataset = BARS + size
    before, held = newest_ledger(records.raw, size), held_days(records.tables, dataset)
    contracts = _contracts(records, before.calendars, size)
    calendars = {conid: contract.calendar for conid, contract in contracts.items()}
    asked: dict[int, list[Asked]] = defaultdict(list)
    for conid, one in asked_since(records.raw, dataset, before.read_until, calendars.get):
        asked[conid].append(one)
    times = [told[-1].reply.at for told in asked.values()]
    landed = max(day for day in records.raw.partitions(dataset) if day <= records.day.isoformat())
    until = date.fromisoformat(landed)
    told = []
    for conid, contract in sorted(contracts.items()):
        days, known = _sessions(contract.calendar, held.get(conid, NO_DAYS)), before.empties.get(conid, [])
        if contract.is_wanted or len(days) or known or conid in asked:
            empties = _empties(contract.calendar, days, known, asked[conid])
            told.append(_contract(records, conid, contract, days, empties, until, _depth(records, size)))
    return {"read_until": max(times, default=before.read_until), "contracts": told}


def _sessions(calendar: Sessions, held: Days) -> Days:
    """The days that those held are known by in the ledger."""
    return np.unique(calendar.of(held)) if isinstance(calendar, Periods) else held


def _empties(calendar: Sessions, held: Days, known: list[Empty], asked: list[Asked]) -> list[Empty]:
    if not len(held) and not any(len(one.got) for one in asked):
        return of_the_whole(known, asked)
    spans: list[Empty | Asked] = [*known, *asked]
    if not spans:
        return []
    sessions = calendar.between(min(one.first for one in spans), max(one.last for one in spans))
    return without_bars(sessions, known, asked)


def _depth(records: Records, size: str) -> int:
    """Trading days that a contract without bars is to get."""
    return records.scope.bars_depth_days if size == "1d" else records.scope.bars_depth(size)


def _contract(
    records: Records, conid: int, contract: Contract, held: Days, empties: list[Empty], until: date, depth: int
) -> Told:
    """The record of one contract: its stretches, and all that is known to be empty, inside its life or not."""
    sessions = _expected(records, contract, held, empties, until, depth)
    return {
        "conid": conid,
        "calendar": contract.calendar.name,
        "stretches": [_stretch(one) for one in intervals(sessions, held, empties)],
        "empties": [kept(one) for one in empties],
    }


def _expected(records: Records, contract: Contract, held: Days, empties: list[Empty], until: date, depth: int) -> Days:
    """From the first day held or asked for; of a contract that was never asked for, the days that a night asks for."""
    calendar = contract.calendar
    if isinstance(calendar, Periods):
        ended_day = calendar.latest_closed(records.now)
    else:
        ended_day, _ = latest_ended(calendar, records.now)
    last = min(until, contract.until or until, ended_day)
    if len(held) and not contract.is_wanted:
        last = min(last, held[-1].item())
    if not len(held) and empties:
        last = min(last, empties[-1].last)
    firsts = [one.first for one in empties] + ([held[0].item()] if len(held) else [])
    if firsts:
        return calendar.between(min(firsts), last)
    return calendar.between(records.scope.bars_from, last)[-depth:]


def _calendar(name: str, size: str) -> Sessions:
    return periods_of(name, UNITS[size]) if size in UNITS else trading_calendar(name)


def _contracts(records: Records, known: dict[int, str], size: str) -> dict[int, Contract]:
    """Those defined by the day, and those of the ledger before, by the calendar they had there."""
    found = {conid: Contract(_calendar(name, size), None, is_wanted=False) for conid, name in known.items()}
    file = records.tables.latest("instruments", "trading_day", records.day.isoformat())
    if file is None:
        return found
    columns = ["conid", "asset_class", "listing_exchange", "last_trading_day", "expiry_day"]
    defined = records.tables.read([file], columns=columns).astype(object)
    for conid, asset_class, listing, *ends in defined.where(defined.notna(), None)[columns].itertuples(index=False):
        calendar = _calendar((calendar_of(listing) or records.scope.calendar).name, size)
        until = min(filter(None, ends), default=None)
        found[int(conid)] = Contract(calendar, until, is_wanted=asset_class in records.scope.bars_asset_classes)
    return found


def _figures(size: str, told: Told) -> dict[str, float]:
    """How many days are in each state, and the part of those expected that is accounted for."""
    counts = dict.fromkeys(EXPECTED, 0)
    for one in told["contracts"]:
        for stretch in one["stretches"]:
            if stretch["state"] in counts:
                counts[stretch["state"]] += stretch["sessions"]
    expected = sum(counts.values())
    share = 1.0 if not expected else 1 - counts["missing"] / expected
    return {f"expected_{size}": expected, **{f"{state}_{size}": count for state, count in counts.items()}} | {
        f"share_{size}": share
    }


def _stretch(one: Interval) -> Told:
    told: Told = {"state": one.state, "first_day": one.first, "last_day": one.last, "sessions": one.sessions}
    if one.state == "held":
        return told
    evidence = one.evidence
    if evidence is None:
        return {**told, "asked": 0}
    replies = [pointer(reply) for reply in dict.fromkeys((evidence.earliest, evidence.latest))]
    asked_at = {"first_asked_at": evidence.earliest.at, "last_asked_at": evidence.latest.at}
    return {**told, "asked": evidence.asked, **asked_at, "evidence": orjson.dumps(replies).decode()}
