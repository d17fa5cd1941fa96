"""What a landing will ask before it asks: its plan, the quote that follows from it, and when it asks too much. Pure.

Belongs here: the values and their words. Does not: planning (each dataset's own, by `bars/windows.py`), counting while
it asks (`progress.py`). A dataset that declares a `plan` is given it back to carry out, so what is quoted and what is
asked are one list.

A quote cannot know what a reply will lack: one may be clipped, a day without a bar is asked for once more, and a
contract that nobody asked for in this session answers "no data" up to twice. `most` has room for that: each request
once more per whole `margin`, and the cold tries of each contract. Beyond it something is wrong, and the work is parked.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from resources.calendar.trading_days import Days
from resources.envelope import Envelope, Request
from resources.gateway.endpoint import Endpoint, Local
from resources.gateway.errors import Waiting
from resources.gateway.pacing import GLOBAL_GAP, KEPT_SECONDS

NAMED = 5
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be had of one contract: the trading days expected, those to ask for, the requests for them.

    Of the rest so many are `empty` as far as is known, and not due to be asked for again; the others are held.
    """

    conid: int
    sessions: Days
    missing: Days
    requests: tuple[Request, ...]
    empty: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a landing is about to ask. `undefined` are the contracts wished for that nothing is known of yet.

    Where loads are not of trading days, `counted` says of what.
    """

    loads: Sequence[Load] = ()
    undefined: Sequence[str] = ()
    counted: str = "trading days"


Planning = Callable[..., Plan]
"""From a `Fetch`, which knows what is held, to what is to be asked."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a landing will cost; `planned` requests, of which `kept` were answered to a try that was cut short."""

    contracts: int
    expected: int
    held: int
    empty: int
    missing: int
    planned: int
    kept: int
    most: int
    margin: float
    seconds_each: float
    undefined: tuple[str, ...] = ()
    counted: str = "trading days"

    @property
    def requests(self) -> int:
        """The requests that will be made."""
        return self.planned - self.kept

    @property
    def seconds(self) -> float:
        """How long that takes at the pace of the budget."""
        return self.requests * self.seconds_each

    @property
    def share_of_a_day(self) -> float:
        """Of all that the login may ask in 24 hours."""
        return self.seconds / KEPT_SECONDS

    @property
    def brief(self) -> str:
        """A line for the list of runs."""
        return f"{self.requests:,} requests, {in_time(self.seconds)}, {self.share_of_a_day:.2%} of a day's budget"

    @property
    def facts(self) -> dict[str, int | float]:
        """The numbers, as metadata that is plotted."""
        return {
            "quoted_requests": self.requests,
            "quoted_seconds": round(self.seconds, 1),
            "quoted_share_of_a_day": round(self.share_of_a_day, 6),
            "contracts": self.contracts,
            "contracts_without_definition": len(self.undefined),
            "trading_days_expected": self.expected,
            "trading_days_held": self.held,
            "trading_days_known_empty": self.empty,
            "trading_days_missing": self.missing,
        }

    @property
    def lines(self) -> list[tuple[str, str]]:
        """All of it for a person, by name."""
        kept = f" ({self.kept:,} more are answered already, by a try that was cut short)" if self.kept else ""
        return [
            ("contracts", f"{self.contracts:,}"),
            (f"{self.counted} expected", f"{self.expected:,}"),
            ("already held", f"{self.held:,}"),
            ("known to be empty", f"{self.empty:,}, not due to be asked for again"),
            ("missing", f"{self.missing:,}"),
            ("requests", f"{self.requests:,}{kept}"),
            ("time", f"{in_time(self.seconds)} at the pace of the budget"),
            ("share of the day's budget", f"{self.share_of_a_day:.2%} of what the login may ask in 24 hours"),
            ("parks beyond", f"{self.most:,} requests, those answered already included"),
            ("not known before", "; ".join(self._unknown())),
        ]

    def _unknown(self) -> list[str]:
        found = ["clipped replies, days without a bar and cold contracts, which are asked for once more"]
        if self.undefined:
            named = ", ".join(self.undefined[:NAMED]) + (", ..." if len(self.undefined) > NAMED else "")
            found.append(f"contracts without a definition yet: {len(self.undefined):,} ({named}); a night defines them")
        return found

    def __str__(self) -> str:
        return "; ".join(f"{name}: {told}" for name, told in self.lines)


class OverQuote(Waiting):
    """A landing would ask more than it was quoted with; `margin` is what it was allowed."""

    def __init__(self, message: str, *, margin: float) -> None:
        super().__init__(message)
        self.margin = margin


def quote(plan: Plan, endpoints: Iterable[Endpoint | Local], kept: Iterable[Envelope], *, margin: float) -> Quote:
    """What a plan costs, where `kept` replies answer a part of it already."""
    asked = [one for one in endpoints if isinstance(one, Endpoint)]
    told = [envelope.request for envelope in kept]
    planned = sum(len(load.requests) for load in plan.loads)
    to_ask = sum(1 for load in plan.loads if load.requests)
    cold_tries = max((one.cold_tries for one in asked), default=1) - 1
    expected, missing = sum(len(load.sessions) for load in plan.loads), sum(len(load.missing) for load in plan.loads)
    empty = sum(load.empty for load in plan.loads)
    return Quote(
        contracts=len(plan.loads),
        expected=expected,
        held=expected - missing - empty,
        empty=empty,
        missing=missing,
        planned=planned,
        kept=_answered(plan.loads, told),
        most=ceil(planned * (1 + margin)) + cold_tries * to_ask,
        margin=margin,
        seconds_each=max((one.limit.gap for one in asked if one.limit), default=GLOBAL_GAP),
        undefined=tuple(plan.undefined),
        counted=plan.counted,
    )


def in_time(seconds: float) -> str:
    """A duration, as exact as a person wants it."""
    if seconds < MINUTE:
        return f"{ceil(seconds)} s"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min {int(seconds % MINUTE)} s"
    return f"{int(seconds // HOUR)} h {int(seconds % HOUR // MINUTE)} min"


def _answered(loads: Iterable[Load], told: Sequence[Request]) -> int:
    """How many requests of the loads need not be made.

    A reply that has a bar less than it might moves the windows after it. So where the first of a contract was told,
    all that was told of it counts: the same windows come out again.
    """
    keys, by_contract = {request.key for request in told}, Counter(request.query.get("conid") for request in told)
    count = 0
    for load in loads:
        exact = sum(request.key in keys for request in load.requests)
        is_begun = bool(load.requests) and load.requests[0].key in keys
        count += min(len(load.requests), by_contract[str(load.conid)]) if is_begun else exact
    return count
