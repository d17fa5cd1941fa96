import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.types import ASGIApp, Message

from resources.simulator.accounts.world import World
from resources.simulator.app import application
from resources.simulator.clock import Clock
from resources.simulator.flavour import Flavour
from resources.simulator.lifetime import Lifetime
from resources.simulator.limits.limiter import Limiter
from resources.simulator.session import Session
from resources.simulator.simulation import Simulation
from tests.resources.simulator.toy_market import ToyMarket

EVENING = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)  # 18:30 in New York, a Tuesday
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
FIRST = "U9900001"


class Hand:
    """Real time that moves only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Caller:
    """Calls an ASGI application without a socket, as a client with the usual headers."""

    app: ASGIApp
    prefix: str = "/v1/api"
    headers: dict[str, str] = field(default_factory=lambda: {"user-agent": "test"})

    def get(self, path: str, **query: str) -> Answer:
        return self.call("GET", self.prefix + path, query=query)

    def post(self, path: str, body: object = None) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        return self.call("POST", self.prefix + path, content, headers={"content-length": str(len(content))})

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = {**self.headers, **(headers or {})}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode(query or {}).encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items() if value],
            "scheme": "https",
            "server": ("localhost", 5000),
            "client": ("127.0.0.1", 50000),
            "root_path": "",
            "http_version": "1.1",
        }
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        async def exchange() -> None:
            await self.app(scope, receive, send)

        asyncio.run(exchange())
        start = messages[0]
        named = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], named, b"".join(message.get("body", b"") for message in messages[1:]))


@dataclass
class Desk:
    """A simulation and a client of it."""

    simulation: Simulation
    client: Caller

    def later(self, **step: float) -> None:
        """Let simulated time pass: `later(minutes=5)`."""
        self.simulation.clock.advance(timedelta(**step))

    def prime(self) -> None:
        assert self.client.get("/iserver/accounts").status == 200
        assert self.client.get("/portfolio/accounts").status == 200


def make_world(
    *,
    seed: int = 7,
    accounts: int = 1,
    positions: int = 30,
    today: date = TODAY,
    market: ToyMarket | None = None,
    adviser: bool = False,
    opened: date | None = None,
) -> World:
    market = market or ToyMarket(size=positions * 3 + 30)
    return World(market, seed=seed, today=today, accounts=accounts, positions=positions, adviser=adviser, opened=opened)


def make_desk(
    *,
    at: datetime = EVENING,
    seed: int = 7,
    accounts: int = 1,
    positions: int = 30,
    flavour: Flavour | None = None,
    adviser: bool = False,
    opened: date | None = None,
    lifetime: Lifetime | None = None,
    limiter: Limiter | None = None,
) -> Desk:
    world = make_world(
        seed=seed, accounts=accounts, positions=positions, today=at.date(), adviser=adviser, opened=opened
    )
    flavour = flavour or Flavour()
    session = Session(at, lifetime=lifetime, ticks_itself=flavour.ticks_itself)
    simulation = Simulation(world.market, world, Clock(at, real=Hand()), session, seed, flavour, limiter=limiter)
    return Desk(simulation, Caller(application(simulation)))


@pytest.fixture
def desk() -> Desk:
    return make_desk()


@pytest.fixture
def primed(desk: Desk) -> Desk:
    desk.prime()
    return desk


@pytest.fixture
def new_desk() -> Callable[..., Desk]:
    return make_desk
