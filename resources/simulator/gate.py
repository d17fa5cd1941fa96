"""What stands before every endpoint: the network's own refusals, the login, and the order of calls.

Belongs here: deciding, from a request's surface and the session, whether it is turned away. Does not: answers of
endpoints (`routes/`), changes of the session, what is said without a login (`closed.py`), pacing (`limits/`) or
faults (`faults/`).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from resources.simulator import closed, reply
from resources.simulator.flavour import Flavour
from resources.simulator.network import ACCESS_DENIED
from resources.simulator.session import Session

SLASHES = re.compile("//+")  # clients that join addresses by hand send two in a row
PREFIXES = ("/v1/api", "/v1/portal")
LOCAL = "/iserver/reauthenticate"  # answered by the gateway process itself, login or not
UNBRIDGED = ("/iserver/auth/", LOCAL)
ORDERING = re.compile(r"/iserver/(account/[^/]+/orders?(/.*)?|reply/.*)")
UNPRIMED = "/iserver/accounts"
PRIMERS = ("/portfolio/accounts", "/portfolio/subaccounts", "/portfolio/subaccounts2")


class Gated:
    """Endpoints behind the session: time passes for it first, then it may forbid the request."""

    def __init__(self, endpoints: ASGIApp, session: Session, flavour: Flavour, now: Callable[[], datetime]) -> None:
        self._endpoints = endpoints
        self._session = session
        self._flavour = flavour
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or turn it away."""
        self._session.pass_to(self._now())
        answer = refused(scope["path"], self._session, self._flavour)
        await (answer or self._endpoints)(scope, receive, send)


def endpoint(path: str) -> str | None:
    """The path below the API's prefix, without slashes too many; None when it lies elsewhere."""
    for prefix in PREFIXES:
        if path.startswith(f"{prefix}/"):
            return SLASHES.sub("/", path[len(prefix) :]).rstrip("/") or "/"
    return None


def malformed(method: str, headers: Mapping[str, str]) -> Response | None:
    """What the network in between refuses, whatever the path."""
    if not headers.get("user-agent"):
        return reply.text(403, ACCESS_DENIED, "text/html")
    if method == "POST" and "content-length" not in headers and "transfer-encoding" not in headers:
        return reply.text(411, "Length Required")
    return None


def refused(path: str, session: Session, flavour: Flavour) -> Response | None:
    """What the state of the session forbids."""
    if path == LOCAL:
        return None
    shut = closed.answer(path, session, flavour)
    if shut is not None:
        return shut
    if path.startswith("/iserver/"):
        return _brokerage(path, session, flavour)
    if _needs_portfolio(path) and not session.portfolio_primed:
        return _unlisted(path, flavour)
    return None


def _brokerage(path: str, session: Session, flavour: Flavour) -> Response | None:
    if path.startswith(UNBRIDGED):
        return None
    if not session.bridged or (session.bridgeless and ORDERING.fullmatch(path)):
        said = "Bad Request: no bridge" if flavour.unbridged_status == 400 else "not authenticated"
        return reply.error(flavour.unbridged_status, said)
    if path != UNPRIMED and not session.primed:
        message = "Please query /accounts first"
        status = flavour.unprimed_status
        return reply.error(status, f"Bad Request: {message}" if status == 400 else message)
    return None


def _unlisted(path: str, flavour: Flavour) -> Response:
    """Builds differ in what the portfolio says before its accounts were listed: all three are reported."""
    match flavour.unlisted_status:
        case 401:
            return reply.empty(401)
        case 200:
            return reply.ok([] if "position" in path else {})
    return reply.error(400, "Bad Request: Please query /portfolio/accounts first")


def _needs_portfolio(path: str) -> bool:
    return path.startswith(("/portfolio/", "/portfolio2/")) and path not in PRIMERS
