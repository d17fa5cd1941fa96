"""Switches between builds of the gateway, where the sources on its behaviour differ.

Belongs here: one bit per difference that a client can see. Does not: faults, or sizes.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flavour:
    """The defaults are the newest builds that were recorded."""

    established: bool = True  # auth/status tells whether the bridge stands
    performance_get: bool = False  # GET /pa/performance, as older references have it
    unprimed_status: int = 400  # or 500, for "query /accounts first"
    cold_history: bool = True  # the first history of some contracts fails
    cold_positions: bool = True  # the first look at a position lacks its definition
    bare_subaccounts2: bool = False  # subaccounts2 as a plain array
    bad_scan_status: int = 400  # or 500, for a scan that does not exist
    hmds_scanner: bool = True  # POST /hmds/scanner answers; newer gateways have lost it
