"""What of the parked work goes on now, in which order, and what has become too late. Pure.

Belongs here: the plan. Does not: starting runs (`sensors.py`, `__main__.py`), parking (`assets/kit/land.py`).

First what is lost soonest: the perishable, while its trading day lasts, since after the next open the gateway tells
of another day; then the windowed, ordered by what leaves its window first, landed as of today, since today's window
holds the days that wait; then the replayable, which loses nothing. All that goes on for the same days is one run.
"""

import hashlib
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import dagster as dg

from assets.kit.declare import Check, Landing, Table
from resources.calendar.new_york import NEW_YORK
from resources.calendar.trading_days import TradingCalendar
from resources.gateway.allowed import Tier
from resources.gateway.endpoint import Endpoint
from resources.gateway.session import State
from resources.lake.parked import Parked

RESUMES_TAG = "ibkr/resumes"
ORDER = ("perishable", "windowed", "replayable", "local")
FOR_EVER = datetime.max.replace(tzinfo=UTC)


def partition_tags(first: date, last: date) -> dict[str, str]:
    """A day, or the days from one to another in one run, as Dagster has them in a run's tags."""
    if first == last:
        return {"dagster/partition": first.isoformat()}
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }


@dataclass(frozen=True, slots=True)
class Resumption:
    """One run that takes up parked work for a range of days."""

    works: tuple[Parked, ...]
    first: date
    last: date

    @property
    def datasets(self) -> list[str]:
        """The landings it makes."""
        return sorted({work.dataset for work in self.works})

    @property
    def digest(self) -> str:
        """The same for the same work, parked by the same runs."""
        told = ",".join(sorted(f"{work.key} {work.run_id}" for work in self.works))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def tags(self) -> dict[str, str]:
        """The partitions, as Dagster's tags, and what is resumed."""
        return {**partition_tags(self.first, self.last), RESUMES_TAG: self.digest}


@dataclass(frozen=True, slots=True)
class Plan:
    """Runs in the order in which to start them, and the work that is too late, each with the reason."""

    runs: tuple[Resumption, ...] = ()
    lost: tuple[tuple[Parked, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Present:
    """What the plan depends on: the gateway's time, this machine's, the session, the exchange, the owner's margin."""

    now: datetime
    here: datetime
    state: State
    calendar: TradingCalendar
    quote_margin: float = 0.0

    @property
    def today(self) -> date:
        """The gateway's trading day."""
        return self.calendar.day_of(self.now)


def plan(
    waiting: Iterable[Parked], landings: Mapping[str, Landing], present: Present, *, under_way: Container[str] = ()
) -> Plan:
    """Sort parked work, but what is `under_way` by its key, into what goes on now, what waits on, and what is lost."""
    lost: list[tuple[Parked, str]] = []
    going: list[tuple[tuple[int, datetime], tuple[date, date], Parked]] = []
    for work in waiting:
        if work.key in under_way:
            continue
        landing = landings.get(work.dataset)
        reason = _too_late(work, landing, present)
        if reason is not None:
            lost.append((work, reason))
        elif landing is not None and _may_go(work, landing, present):
            going.append((_urgency(work, landing, present.calendar), _days(work, landing, present.today), work))
    groups: dict[tuple[date, date], list[Parked]] = {}
    for _, days, work in sorted(going, key=lambda one: one[0]):
        groups.setdefault(days, []).append(work)
    return Plan(tuple(Resumption(tuple(works), *days) for days, works in groups.items()), tuple(lost))


def at_risk_until(work: Parked, landing: Landing, calendar: TradingCalendar) -> datetime | None:
    """The instant from which the work is lost; None when it can wait for ever."""
    if landing.time == "perishable":
        return calendar.opens(calendar.next(work.days[-1]))
    if landing.time == "windowed" and landing.window_days is not None:
        return datetime.combine(work.days[0] + timedelta(days=landing.window_days), time.min, NEW_YORK)
    return None


def selection(
    landings: Iterable[Landing],
    tables: Sequence[Table],
    checks: Iterable[Check],
    *,
    has_landed: Callable[[Landing], bool],
) -> list[dg.AssetKey]:
    """The assets that land some datasets and build their tables.

    With them go the tables of other replies that `has_landed` knows of, where a check of theirs needs one of these: it
    could not be made in the night, and is made when its table is built, which costs no request.
    """
    chosen = list(landings)
    built = {table.name for table in tables if table.raw in chosen}
    waited = {check.of for check in checks if built.intersection(check.needs)}
    again = {table.name for table in tables if table in waited and has_landed(table.raw)}
    raw = [dg.AssetKey(["raw", landing.name]) for landing in chosen]
    return raw + [dg.AssetKey(name) for name in sorted(built | again)]


def _too_late(work: Parked, landing: Landing | None, present: Present) -> str | None:
    if landing is None:
        return f"there is no dataset {work.dataset} any more"
    until = at_risk_until(work, landing, present.calendar)
    if until is None or present.now < until:
        return None
    if landing.time == "perishable":
        return (
            f"the gateway tells it only on the day itself, and {work.days[-1]} ended when the exchange opened again "
            f"at {until:%Y-%m-%d %H:%M} UTC. It waited since {work.parked_at:%Y-%m-%d %H:%M} UTC: {work.reason}"
        )
    return f"the gateway tells {landing.window_days} days back, and {work.days[0]} has left that window"


def _may_go(work: Parked, landing: Landing, present: Present) -> bool:
    """Whether what it waits for has passed."""
    if work.until is not None and present.here < work.until:
        return False
    if work.margin is not None and present.quote_margin <= work.margin:  # its owner has not raised it
        return False
    tiers = {one.tier for one in landing.endpoints if isinstance(one, Endpoint)} or {Tier.LOGIN}
    return all(present.state.serves(tier) for tier in tiers)


def _urgency(work: Parked, landing: Landing, calendar: TradingCalendar) -> tuple[int, datetime]:
    until = at_risk_until(work, landing, calendar)
    return ORDER.index(landing.time), until or FOR_EVER


def _days(work: Parked, landing: Landing, today: date) -> tuple[date, date]:
    """The days to run for: of a window the one that it is told on, which is today."""
    return (today, today) if landing.time == "windowed" else (work.days[0], work.days[-1])
