"""What stands before every endpoint: the network's own refusals, the login, and the order of calls.

Belongs here: deciding, from a request's surface and the session, whether it is turned away. Does not:
answers of endpoints (`routes/`), changes of the session. Faults and pacing sit beside this (`app.py` has the order).
"""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from resources.simulator import reply
from resources.simulator.flavour import Flavour
from resources.simulator.session import Session

PREFIXES = ("/v1/api", "/v1/portal")
LOCAL = "/iserver/reauthenticate"  # answered by the gateway process itself, login or not
UNBRIDGED = ("/iserver/auth/", LOCAL)
UNPRIMED = "/iserver/accounts"
PRIMERS = ("/portfolio/accounts", "/portfolio/subaccounts", "/portfolio/subaccounts2")
ACCESS_DENIED = """<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY>
<H1>Access Denied</H1>You don't have permission to access this server.<P>
Reference&#32;&#35;18&#46;5adc1602&#46;1790000000&#46;1a2b3c4d</BODY></HTML>"""


class Gated:
    """Endpoints behind the session, which may forbid a request."""

    def __init__(self, endpoints: ASGIApp, session: Session, flavour: Flavour) -> None:
        self._endpoints, self._session, self._flavour = endpoints, session, flavour

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or turn it away."""
        answer = refused(scope["path"], self._session, self._flavour)
        await (answer or self._endpoints)(scope, receive, send)


def endpoint(path: str) -> str | None:
    """The path below the API's prefix; None when it lies elsewhere."""
    for prefix in PREFIXES:
        if path.startswith(f"{prefix}/"):
            return path[len(prefix) :]
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
    if not session.logged_in:
        return reply.empty(401)
    if path.startswith("/iserver/"):
        return _brokerage(path, session, flavour)
    if _needs_portfolio(path) and not session.portfolio_primed:
        return reply.error(400, "Bad Request: Please query /portfolio/accounts first")
    return None


def _brokerage(path: str, session: Session, flavour: Flavour) -> Response | None:
    if path.startswith(UNBRIDGED):
        return None
    if not session.bridged:
        return reply.error(400, "Bad Request: no bridge")
    if path != UNPRIMED and not session.primed:
        message = "Please query /accounts first"
        status = flavour.unprimed_status
        return reply.error(status, f"Bad Request: {message}" if status == 400 else message)
    return None


def _needs_portfolio(path: str) -> bool:
    return path.startswith(("/portfolio/", "/portfolio2/")) and path not in PRIMERS
