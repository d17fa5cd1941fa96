"""The brokerage session: what a status means and what to do next. Pure.

| authenticated | connected | competing | established | means | do |
|---|---|---|---|---|---|
| yes | yes | no | yes or not told | usable | GO |
| yes | yes | no | no | the bridge is being built | WAIT |
| no | yes | no | | brokerage session timed out, login fine | INITIALISE |
| no | no | no | | link to the backend lost; init may revive it | INITIALISE |
| any | any | yes | | same username in use elsewhere | COMPETING |

A 401 instead of a status means that nobody is logged in at all.
Old builds omit `established`, and most keys are missing while not authenticated.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from resources.gateway.errors import Garbled


class Step(Enum):
    """What to do about a status."""

    GO = auto()
    WAIT = auto()
    INITIALISE = auto()
    COMPETING = auto()


@dataclass(frozen=True, slots=True)
class Status:
    """The part of an auth status that decides."""

    is_authenticated: bool
    is_connected: bool
    is_competing: bool
    is_established: bool

    @property
    def next_step(self) -> Step:
        if self.is_competing:
            return Step.COMPETING
        if not (self.is_authenticated and self.is_connected):
            return Step.INITIALISE
        return Step.GO if self.is_established else Step.WAIT


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
