"""The simulated gateway as an ASGI application.

Belongs here: the families of endpoints, and the steps of every exchange in their order. Does not: the steps
(`steps.py`, `gate.py`, `limits/`, `faults/`), endpoints (`routes/`), what they share (`simulation.py`), sockets and
TLS (`server.py`).
"""

from typing import Protocol

from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from resources.simulator import reply
from resources.simulator.control import Control, Steered
from resources.simulator.faults.disturbed import Disturbed
from resources.simulator.gate import Gated
from resources.simulator.limits.paced import Paced
from resources.simulator.network import Network
from resources.simulator.requests import Noted
from resources.simulator.routes import (
    accounts,
    alerts,
    analyst,
    contracts,
    history,
    hmds,
    login,
    notices,
    orders,
    portfolio,
    regsnapshot,
    scanner,
    session,
    snapshot,
    trades,
    trading_summary,
    transactions,
    watchlists,
)
from resources.simulator.routes.control import Steering
from resources.simulator.simulation import Simulation
from resources.simulator.steps import Framed, Headed, HttpOnly, Mannered, UpToDate

FAMILIES = (
    session,
    accounts,
    trading_summary,
    alerts,
    portfolio,
    analyst,
    transactions,
    orders,
    trades,
    snapshot,
    history,
    regsnapshot,
    hmds,
    contracts,
    scanner,
    watchlists,
    notices,
)


class Reachable(Steered, Protocol):
    """A gateway that can be steered and reached."""

    network: Network


def application(simulation: Simulation, *, control: bool = True) -> ASGIApp:
    """The gateway over a simulated world."""
    routes: list[BaseRoute] = [route for family in FAMILIES for route in family.routes(simulation)]
    endpoints: ASGIApp = Router(routes, redirect_slashes=False, default=_not_found)
    endpoints = UpToDate(endpoints, simulation.desk)
    endpoints = Gated(endpoints, simulation.session, simulation.flavour, simulation.clock.now)
    return gateway(endpoints, simulation, control=control)


def gateway(endpoints: ASGIApp, simulated: Reachable, *, control: bool = True) -> ASGIApp:
    """Endpoints behind the gateway's own manners; a request passes these lines from the last to the first."""
    clock, session = simulated.clock, simulated.session
    app: ASGIApp = Disturbed(endpoints, simulated.faults, clock)
    app = Paced(app, simulated.limiter, clock.now, ticks=session.ticks) if simulated.limiter else app
    app = Mannered(app, login.pages(session, clock.now), simulated.network)
    app = Framed(Headed(app, clock))
    app = Noted(app, simulated.requests, clock)
    app = Steering(app, Control(simulated)) if control else app
    return HttpOnly(app)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await reply.error(404, "Resource not found")(scope, receive, send)
