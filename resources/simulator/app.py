"""The simulated gateway as an ASGI application.

Belongs here: what a running simulation consists of, and the steps of every exchange in their order. Does not:
the steps (`steps.py`, `gate.py`, `faults/`), endpoints (`routes/`), sockets and TLS (`server.py`).
"""

from dataclasses import dataclass, field

from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from resources.simulator import reply
from resources.simulator.accounts import marks
from resources.simulator.accounts.valuation import Valuation, value
from resources.simulator.accounts.world import Account, World
from resources.simulator.clock import Clock
from resources.simulator.control import Control, Steered
from resources.simulator.faults.disturbed import Disturbed
from resources.simulator.faults.faults import Faults
from resources.simulator.flavour import Flavour
from resources.simulator.gate import Gated
from resources.simulator.market.market import Market
from resources.simulator.requests import Noted, Requests
from resources.simulator.routes import accounts, analyst, contracts, history, portfolio
from resources.simulator.routes import session as session_routes
from resources.simulator.routes.control import Steering
from resources.simulator.session import Session
from resources.simulator.steps import Headed, HttpOnly, Mannered


@dataclass(slots=True)
class Simulation:
    """Everything behind one simulated gateway."""

    market: Market
    world: World
    clock: Clock
    session: Session
    seed: int = 7
    flavour: Flavour = field(default_factory=Flavour)
    faults: Faults = field(default_factory=Faults)
    requests: Requests = field(default_factory=Requests)
    _valued: dict[str, Valuation] = field(default_factory=dict)

    @property
    def account_ids(self) -> list[str]:
        """Of everyone the login may see."""
        return [account.account_id for account in self.world.accounts]

    def valuation(self, account: Account) -> Valuation:
        """The account now; kept until the clock reaches the next mark."""
        mark = marks.mark(self.clock.now())
        found = self._valued.get(account.account_id)
        if found is None or found.at != mark.at:
            found = self._valued[account.account_id] = value(self.world, account, mark)
        return found


def application(simulation: Simulation, *, control: bool = True) -> ASGIApp:
    """The gateway over a simulated world."""
    routes: list[BaseRoute] = []
    for family in (session_routes, accounts, portfolio, analyst, contracts):
        routes += family.routes(simulation)
    cold = history.HistoryState(simulation.seed, cold_history=simulation.flavour.cold_history)
    routes += history.routes(simulation, cold)

    endpoints = Router(routes, redirect_slashes=False, default=_not_found)
    return gateway(Gated(endpoints, simulation.session, simulation.flavour), simulation, control=control)


def gateway(endpoints: ASGIApp, simulated: Steered, *, control: bool = True) -> ASGIApp:
    """Endpoints behind the gateway's own manners; a request passes these lines from the last to the first."""
    clock = simulated.clock
    app: ASGIApp = Disturbed(endpoints, simulated.faults, clock)
    app = Mannered(app)
    app = Headed(app, clock)
    app = Noted(app, simulated.requests, clock)
    app = Steering(app, Control(simulated)) if control else app
    return HttpOnly(app)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await reply.error(404, "Resource not found")(scope, receive, send)
