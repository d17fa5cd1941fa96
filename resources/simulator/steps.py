"""The steps of an exchange that every request passes: manners, headers and framing.

Belongs here: thin ASGI shells, one per step. Does not: what is decided in them (`gate.py`, `faults/`),
the order in which they stand (`app.py`).

Bodies go out chunked and never compressed, and the date is the simulated one, as a client takes its
"now" from there. `X-Simulator` tells a simulator from a real gateway. A header that an inner step has
set already wins.
"""

from collections.abc import Iterator
from email.utils import format_datetime

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resources.simulator import gate
from resources.simulator.clock import Clock
from resources.simulator.network import Network
from resources.simulator.orders.desk import Desk
from resources.simulator.prefix import endpoint

MARKER = "ibkr-warehouse"
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

    def __init__(self, behind: ASGIApp, clock: Clock) -> None:
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


class Framed:
    """A client of HTTP/1.0 knows no chunks: it is told the length. A body that breaks off never had one."""

    def __init__(self, behind: ASGIApp) -> None:
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and hold the beginning of its reply back until the length is known."""
        if scope.get("http_version") != "1.0":
            await self._behind(scope, receive, send)
            return
        held: list[Message] = []

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            for start in held:
                length = [] if message.get("more_body") else [(b"content-length", b"%d" % len(message["body"]))]
                await send({**start, "headers": [*start["headers"], *length]})
            held.clear()
            await send(message)

        await self._behind(scope, receive, framed)


class Mannered:
    """What the network in between refuses. Behind it paths begin below the API's prefix; other paths are pages."""

    def __init__(self, behind: ASGIApp, pages: ASGIApp, network: Network) -> None:
        self._behind, self._pages, self._network = behind, pages, network

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn a request away, or pass it on."""
        answer = self._turned_away(scope)
        path = endpoint(scope["path"])
        if answer is not None:
            await answer(scope, receive, send)
        elif path is None:
            await self._pages(scope, receive, send)
        else:
            await self._behind({**scope, "path": path, "root_path": ""}, receive, send)

    def _turned_away(self, scope: Scope) -> Response | None:
        address = scope["client"][0] if scope.get("client") else ""
        return self._network.turned_away(address) or gate.malformed(scope["method"], Headers(scope=scope))


class UpToDate:
    """Endpoints that see every fill that has happened by now."""

    def __init__(self, behind: ASGIApp, desk: Desk) -> None:
        self._behind, self._desk = behind, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let orders fill, then answer."""
        self._desk.blotter.catch_up()
        await self._behind(scope, receive, send)


class HttpOnly:
    """Nothing but HTTP is answered."""

    def __init__(self, behind: ASGIApp) -> None:
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            await self._behind(scope, receive, send)
