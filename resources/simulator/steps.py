"""The steps of an exchange that every request passes: manners and headers.

Belongs here: thin ASGI shells, one per step. Does not: what is decided in them (`gate.py`, `faults/`),
the order in which they stand (`app.py`).

Bodies go out chunked and never compressed, and the date is the simulated one, as a client takes its
"now" from there. `X-Simulator` tells a simulator from a real gateway. A header that an inner step has
set already wins.
"""

from collections.abc import Iterator
from email.utils import format_datetime

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resources.simulator import gate, reply
from resources.simulator.requests import Ticking

MARKER = "ibkr-warehouse"
LOGIN = "/sso/Login?forwardTo=22&RL=1&ip2loc=US"
FIXED_HEADERS = (
    (b"cache-control", b"max-age=0, no-cache, no-store"),
    (b"pragma", b"no-cache"),
    (b"vary", b"Origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-simulator", MARKER.encode()),
)
Pair = tuple[bytes, bytes]


class Headed:
    """Every reply gets the headers of the gateway."""

    def __init__(self, behind: ASGIApp, clock: Ticking) -> None:
        self._behind, self._clock = behind, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and dress its reply."""
        began = self._clock.elapsed()

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = list(self._headers(message["headers"], began))
            await send(message)

        await self._behind(scope, receive, dressed)

    def _headers(self, given: list[Pair], began: float) -> Iterator[Pair]:
        date = format_datetime(self._clock.now(), usegmt=True).encode()
        spent = b"%dms" % round((self._clock.elapsed() - began) * 1000)
        usual = (*FIXED_HEADERS, (b"date", date), (b"expires", date), (b"x-response-time", spent))
        names = {name for name, _ in given}
        yield from (pair for pair in given if pair[0] != b"content-length")
        yield from (pair for pair in usual if pair[0] not in names)


class Mannered:
    """What the network in between refuses; behind it, paths begin below the API's prefix."""

    def __init__(self, behind: ASGIApp) -> None:
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn a request away, or pass it on."""
        path = gate.endpoint(scope["path"])
        answer = gate.malformed(scope["method"], Headers(scope=scope)) or (_outside(scope) if path is None else None)
        if answer is not None:
            await answer(scope, receive, send)
            return
        await self._behind({**scope, "path": path, "root_path": ""}, receive, send)


class HttpOnly:
    """Nothing but HTTP is answered."""

    def __init__(self, behind: ASGIApp) -> None:
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            await self._behind(scope, receive, send)


def _outside(scope: Scope) -> Response:
    if scope["path"] == "/":
        return RedirectResponse(LOGIN, 302)
    return reply.text(404, f"Unknown path {scope['path']}")
