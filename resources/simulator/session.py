"""The login and the brokerage session behind a gateway, and what a client has asked for in it.

Belongs here: state and its transitions. Does not: wire shapes (`shapes/session.py`), or which
request needs what (`gate.py`). Tests and, later, a control plane set the attributes.

Two tiers: the login (`logged_in`) is enough for portfolio and analyst data; the brokerage session is
needed below `/iserver`. A brokerage session takes some polls to be built when `build_polls` says so.
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Session:
    """One login. `competing`: the same user holds a brokerage session somewhere else."""

    login_at: datetime
    logged_in: bool = True
    brokerage: bool = True
    competing: bool = False
    build_polls: int = 0  # how many status polls a fresh brokerage session needs
    building: int = 0  # how many it still needs
    primed: bool = False  # /iserver/accounts was asked in this brokerage session
    portfolio_primed: bool = False  # /portfolio/accounts or subaccounts was asked in this login
    number: int = 1  # of the brokerage session: whatever a client set up in an earlier one is gone
    hmds: bool = False  # the history service was logged in to
    selected: str = ""  # account of the brokerage session; "" is the first
    known: set[int] = field(default_factory=set)  # contracts whose definitions were loaded
    searched: set[int] = field(default_factory=set)  # underlyings searched by symbol in this brokerage session

    @property
    def authenticated(self) -> bool:
        """What the status says; true already while the bridge is being built."""
        return self.brokerage and not self.competing

    @property
    def bridged(self) -> bool:
        """Whether `/iserver` answers."""
        return self.authenticated and self.building == 0

    def poll(self) -> None:
        """The status was asked: a bridge in the making comes one step nearer."""
        self.building = max(0, self.building - 1)

    def initialise(self, *, compete: bool) -> bool:
        """Open a brokerage session; false when somebody else holds it and may not be thrown out."""
        if self.competing and not compete:
            return False
        self.competing = False
        self.brokerage = True
        self.number += 1
        self.building = self.build_polls
        self.primed = self.hmds = False
        self.searched.clear()
        return True

    def log_in(self, now: datetime) -> None:
        """What a person does in a browser."""
        self.login_at = now
        self.logged_in = True
        self.portfolio_primed = False
        self.known.clear()
        self.initialise(compete=True)

    def log_out(self) -> None:
        """End the login and with it everything else."""
        self.logged_in = self.brokerage = self.primed = self.portfolio_primed = self.hmds = False
        self.known.clear()
        self.searched.clear()
