"""What a reply means: every quirk of the wire is decided here, from status and bytes alone. Pure.

The API says "no" in many ways: 401 with an empty body, 400 or 500 for the same missing call, errors
inside a 200, HTML login pages, 503 for a mere lookup miss. The status alone never decides.
"""

from typing import Any

import orjson

from resources.envelope import Envelope, Request
from resources.gateway.errors import (
    Garbled,
    GatewayError,
    Gone,
    LoginRequired,
    NoData,
    NotPrimed,
    Refused,
    SessionLost,
    Throttled,
    Unavailable,
)
from resources.gateway.pacing import PENALTY_SECONDS

LOG_IN = "Log in at the gateway's page in a browser (with the second factor)."
_NOBODY = frozenset({301, 302, 303, 307, 308, 401})  # a redirect leads to the login page
_NOT_PRIMED = ("query /accounts first", "query /portfolio/accounts first", "query /iserver/accounts first")
_NO_BRIDGE = ("no bridge", "not authenticated", "bridge is not")
_NO_LOGIN = ("no session", "not logged in")
_NO_LOGIN_IN_200 = (*_NO_LOGIN, "failed to process request")  # beside a 500 it is the endpoint that failed
_NO_DATA = ("chart data unavailable", "no data", "is not found", "history data unavailable", "no contracts retrieved")


def decipher(request: Request, status: int, body: bytes) -> Any:
    """The decoded body of a good reply; raises the error that a bad one stands for."""
    if status != 200:
        raise _failure(request, status, body)
    decoded = _decode(request, body)
    if isinstance(decoded, dict) and isinstance(decoded.get("error"), str):
        raise _by_text(request, 200, decoded["error"]) or Refused(
            f"{request}: the gateway answered 200 with the error {decoded['error']!r}. Asking again changes nothing."
        )
    return decoded


def is_good(envelope: Envelope) -> bool:
    """Whether a reply answers."""
    try:
        decipher(envelope.request, envelope.status, envelope.body)
    except GatewayError:
        return False
    return True


def _decode(request: Request, body: bytes) -> Any:
    if not body.strip():
        raise Garbled(f"{request}: an empty body where JSON was due. Ask again; if it stays, restart the gateway.")
    if body.lstrip()[:1] == b"<":
        raise _markup(request, 200, body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Garbled(
            f"{request}: {len(body)} bytes that are not JSON ({error}); the reply was cut or mangled. Ask again."
        ) from error


def _failure(request: Request, status: int, body: bytes) -> GatewayError:
    text = _message(body)
    if status == 429:
        return Throttled(
            f"{request}: 429, a pacing limit was broken. Stop every program that uses this login "
            f"for {PENALTY_SECONDS / 60:.0f} minutes; calls made meanwhile prolong it."
        )
    if body.lstrip()[:1] == b"<":
        return _markup(request, status, body)
    if body.strip().lower() == b"access denied":
        return _denied(request, status)
    known = _by_text(request, status, text)
    if known is not None:
        return known
    if status in _NOBODY:
        return LoginRequired(f"{request}: {status}, nobody is logged in. {LOG_IN}")
    if status == 404:
        return Gone(
            f"{request}: 404, {text}. Nothing is there: check that IBKR_GATEWAY_URL ends in /v1/api; "
            "an old gateway may lack the endpoint."
        )
    if status >= 500:
        return Unavailable(f"{request}: {status}, {text}. The gateway or IBKR is busy or under maintenance: try later.")
    return Refused(f"{request}: {status}, {text}. The gateway does not accept this request.")


def _by_text(request: Request, status: int, text: str) -> GatewayError | None:
    lowered = text.lower()
    said = f"{request}: {status}, {text}"
    if any(phrase in lowered for phrase in _NOT_PRIMED):
        return NotPrimed(f"{said}. The accounts must be asked for first.")
    if any(phrase in lowered for phrase in _NO_BRIDGE):
        return SessionLost(f"{said}. The brokerage session must be initialised.")
    if any(phrase in lowered for phrase in (_NO_LOGIN_IN_200 if status == 200 else _NO_LOGIN)):
        return LoginRequired(f"{said}. {LOG_IN}")
    if any(lowered.startswith(phrase) or phrase in lowered for phrase in _NO_DATA):
        return NoData(f"{said}. The gateway has nothing for this request.")
    return None


def _markup(request: Request, status: int, body: bytes) -> GatewayError:
    text = body.decode(errors="replace")
    if "access denied" in text.lower():
        return _denied(request, status)
    if "login" in text.lower():
        return LoginRequired(f"{request}: {status} with the HTML login page. {LOG_IN}")
    if status in _NOBODY:
        return LoginRequired(f"{request}: {status} with an HTML page, nobody is logged in. {LOG_IN}")
    if status >= 500:
        return Unavailable(
            f"{request}: {status} with an HTML page, {_short(text)!r}. "
            "The gateway or IBKR is busy or under maintenance: try later."
        )
    return Garbled(
        f"{request}: {status} with an HTML page where JSON was due: {_short(text)!r}. "
        "Check that IBKR_GATEWAY_URL is the Client Portal Gateway and ends in /v1/api."
    )


def _denied(request: Request, status: int) -> Refused:
    """As plain text it is the gateway's list of addresses, with a 404 too; as HTML it is IBKR's network."""
    return Refused(
        f"{request}: {status} 'Access Denied'. Allow this machine's address in the gateway's conf.yaml (ips.allow); "
        "where it is allowed, IBKR's network refuses it."
    )


def _message(body: bytes) -> str:
    if not body.strip():
        return "an empty body"
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _short(body.decode(errors="replace"))
    if isinstance(decoded, dict) and isinstance(decoded.get("error"), str):
        return str(decoded["error"])
    return _short(body.decode(errors="replace"))


def _short(text: str) -> str:
    return " ".join(text.split())[:160]
