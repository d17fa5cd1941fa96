"""Four processes that want more of one login's budget than there is, against one simulator that paces strictly.

Two do nightly work in bursts, two a backfill without a pause; all ask for everything, slow endpoints too, and tend the
session. What counts is what the simulator saw: limits broken, and how many requests came in how much time.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from resources.gateway.budget import Budget, Rank
from resources.gateway.clock import Clock
from resources.gateway.endpoint import Endpoint
from resources.gateway.errors import Waiting
from resources.gateway.exchange import Exchange
from resources.gateway.keeper import Keeper
from resources.gateway.pacing import OURS_PER_SECOND, Limit
from resources.gateway.transport import Transport
from resources.journal import Journal
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.shared_time import SharedTime

PROCESSES = 4
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
BURST, REST = 60.0, 40.0
ACCOUNTS = Endpoint("/portfolio/accounts", limit=Limit(1, 5.0))
PERFORMANCE = Endpoint("/pa/performance", method="POST", limit=Limit(1, 900.0))
LEDGER = Endpoint("/portfolio/{account_id}/ledger")
SECDEF = Endpoint("/trsrv/secdef")
Asked = tuple[Endpoint, dict[str, Any]]
ACCOUNT = {"account_id": "U9900001"}
BARS = {"query": {"conid": 265598, "period": "1d", "bar": "1d"}}
MIXED: list[Asked] = [
    (SECDEF, {"query": {"conids": 265598}}),
    (Endpoint("/portfolio/{account_id}/positions/{page}"), {**ACCOUNT, "page": 0}),
    (Endpoint("/iserver/marketdata/history", concurrent=5), BARS),
    (LEDGER, ACCOUNT),
    (SECDEF, {"query": {"conids": 8314}}),
]
SLOW: list[Asked] = [
    (ACCOUNTS, {}),
    (Endpoint("/iserver/account/orders", limit=Limit(1, 5.0)), {}),
    (Endpoint("/iserver/account/trades", limit=Limit(1, 5.0)), {}),
    (Endpoint("/iserver/scanner/run", method="POST", limit=Limit(1, 1.0)), {"body": {"type": "TOP_PERC_GAIN"}}),
    (PERFORMANCE, {"body": {"acctIds": ["U9900001"], "period": "1Y"}}),
]
SLOW_ONE_IN = 80


@dataclass(frozen=True, slots=True)
class Hammered:
    """What came of it: `broken` limits, requests the simulator got in `seconds` of its time, how many per rank."""

    broken: list[Any]
    requests: int
    seconds: float
    real_seconds: float
    by_rank: dict[str, int]
    by_path: Counter[str]
    postponed: int

    @property
    def share(self) -> float:
        """Of the requests that were ours to send."""
        return self.requests / (self.seconds * OURS_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Task:
    """One process's part. Without a `time` file the clocks are real."""

    url: str
    folder: Path
    place: int
    seconds: float
    time: Path | None

    @property
    def rank(self) -> Rank:
        return Rank.NIGHTLY if self.place % 2 else Rank.BACKFILL


def hammer(folder: Path, *, seconds: float, is_simulated: bool = True) -> Hammered:
    """Let four processes ask for so long."""
    shared = SharedTime.create(folder / "time", processes=PROCESSES) if is_simulated else None
    real = shared.now if shared else time.monotonic
    options = Options(clock=EVENING, positions=3, tls=False)
    with serve(options, real=real) as gateway:
        tasks = [
            Task(gateway.url, folder / "login", place, seconds, folder / "time" if shared else None)
            for place in range(PROCESSES)
        ]
        real_began = time.monotonic()
        with get_context("spawn").Pool(PROCESSES) as pool:
            done = pool.map(strike, tasks, chunksize=1)
        return Hammered(
            broken=gateway.control.limits()["broken"],
            requests=sum(one["requests"] for one in done),
            seconds=max(one["ended"] for one in done) - min(one["began"] for one in done),
            real_seconds=time.monotonic() - real_began,
            by_rank={rank.name: sum(one["requests"] for one in done if one["rank"] == rank.name) for rank in Rank},
            by_path=sum((Counter(one["asked"]) for one in done), Counter()),
            postponed=sum(one["postponed"] for one in done),
        )


def strike(task: Task) -> dict[str, Any]:
    """What one process does."""
    with _clock(task) as clock:
        folder = task.folder
        budget = Budget(folder, clock, rank=task.rank)
        exchange = Exchange(Transport(task.url), budget=budget, clock=clock, calls=Journal(folder / "calls"))
        striker = Striker(task, exchange, Keeper(exchange, folder))
        began = clock.steady()
        striker.strike(until=began + task.seconds)
        ended = clock.steady()
        exchange.close()
    facts = {"began": began, "ended": ended, "rank": task.rank.name, "requests": exchange.tally.requests}
    return {**facts, "asked": striker.asked, "postponed": striker.postponed}


class Striker:
    """Asks and asks."""

    def __init__(self, task: Task, exchange: Exchange, keeper: Keeper) -> None:
        self.asked: Counter[str] = Counter()
        self.postponed = 0
        self._task, self._exchange, self._keeper = task, exchange, keeper
        self._clock = exchange.clock

    def strike(self, *, until: float) -> None:
        """Nightly work comes in bursts, or the backfill would never have a turn."""
        self._ask(ACCOUNTS, {})
        rests_at = self._clock.steady() + BURST
        for number, asked in enumerate(self._mix()):
            if self._clock.steady() >= until:
                return
            if self._task.rank is Rank.NIGHTLY and self._clock.steady() >= rests_at:
                self._clock.sleep(min(REST, until - self._clock.steady()))
                rests_at = self._clock.steady() + BURST
            self._ask(*asked)
            if number % 10 == 0:
                self._keeper.tend()

    def _mix(self) -> Iterator[Asked]:
        slow = cycle(SLOW[self._task.place :] + SLOW[: self._task.place])
        for number, asked in enumerate(cycle(MIXED), start=self._task.place * 7):
            yield next(slow) if number % SLOW_ONE_IN == 0 else asked

    def _ask(self, endpoint: Endpoint, asked: dict[str, Any]) -> None:
        request = endpoint.request(**asked)
        try:
            envelope = self._exchange.send(
                request, name=str(endpoint), limit=endpoint.limit, concurrent=endpoint.concurrent
            )
        except Waiting:
            self.postponed += 1
            return
        if envelope.status == 429:
            raise AssertionError(f"{request}: a limit was broken")
        self.asked[str(endpoint)] += 1


@contextmanager
def _clock(task: Task) -> Iterator[Clock]:
    if task.time is None:
        yield Clock(steady=time.monotonic, wall=time.time, sleep=_real_sleep())
        return
    shared = SharedTime(task.time, processes=PROCESSES, place=task.place)
    wall = EVENING.timestamp()
    try:
        yield Clock(steady=shared.now, wall=lambda: wall + shared.now(), sleep=shared.sleep)
    finally:
        shared.leave()


def _real_sleep() -> Callable[[float], None]:
    return time.sleep  # noqa: TID251
