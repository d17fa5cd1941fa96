"""The client and its parts, wired to the gateway of a test, in time that only sleeping moves."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from resources.gateway.budget import Budget, Rank
from resources.gateway.certificate import read_pin
from resources.gateway.client import GatewayClient
from resources.gateway.clock import Clock
from resources.gateway.exchange import Exchange
from resources.gateway.keeper import Keeper
from resources.gateway.transport import Reply, Transport
from resources.journal import Journal
from resources.simulator.clock import Clock as SimulatedClock
from resources.simulator.server import Running

EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


class Listening(Protocol):
    """A gateway that answers."""

    @property
    def url(self) -> str: ...

    @property
    def certificate(self) -> Path | None: ...


class Hours:
    """Time as the client and, where it has one, the simulator see it; `slept` is what was waited for."""

    def __init__(self, simulated: Running | None = None) -> None:
        if simulated is None:
            self._clock = SimulatedClock(EVENING, real=lambda: 0.0, rate=0.0)
        else:
            self._clock = simulated.simulation.clock
            self._clock.tick_at(0)
        self.slept: list[float] = []
        self.clock = Clock(steady=self.now, wall=self.now, sleep=self.sleep)

    def now(self) -> float:
        return self._clock.now().timestamp()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        """Time goes on though nobody waits."""
        self._clock.advance(timedelta(seconds=seconds))


class Heard(Transport):
    """The real transport, which also notes what it sent."""

    def __init__(self, gateway: Listening) -> None:
        pin = read_pin(gateway.certificate) if gateway.certificate else None
        super().__init__(gateway.url, pin=pin)
        self.sent: list[str] = []

    def send(self, *asked: Any, **told: Any) -> Reply:
        self.sent.append(f"{asked[0].method} {asked[0].path}")
        return super().send(*asked, **told)


class Wired:
    """One process's client of a gateway; several of one folder share a login."""

    def __init__(
        self,
        gateway: Listening,
        folder: Path,
        hours: Hours | None = None,
        *,
        run_id: str = "run-1",
        rank: Rank = Rank.NIGHTLY,
        may_evict: bool = False,
        refused: Iterable[str] = (),
        tend_every: float = 3600.0,
    ) -> None:
        self.hours = hours or Hours()
        self.heard = Heard(gateway)
        self.calls = Journal(folder / "calls")
        budget = Budget(folder, self.hours.clock, rank=rank)
        self.exchange = Exchange(self.heard, budget=budget, clock=self.hours.clock, calls=self.calls, run_id=run_id)
        self.keeper = Keeper(self.exchange, folder, may_evict=may_evict)
        self.client = GatewayClient(self.exchange, self.keeper, refused=refused, tend_every=tend_every)

    @property
    def sent(self) -> list[str]:
        return self.heard.sent


@contextmanager
def wired(gateway: Listening, folder: Path, hours: Hours | None = None, **chosen: Any) -> Iterator[Wired]:
    """A client that is closed when the block ends."""
    one = Wired(gateway, folder, hours, **chosen)
    try:
        yield one
    finally:
        one.client.close()
