"""The documented pacing table: which requests count together, and how many of them may come.

Belongs here: the table, and which of its rows a request falls under. Does not: counting (`window.py`), or what a
broken limit leads to (`limiter.py`).

Methods are the table's own, since a wrong one is refused before it costs anything; the tickle, listed as GET and
documented as POST, counts either way. The twelve rows of `/fyi` count one by one, whatever id stands in the path.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

EVERYTHING = "all requests"
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` in any span of that length."""

    name: str
    requests: int
    span: timedelta

    def __str__(self) -> str:
        return f"{self.name}: {self.requests} in {self.span.total_seconds():g} s"


GLOBAL = Limit(EVERYTHING, 10, timedelta(seconds=1))
HISTORY = "GET /iserver/marketdata/history"
HISTORY_AT_ONCE = 5
HISTORY_A_MINUTE = Limit(HISTORY, 50, timedelta(minutes=1))  # since September 2026, second-hand
ROWS = [
    Limit("GET /iserver/account/orders", 1, timedelta(seconds=5)),
    Limit("GET /iserver/account/trades", 1, timedelta(seconds=5)),
    Limit("GET /iserver/account/pnl/partitioned", 1, timedelta(seconds=5)),
    Limit("GET /iserver/marketdata/snapshot", 10, timedelta(seconds=1)),
    Limit("GET /iserver/scanner/params", 1, QUARTER),
    Limit("POST /iserver/scanner/run", 1, timedelta(seconds=1)),
    Limit("POST /pa/performance", 1, QUARTER),
    Limit("POST /pa/summary", 1, QUARTER),
    Limit("POST /pa/transactions", 1, QUARTER),
    Limit("GET /portfolio/accounts", 1, timedelta(seconds=5)),
    Limit("GET /portfolio/subaccounts", 1, timedelta(seconds=5)),
    Limit("GET /sso/validate", 1, timedelta(minutes=1)),
    Limit("GET /tickle", 1, timedelta(seconds=1)),
]
NOTICES = [
    "GET /fyi/unreadnumber",
    "GET /fyi/settings",
    "POST /fyi/settings/{code}",
    "GET /fyi/disclaimer/{code}",
    "PUT /fyi/disclaimer/{code}",
    "GET /fyi/deliveryoptions",
    "PUT /fyi/deliveryoptions/email",
    "POST /fyi/deliveryoptions/device",
    "DELETE /fyi/deliveryoptions/{device}",
    "GET /fyi/notifications",
    "GET /fyi/notifications/more",
    "PUT /fyi/notifications/{notification}",
]
ALIASES = {"POST /tickle": "GET /tickle"}
_BY_NAME = {limit.name: limit for limit in ROWS}
_PATTERNS = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", name)), Limit(name, 1, timedelta(seconds=1))) for name in NOTICES]


def limits(method: str, path: str, *, history_a_minute: bool = False) -> list[Limit]:
    """What a request counts towards, the narrowest limit first. `path` is without prefix and trailing slash."""
    name = asked(method, path)
    own = _BY_NAME.get(ALIASES.get(name, name))
    if own is None and path.startswith("/fyi/"):
        own = next((limit for pattern, limit in _PATTERNS if pattern.fullmatch(name)), None)
    if history_a_minute and name == HISTORY:
        own = HISTORY_A_MINUTE
    return [GLOBAL] if own is None else [own, GLOBAL]


def asked(method: str, path: str) -> str:
    """A request as the table names it. A HEAD costs as much as the GET behind it."""
    return f"{'GET' if method == 'HEAD' else method} {path}"
