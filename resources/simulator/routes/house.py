"""Whose portfolio a path names: one account, or all of a login's accounts as one.

Belongs here: finding and valuing what is named. Does not: endpoints.

`All` is the pseudo-account of a login with several accounts; alone, nobody is called that.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from resources.simulator import reply
from resources.simulator.accounts.consolidated import merged, together
from resources.simulator.accounts.valuation import Held, Valuation
from resources.simulator.accounts.world import Account, World
from resources.simulator.clock import Timed
from resources.simulator.flavour import Flavour
from resources.simulator.session import Session
from resources.simulator.shapes.accounts import EVERYBODY


class Invested(Protocol):
    """What the portfolio needs to know of a simulation."""

    session: Session
    flavour: Flavour
    world: World

    @property
    def clock(self) -> Timed: ...

    def valuation(self, account: Account) -> Valuation: ...


class House:
    """The accounts of a login."""

    def __init__(self, simulation: Invested) -> None:
        self.simulation = simulation

    def of_account(self, answer: Callable[[Request, Valuation], Response]) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint below an account, from an answer about a valuation."""

        async def handler(request: Request) -> Response:
            valuation = self.valuation(request.path_params["account"])
            if valuation is None:
                return reply.error(400, "Bad Request: invalid accountId")
            return answer(request, valuation)

        return handler

    def valuation(self, name: str) -> Valuation | None:
        """What is named, now; None for nobody."""
        world = self.simulation.world
        if self.is_everybody(name):
            return together(world, name, [self.simulation.valuation(account) for account in world.everyone])
        account = world.account(name)
        return self.simulation.valuation(account) if account else None

    def is_everybody(self, name: str) -> bool:
        """Whether a name means all accounts together."""
        return name == EVERYBODY and len(self.simulation.world.everyone) > 1

    def rows(self, valuation: Valuation) -> Sequence[Held]:
        """Positions, those of several accounts joined."""
        return merged(valuation.rows) if self.is_everybody(valuation.account.account_id) else valuation.rows
