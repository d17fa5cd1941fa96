"""Switches between builds of the gateway, where the sources on its behaviour differ.

Belongs here: one switch per difference that a client can see, the builds that are known to have had several of them
at once, and switches written as `name=value`. Does not: faults, or sizes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from resources.simulator.limits.limiter import Rules

T = TypeVar("T")


class FlavourError(ValueError):
    """A switch that does not exist, or a value that it does not take."""


def _switch(default: T, meaning: str) -> T:
    found: T = field(default=default, metadata={"meaning": meaning})
    return found


@dataclass(frozen=True, slots=True)
class Flavour:
    """The defaults are the newest builds that were recorded."""

    established: bool = _switch(True, "auth/status tells whether the bridge stands")
    performance_get: bool = _switch(False, "GET /pa/performance, as older references have it")
    all_periods: bool = _switch(True, "/pa/allperiods answers")
    unprimed_status: Literal[400, 500] = _switch(400, 'the status of "query /accounts first"')
    cold_history: bool = _switch(True, "the first history of some contracts fails")
    cold_history_status: Literal[404, 500] = _switch(500, "the status of a history that is not loaded yet")
    strict_history: bool = _switch(False, "bars outside the documented table of periods are refused")
    chart_build: Literal[2023, 2024, 2026] = _switch(
        2026,
        "2024: volumeFactor is 100 for every American share; 2023: it is always 1, and mdAvailability D for late data",
    )
    snapshot_warm_up: int = _switch(1, "calls without data for a contract; some need one more")
    snapshot_gaps: bool = _switch(True, "a later snapshot leaves a field out now and then")
    snapshot_needs_search: bool = _switch(False, "no data of a derivative before a search for its underlying")
    market_data_lines: int = _switch(100, "subscriptions at a time; rows beyond them stay empty")
    regsnapshot: bool = _switch(False, "/md/regsnapshot still answers, and charges")
    hmds_withdrawn: bool = _switch(False, "no /hmds/history even after /hmds/auth/init")
    cold_positions: bool = _switch(True, "the first look at a position lacks its definition")
    bare_subaccounts2: bool = _switch(False, "subaccounts2 as a plain array")
    dated_search: bool = _switch(False, "secdef/search lists every expiry beside the months, in fop, opt and war")
    unmatched_search_error: bool = _switch(True, "a search without a match is an error object; else an empty array")
    bad_scan_status: Literal[400, 500] = _switch(400, "the status of a scan that does not exist")
    hmds_scanner: bool = _switch(True, "POST /hmds/scanner answers; newer gateways have lost it")
    account_set_status: Literal[200, 500] = _switch(200, 'the status of "Account already set"')
    cold_profit: bool = _switch(True, "the first profit and loss of a brokerage session is empty")
    unlisted_status: Literal[200, 400, 401] = _switch(
        400, "a portfolio before its accounts were listed: refused, refused without a body, or empty"
    )
    empty_positions: bool = _switch(False, "the first page after a login or an invalidate comes empty, once")
    stale_positions: int = _switch(0, "seconds for which a page is shown as it was, unless invalidated")
    lingering_positions: bool = _switch(False, "what was closed today stays as a row of 0.0")
    segment_accounts: bool = _switch(False, "a future asked for by conid is held by U9900001C")
    no_combos_status: Literal[200, 500] = _switch(200, "the status when there are no combo positions")
    allocation_needs_positions: bool = _switch(False, "POST allocation is a 500 until positions were read")
    summary_milliseconds: bool = _switch(False, "timestamps of the summary")
    summary_is_none: bool = _switch(False, "numbers of the summary say isNone for isNull")
    pending_seconds: int = _switch(0, "how long a new order is PendingSubmit, and a cancelled one PendingCancel")
    whatif_asks: bool = _switch(False, "a preview asks the questions that its orders earn")
    whatif_needs_snapshot: bool = _switch(False, "no preview of a contract before a snapshot of it")
    return_code: bool = _switch(False, "the analyst's replies have an rc")
    pacing: Rules = _switch(Rules(), "what a broken limit costs")
    ticks_itself: bool = _switch(
        False, "the gateway's own tickle keeps the brokerage session open, as in the 2023 build"
    )
    unauthorised: Literal["empty", "json", "html"] = _switch("empty", "the body of a 401 without a login")
    dead_tickle: Literal["", "no session", "failed to process request"] = _switch(
        "", "the error inside a 200 that a tickle without a login is; empty: a 401"
    )
    unbridged_status: Literal[400, 401] = _switch(400, '400 "no bridge", or 401 "not authenticated"')
    init_after_logout: Literal[401, 410, 503] = _switch(410, "the status of an init after a logout")
    init_reply: Literal["status", "passed", "wait", "challenge"] = _switch("status", "what a successful init says")
    bridge_seconds: int = _switch(0, "how long a fresh brokerage session has no bridge")
    first_status_false: bool = _switch(False, "the first status of a brokerage session denies it")
    null_server: bool = _switch(False, "a status without a session has a nameless server instead of fewer keys")
    tickle_confirms: bool = _switch(False, "the tickle says iserver.tickle: true")
    hmds_in_tickle: bool = _switch(True, "the tickle tells about the history service")
    denied_status: Literal[403, 404] = _switch(404, "the status of an address that --deny refuses")
    logout_tail: bool = _switch(False, "a line of plain text after the JSON of a logout, as in the 2023 build")


BUILDS = {
    "newest": Flavour(),
    "2026-09": Flavour(hmds_withdrawn=True, hmds_scanner=False, pacing=Rules(history_a_minute=True)),
    "2024": Flavour(established=False, chart_build=2024, regsnapshot=True, dated_search=True),
    "2023": Flavour(
        established=False,
        chart_build=2023,
        regsnapshot=True,
        dated_search=True,
        ticks_itself=True,
        tickle_confirms=True,
        hmds_in_tickle=False,
        null_server=True,
        logout_tail=True,
    ),
}
"""September 2026 is second-hand; the others are what was recorded or read in the gateway's program."""


def flavoured(build: str, switches: Sequence[str]) -> Flavour:
    """A build with some switches set otherwise, each as `name=value`, a part of one as `pacing.penalty=PT10M`."""
    wished: dict[str, Any] = asdict(BUILDS[build])
    for written in switches:
        _set(wished, written)
    try:
        return TypeAdapter(Flavour).validate_python(wished)
    except ValidationError as error:
        [first, *_] = error.errors()
        raise FlavourError(
            f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}, not {first['input']!r}"
        ) from None


def listed() -> Iterator[str]:
    """Every switch with its default and meaning, one a line."""
    defaults = asdict(Flavour())
    for each in fields(Flavour):
        parts = defaults[each.name] if isinstance(defaults[each.name], dict) else {"": defaults[each.name]}
        written = ", ".join(f"{f'{each.name}.{part}'.rstrip('.')}={value}" for part, value in parts.items())
        yield f"{written}: {each.metadata['meaning']}"


def _set(wished: dict[str, Any], written: str) -> None:
    name, equals, value = written.partition("=")
    *path, last = name.split(".")
    for part in path:
        wished = wished.get(part, {}) if isinstance(wished.get(part), dict) else {}
    if not equals or last not in wished:
        raise FlavourError(f"{written}: write name=value with a name from --list-flavours")
    wished[last] = int(value) if value.isdecimal() else value
