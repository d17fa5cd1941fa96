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
    dated_search: bool = False  # secdef/search lists every expiry beside the months, in fop, opt and war
    unmatched_search_error: bool = True  # a search without a match is an error object; else an empty array
    bad_scan_status: int = 400  # or 500, for a scan that does not exist
    hmds_scanner: bool = True  # POST /hmds/scanner answers; newer gateways have lost it
    account_set_status: int = 200  # or 500, for "Account already set"
    unlisted_status: int = 400  # or 401 (no body), or 200 (nothing in it): a portfolio before its accounts
    empty_positions: bool = False  # the first page after a login or an invalidate comes empty, once
    stale_positions: int = 0  # seconds for which a page is shown as it was, unless invalidated
    lingering_positions: bool = False  # what was closed today stays as a row of 0.0
    segment_accounts: bool = False  # a future asked for by conid is held by U9900001C
    no_combos_status: int = 200  # or 500, when there are no combo positions
    allocation_needs_positions: bool = False  # POST allocation is a 500 until positions were read
    summary_milliseconds: bool = False  # timestamps of the summary
    summary_is_none: bool = False  # numbers of the summary say isNone for isNull
    return_code: bool = False  # the analyst's replies have an rc
    pacing: Rules = Rules()  # what a broken limit costs
    ticks_itself: bool = False  # the gateway's own tickle keeps the brokerage session open, as in the 2023 build
    unauthorised: Literal["empty", "json", "html"] = "empty"  # the 401 without a login
    dead_tickle: str = ""  # or "no session", "failed to process request": what a 200 without a login says
    unbridged_status: Literal[400, 401] = 400  # "no bridge", or "not authenticated"
    init_after_logout: Literal[401, 410, 503] = 410
    init_reply: Literal["status", "passed", "wait", "challenge"] = "status"
    first_status_false: bool = False  # the first status of a brokerage session denies it
    null_server: bool = False  # a status without a session has a nameless server instead of fewer keys
    tickle_confirms: bool = False  # the tickle says `iserver.tickle: true`
    hmds_in_tickle: bool = True  # the tickle tells about the history service
    logout_tail: bool = False  # a line of plain text after the JSON of a logout, as in the 2023 build
