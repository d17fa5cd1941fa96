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
    cold_history_status: int = 500  # or 404
    strict_history: bool = False  # bars outside the documented table of periods are refused
    chart_build: int = 2026  # or 2024: volumeFactor 100 for every American share; 2023: always 1, D for late data
    snapshot_warm_up: int = 1  # calls without data for a contract; some need one more
    snapshot_gaps: bool = True  # a later snapshot leaves a field out now and then
    snapshot_needs_search: bool = False  # no data of a derivative before a search for its underlying
    market_data_lines: int = 100  # subscriptions at a time; rows beyond them stay empty
    regsnapshot: bool = False  # /md/regsnapshot still answers, and charges
    hmds_withdrawn: bool = False  # no /hmds/history even after /hmds/auth/init
    cold_positions: bool = True  # the first look at a position lacks its definition
    bare_subaccounts2: bool = False  # subaccounts2 as a plain array
