"""What the endpoints about contracts need of a simulation, and the contract that a request names.

Belongs here: the protocol, and finding one contract or the error for it. Does not: endpoints.
"""

from collections.abc import Sequence
from typing import Protocol

from starlette.responses import Response

from resources.simulator import reply
from resources.simulator.accounts.world import World
from resources.simulator.clock import Clock
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.flavour import Flavour
from resources.simulator.market.market import Market
from resources.simulator.session import Session


class Listed(Protocol):
    """A market, a present, and who is logged in."""

    @property
    def market(self) -> Market: ...
    @property
    def world(self) -> World: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def session(self) -> Session: ...
    @property
    def flavour(self) -> Flavour: ...
    @property
    def account_ids(self) -> Sequence[str]: ...


def named(market: Market, conid: int | None) -> Instrument | None:
    """The contract of an id that may be none."""
    return None if conid is None else market.instrument(conid)


def not_found() -> Response:
    """No contract has that id."""
    return reply.error(500, "Contract not found", status_code=False)
