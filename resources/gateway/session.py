"""The session as a state machine: what a look at the gateway means, what still works, what to do. Pure.

| state | a look at it gives | login tier | brokerage tier | do |
|---|---|---|---|---|
| READY | authenticated, connected, established or not told | works | works | GO |
| BRIDGE_BUILDING | the same, but established is false; or "no bridge" | works | waits | POLL |
| BROKERAGE_DEAD | not authenticated; connected or not (init may revive the link) | works | waits | INITIALISE |
| COMPETING | competing is true: the username is in use elsewhere | works | waits | ASK_A_PERSON |
| NOT_LOGGED_IN | 401, an HTML login page, "no session" | waits | waits | ASK_A_PERSON |
| MAINTENANCE | 5xx or garbage for the status too | waits | waits | POLL |
| GATEWAY_DOWN | nothing answers | waits | waits | ASK_A_PERSON |

A bridge that is not there after two minutes never comes by itself: it is initialised again. INITIALISE backs off, 2 s
doubling to 5 minutes, since hammering it has led to refused logins; a competing session is evicted only when the
owner's configuration says so, and then as carefully. After each init both account lists are asked for again
(priming), which is the client's to do. Old builds omit `established`, and most keys are missing while not
authenticated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from resources.gateway.allowed import Tier
from resources.gateway.errors import (
    Garbled,
    GatewayError,
    LoginRequired,
    Maintenance,
    SessionLost,
    Unavailable,
    Unreachable,
)

BRIDGE_PATIENCE = timedelta(minutes=2)
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(seconds=2), timedelta(minutes=5)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """What a look at the gateway found."""

    GATEWAY_DOWN = "gateway down"
    MAINTENANCE = "maintenance"
    NOT_LOGGED_IN = "not logged in"
    COMPETING = "competing login"
    BROKERAGE_DEAD = "brokerage session dead"
    BRIDGE_BUILDING = "bridge being built"
    READY = "ready"

    def serves(self, tier: Tier) -> bool:
        """Whether requests of a tier work in this state."""
        return tier in _SERVED[self]


class Step(StrEnum):
    """What to do about a state."""

    GO = "go"
    POLL = "poll"
    INITIALISE = "initialise"
    ASK_A_PERSON = "ask a person"


_SERVED: Mapping[State, tuple[Tier, ...]] = {
    State.GATEWAY_DOWN: (),
    State.MAINTENANCE: (),
    State.NOT_LOGGED_IN: (),
    State.COMPETING: (Tier.LOGIN,),
    State.BROKERAGE_DEAD: (Tier.LOGIN,),
    State.BRIDGE_BUILDING: (Tier.LOGIN,),
    State.READY: (Tier.LOGIN, Tier.BROKERAGE),
}
_STEPS: Mapping[State, Step] = {
    State.GATEWAY_DOWN: Step.ASK_A_PERSON,
    State.MAINTENANCE: Step.POLL,
    State.NOT_LOGGED_IN: Step.ASK_A_PERSON,
    State.COMPETING: Step.ASK_A_PERSON,
    State.BROKERAGE_DEAD: Step.INITIALISE,
    State.BRIDGE_BUILDING: Step.POLL,
    State.READY: Step.GO,
}


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a login's session: `since` when it is in its state, and the inits since it last was ready."""

    state: State = State.GATEWAY_DOWN
    since: datetime = LONG_AGO
    reason: str = ""
    inits: int = 0
    init_at: datetime = LONG_AGO

    def seen(self, state: State, reason: str = "", *, at: datetime) -> "Session":
        """After a look that found `state`."""
        since = self.since if state is self.state else at
        inits = 0 if state is State.READY else self.inits
        return replace(self, state=state, since=since, reason=reason, inits=inits)

    def initialised(self, *, at: datetime) -> "Session":
        """After an init was sent."""
        return replace(self, inits=self.inits + 1, init_at=at)

    def step(self, *, at: datetime, lasting: timedelta = timedelta(), may_evict: bool = False) -> Step:
        """What to do now about a state that lasts so long already; an init that is not due yet is waited for."""
        step = _STEPS[self.state]
        is_stuck = self.state is State.BRIDGE_BUILDING and lasting >= BRIDGE_PATIENCE
        if is_stuck or (self.state is State.COMPETING and may_evict):
            step = Step.INITIALISE
        return Step.POLL if step is Step.INITIALISE and not self.is_init_due(at) else step

    @property
    def init_due(self) -> datetime:
        """When the next init may be sent; two never follow each other at once, not even around a moment of READY."""
        return self.init_at + min(FIRST_BACKOFF * 2.0 ** min(max(self.inits, 1) - 1, 10), LONGEST_BACKOFF)

    def is_init_due(self, at: datetime) -> bool:
        """Whether an init may be sent; one of the future (a clock that was set back) holds nothing up."""
        return not self.init_at <= at < self.init_due


@dataclass(frozen=True, slots=True)
class Status:
    """The part of an auth status that decides."""

    is_authenticated: bool
    is_connected: bool
    is_competing: bool
    is_established: bool

    @property
    def state(self) -> State:
        if self.is_competing:
            return State.COMPETING
        if not (self.is_authenticated and self.is_connected):
            return State.BROKERAGE_DEAD
        return State.READY if self.is_established else State.BRIDGE_BUILDING


def read_status(decoded: Any) -> Status:
    """The status in a decoded reply of auth/status or ssodh/init."""
    if not isinstance(decoded, dict) or not isinstance(decoded.get("authenticated"), bool):
        raise Garbled(f"POST /iserver/auth/status: no 'authenticated' in {str(decoded)[:120]!r}. Is this a gateway?")
    authenticated = decoded["authenticated"]
    return Status(
        is_authenticated=authenticated,
        is_connected=bool(decoded.get("connected", authenticated)),
        is_competing=bool(decoded.get("competing", False)),
        is_established=bool(decoded.get("established", authenticated)),
    )


def state_of(error: GatewayError) -> State | None:
    """The state that a failed look stands for; None when it tells nothing of the session (a limit, a wrong pin)."""
    match error:
        case Unreachable():
            return State.GATEWAY_DOWN
        case LoginRequired():
            return State.NOT_LOGGED_IN
        case SessionLost():
            return State.BRIDGE_BUILDING
        case Unavailable() | Garbled() | Maintenance():
            return State.MAINTENANCE
    return None
