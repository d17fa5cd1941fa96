"""Switches between builds of the gateway, where the sources on its behaviour differ.

Belongs here: one bit per difference that a client can see. Does not: faults, or sizes.
"""

from dataclasses import dataclass
from typing import Literal

from resources.simulator.limits.limiter import Rules


@dataclass(frozen=True, slots=True)
class Flavour:
    """The defaults are the newest builds that were recorded."""

    established: bool = True  # auth/status tells whether the bridge stands
    performance_get: bool = False  # GET /pa/performance, as older references have it
    unprimed_status: int = 400  # or 500, for "query /accounts first"
    cold_history: bool = True  # the first history of some contracts fails
    cold_positions: bool = True  # the first look at a position lacks its definition
    bare_subaccounts2: bool = False  # subaccounts2 as a plain array
    pacing: Rules = Rules()  # what a broken limit costs
    ticks_itself: bool = False  # the gateway's own tickle keeps the brokerage session open, as in the 2023 build
    unauthorised: Literal["empty", "json", "html"] = "empty"  # the 401 without a login
    dead_tickle: str = (
        ""  # without a login, a tickle is a 200 with this error: "no session", "failed to process request"
    )
    unbridged_status: Literal[400, 401] = 400  # "no bridge", or "not authenticated"
    init_after_logout: Literal[401, 410, 503] = 410
    init_reply: Literal["status", "passed", "wait", "challenge"] = "status"
    first_status_false: bool = False  # the first status of a brokerage session denies it
    null_server: bool = False  # a status without a session has a nameless server instead of fewer keys
    tickle_confirms: bool = False  # the tickle says `iserver.tickle: true`
    hmds_in_tickle: bool = True  # the tickle tells about the history service
    logout_tail: bool = False  # a line of plain text after the JSON of a logout, as in the 2023 build
