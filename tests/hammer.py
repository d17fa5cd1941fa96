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
SCAN = {"instrument": "STK", "type": "TOP_PERC_GAIN", "location": "STK.US.MAJOR", "filter": []}
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
    (Endpoint("/iserver/scanner/run", method="POST", limit=Limit(1, 1.0)), {"body": SCAN}),
    (PERFORMANCE, {"body": {"acctIds": ["U9900001"], "period": "1Y"}}),
]
SLOW_ONE_IN = 20


@dataclass(frozen=True, slots=True)
class Hammered:
    """What came of it: limits that the simulator saw broken, and the requests of the time that all of them worked."""

    broken: list[Any]
    refused: int
    requests: int
    seconds: float
    real_seconds: float
    by_rank: Counter[str]
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
    began, login = time.monotonic(), folder / "login"
    real = shared.now if shared else time.monotonic
    with serve(Options(clock=EVENING, positions=3, tls=False), real=real) as gateway:
        tasks = [
            Task(gateway.url, login, place, seconds, folder / "time" if shared else None) for place in range(PROCESSES)
        ]
        prime(gateway.url, login, real)
        with get_context("spawn").Pool(PROCESSES) as pool:
            done = pool.map(strike, tasks, chunksize=1)
        limits = gateway.control.limits()
    calls = [call for call in Journal(login / "calls").everything() if call.get("run_id")]
    moments = sorted(datetime.fromisoformat(call["sent_at"]) for call in calls)
    counted = [at for at in moments if (at - moments[0]).total_seconds() <= seconds]
    return Hammered(
        broken=limits["broken"],
        refused=limits["refused"],
        requests=len(counted) - 1,
        seconds=(counted[-1] - counted[0]).total_seconds(),
        real_seconds=time.monotonic() - began,
        by_rank=Counter(call["rank"] for call in calls),
        by_path=Counter(call["counted_as"] for call in calls),
        postponed=sum(done),
    )


def prime(url: str, folder: Path, real: Callable[[], float]) -> None:
    """List the accounts, once for all: the portfolio wants it first."""
    clock = Clock(steady=real, wall=EVENING.timestamp, sleep=lambda _: None)
    exchange = Exchange(Transport(url), budget=Budget(folder, clock), clock=clock, calls=Journal(folder / "calls"))
    exchange.send(ACCOUNTS.request(), name=str(ACCOUNTS), limit=ACCOUNTS.limit)
    exchange.close()


def strike(task: Task) -> int:
    """What one process does; gives how often it was told to come back in some minutes."""
    with _clock(task) as clock:
        budget = Budget(task.folder, clock, rank=task.rank)
        transport, calls = Transport(task.url), Journal(task.folder / "calls")
        exchange = Exchange(transport, budget=budget, clock=clock, calls=calls, run_id=str(task.place))
        striker = Striker(task, exchange, Keeper(exchange, task.folder))
        striker.strike(until=clock.steady() + task.seconds)
        exchange.close()
    return striker.postponed


class Striker:
    """Asks and asks."""

    def __init__(self, task: Task, exchange: Exchange, keeper: Keeper) -> None:
        self.postponed = 0
        self._task, self._exchange, self._keeper = task, exchange, keeper
        self._clock = exchange.clock

    def strike(self, *, until: float) -> None:
        """Nightly work comes in bursts, or the backfill would never have a turn."""
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
        if envelope.status != 200:
            raise AssertionError(f"{request}: {envelope.status} {envelope.body[:200]!r}")


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
