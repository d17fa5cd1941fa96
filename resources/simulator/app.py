"""The simulated gateway as an ASGI application.

Belongs here: what a running simulation consists of, and the envelope of every exchange: prefixes,
refusals and headers. Does not: endpoints (`routes/`), sockets and TLS (`server.py`).

Bodies go out chunked and never compressed, and the date is the simulated one, as a client takes its
"now" from there. `X-Simulator` tells a simulator from a real gateway.
"""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resources.simulator import gate, reply
from resources.simulator.accounts import marks
from resources.simulator.accounts.valuation import Valuation, value
from resources.simulator.accounts.world import Account, World
from resources.simulator.clock import Clock
from resources.simulator.flavour import Flavour
from resources.simulator.limits.limiter import Limiter
from resources.simulator.limits.paced import Paced
from resources.simulator.market.market import Market
from resources.simulator.network import Network
from resources.simulator.orders.desk import Desk
from resources.simulator.routes import (
    accounts,
    analyst,
    contracts,
    history,
    hmds,
    login,
    orders,
    portfolio,
    regsnapshot,
    scanner,
    snapshot,
    trades,
    transactions,
)
from resources.simulator.routes import session as session_routes
from resources.simulator.routes.regsnapshot import Regsnapshots
from resources.simulator.session import Session
from resources.simulator.warmth import Subscriptions

MARKER = "ibkr-warehouse"
FAMILIES = (
    session_routes,
    accounts,
    portfolio,
    analyst,
    contracts,
    snapshot,
    history,
    regsnapshot,
    hmds,
    scanner,
    orders,
    trades,
    transactions,
)
FIXED_HEADERS = (
    (b"cache-control", b"max-age=0, no-cache, no-store"),
    (b"pragma", b"no-cache"),
    (b"vary", b"Origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-simulator", MARKER.encode()),
)


@dataclass(slots=True)
class Simulation:
    """Everything behind one simulated gateway."""

    market: Market
    world: World
    clock: Clock
    session: Session
    seed: int = 7
    flavour: Flavour = field(default_factory=Flavour)
    limiter: Limiter | None = None  # no pacing without one
    network: Network = field(default_factory=Network)
    desk: Desk = field(init=False)
    subscriptions: Subscriptions = field(init=False)
    regsnapshots: Regsnapshots = field(default_factory=Regsnapshots)
    _valued: dict[str, tuple[object, Valuation]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk = Desk(self.world, self.clock, self.session, self.seed, self.valuation)
        self.subscriptions = Subscriptions(self.session, self.flavour)

    @property
    def account_ids(self) -> list[str]:
        """Of everyone the login may see."""
        return [account.account_id for account in self.world.everyone]

    def valuation(self, account: Account) -> Valuation:
        """The account now; kept until the clock reaches the next mark or an order fills."""
        self.desk.blotter.catch_up()
        mark, executed = marks.mark(self.clock.now()), self.world.executed(account)
        if executed and executed[-1].at > mark.seconds:
            mark = replace(mark, until=datetime.fromtimestamp(executed[-1].at, UTC))
        key = mark, len(executed)
        if account.account_id not in self._valued or self._valued[account.account_id][0] != key:
            self._valued[account.account_id] = key, value(self.world, account, mark)
        return self._valued[account.account_id][1]


def application(simulation: Simulation) -> ASGIApp:
    """The gateway over a simulated world."""
    routes: list[BaseRoute] = []
    for family in FAMILIES:
        routes += family.routes(simulation)

    now, session = simulation.clock.now, simulation.session
    endpoints: ASGIApp = Router(routes, redirect_slashes=False, default=_not_found)
    endpoints = _up_to_date(endpoints, simulation.desk)
    endpoints = gate.Gated(endpoints, session, simulation.flavour, now)
    if simulation.limiter is not None:
        endpoints = Paced(endpoints, simulation.limiter, now, ticks=session.ticks)
    return Gateway(endpoints, login.pages(session, now), simulation.clock, simulation.network)


class Gateway:
    """Endpoints of the API, and pages for people beside them, behind the gateway's own manners."""

    def __init__(self, endpoints: ASGIApp, pages: ASGIApp, clock: Clock, network: Network) -> None:
        self._endpoints = endpoints
        self._pages = pages
        self._clock = clock
        self._network = network

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        began = self._clock.elapsed()
        answer = self._turned_away(scope)
        outgoing = _Envelope(send, self._clock.now, lambda: self._clock.elapsed() - began)
        if answer is not None:
            await answer(scope, receive, outgoing)
            return
        path = gate.endpoint(scope["path"])
        if path is None:
            await self._pages(scope, receive, outgoing)
            return
        inner = {**scope, "path": path, "root_path": ""}
        await self._endpoints(inner, receive, outgoing)

    def _turned_away(self, scope: Scope) -> Response | None:
        address = scope["client"][0] if scope.get("client") else ""
        return self._network.turned_away(address) or gate.malformed(scope["method"], Headers(scope=scope))


@dataclass(slots=True)
class _Envelope:
    """Sends a reply on with the headers of the gateway."""

    send: Send
    now: Callable[[], datetime]
    elapsed: Callable[[], float]

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*self._kept(message), *FIXED_HEADERS, *self._dated()]
        await self.send(message)

    def _kept(self, message: MutableMapping[str, object]) -> list[tuple[bytes, bytes]]:
        headers = message["headers"]
        assert isinstance(headers, list)
        return [(name, value) for name, value in headers if name != b"content-length"]

    def _dated(self) -> tuple[tuple[bytes, bytes], ...]:
        date = format_datetime(self.now(), usegmt=True).encode()
        spent = b"%dms" % round(self.elapsed() * 1000)
        return (b"date", date), (b"expires", date), (b"x-response-time", spent)


def _up_to_date(endpoints: ASGIApp, desk: Desk) -> ASGIApp:
    """Endpoints that see every fill that has happened by now."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        desk.blotter.catch_up()
        await endpoints(scope, receive, send)

    return answer


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await reply.error(404, "Resource not found")(scope, receive, send)
