"""The login and the brokerage session behind a gateway, and what a client has asked for in it.

Belongs here: state and its transitions. Does not: wire shapes (`shapes/session.py`), which request needs what
(`gate.py`), or how long things last (`lifetime.py`). Tests and a control plane set the attributes.

Two tiers: the login (`logged_in`) is enough for portfolio and analyst data; the brokerage session is needed below
`/iserver`. A brokerage session takes some polls or seconds to be built when `build_polls` or `build_seconds` say so.

Nothing happens by itself: each request first lets the time pass that went by (`pass_to`). A session without a
`lifetime` lasts for ever. The gateway tickles every 30 seconds after a login; recorded idle timeouts say that this
does not keep the brokerage session open, so here it does so only when `ticks_itself`, which is the 2023 build: there
it also logs out when its tickle finds no brokerage session. A session that was there from the start is ready for its
first request, whenever that comes before midnight.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from resources.simulator.lifetime import Lifetime, Maintenance, own_ticks

OWN_TRIES = 5  # the gateway itself initialises so often after a login
HAMMERED = timedelta(minutes=1)
BEARABLE = 20  # inits in that time, the gateway's own pace; above it they are refused


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
    lifetime: Lifetime | None = None
    ticks_itself: bool = False
    connected: bool = True  # the link to the backend; only an init with compete brings it back
    bridgeless: bool = False  # initialised in a way that never gets a bridge for orders
    build_seconds: float = 0.0  # how long a fresh brokerage session takes
    init_failures: int = 0  # how many inits fail before one succeeds
    touched: bool = False  # a client has asked anything: only then may its requests stop coming
    asked_status: bool = False  # the status was asked in this brokerage session
    ended: str = ""  # why the login or the brokerage session ended, for people
    now: datetime = field(init=False)  # as of the latest request
    _built_at: datetime | None = None
    _inits: deque[datetime] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.now = self.login_at

    @property
    def authenticated(self) -> bool:
        """What the status says; true already while the bridge is being built."""
        return self.brokerage and self.connected and not self.competing

    @property
    def bridged(self) -> bool:
        """Whether `/iserver` answers."""
        built = self._built_at is None or self.now >= self._built_at
        return self.authenticated and self.building == 0 and built

    @property
    def maintenance(self) -> Maintenance | None:
        """What keeps the service down."""
        return self.lifetime.maintenance(self.now) if self.lifetime else None

    @property
    def hammered(self) -> bool:
        """Whether inits came so fast that they are refused, and logins with them."""
        return sum(self.now - at < HAMMERED for at in self._inits) > BEARABLE

    def pass_to(self, now: datetime) -> None:
        """A request came: what has ended since the latest one?"""
        before, self.now = self.now, max(now, self.now)
        if self.ticks_itself and self._found_dead(before):
            self.log_out(ended="its own tickle found no brokerage session")
        if self.lifetime is not None and self.logged_in:
            self._age(self.lifetime, before)
        self.touched = True

    def ticks(self, since: datetime, now: datetime) -> list[datetime]:
        """The gateway's own tickles of this login in between."""
        return own_ticks(self.login_at, since, now) if self.logged_in else []

    def poll(self) -> None:
        """The status was asked: a bridge in the making comes one step nearer."""
        self.building = max(0, self.building - 1)
        self.asked_status = True

    def attempt(self) -> bool:
        """An init came; false when the backend cannot be reached this time."""
        self._inits.append(self.now)
        while len(self._inits) > BEARABLE + 1:
            self._inits.popleft()
        if self.init_failures > 0:
            self.init_failures -= 1
            return False
        return self.maintenance is None

    def initialise(self, *, compete: bool, bridge: bool = True) -> bool:
        """Open a brokerage session; false when somebody else holds it and may not be thrown out."""
        if self.competing and not compete:
            return False
        self.competing = False
        self.brokerage = self.connected = True
        self.bridgeless = not bridge
        self.number += 1
        self.building = self.build_polls
        self._built_at = self.now + timedelta(seconds=self.build_seconds)
        self.primed = self.asked_status = self.hmds = False
        self.searched.clear()
        self.ended = ""
        return True

    def lose(self, why: str) -> None:
        """The brokerage session ends, the login stays."""
        if self.brokerage:
            self.ended = why
        self.brokerage = self.primed = False

    def log_in(self, now: datetime) -> None:
        """What a person does in a browser, and what the gateway then does by itself: init, and prime once."""
        self.now = max(now, self.now)
        self.login_at = now
        self.logged_in = self.touched = True
        self.brokerage = self.portfolio_primed = False
        self.known.clear()
        if any(self.attempt() for _ in range(OWN_TRIES)):
            self.initialise(compete=True)
            self.primed = self.bridged
        self._inits.clear()

    def log_out(self, *, ended: str = "logout") -> None:
        """End the login and with it everything else."""
        self.logged_in = self.brokerage = self.primed = self.portfolio_primed = self.hmds = False
        self.ended = ended
        self.known.clear()
        self.searched.clear()

    def _age(self, lifetime: Lifetime, before: datetime) -> None:
        if self.now >= lifetime.login_ends(self.login_at):
            self.log_out(ended="midnight of the region")
        elif lifetime.was_maintained(before, self.now):
            self.lose("maintenance")
        elif self.touched and not self.ticks_itself and self.now - before > lifetime.idle:
            self.lose("no request for too long")

    def _found_dead(self, before: datetime) -> bool:
        dead = self.logged_in and self.connected and not self.authenticated
        return dead and bool(own_ticks(self.login_at, before, self.now))
