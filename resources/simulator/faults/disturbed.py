"""The step of an exchange at which faults strike.

Belongs here: carrying out what faults have decided, on the wire: asking the endpoint or not, waiting, cutting
the connection. Does not: deciding it.

A dropped connection is the server's to drop: it offers `simulator.reset` among the extensions of a request
(`server.py`). Under a server that does not, the exchange ends with an error, and the server closes as it can.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resources.simulator.clock import Clock
from resources.simulator.faults.fault import Exchange, Reply, Request
from resources.simulator.faults.faults import Faults, Strike
from resources.simulator.requests import touch

RESET = "simulator.reset"
Sleep = Callable[[float], Awaitable[None]]


class Disturbed:
    """Endpoints, and what may go wrong between them and a client."""

    def __init__(self, behind: ASGIApp, faults: Faults, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._behind, self._faults, self._clock, self._sleep = behind, faults, clock, sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with the faults that it meets."""
        strikes = self._faults.meet(_read(scope, self._clock)) if self._faults.standing else []
        if not strikes:
            await self._behind(scope, receive, send)
            return
        receive = await _read_out(receive)
        instead = any(strike.fault.is_instead for strike in strikes)
        reply = Reply() if instead else await self._ask(scope, receive)
        for strike in (one for one in strikes if one.fault.suits(reply)):
            touch(scope, strike.fault.fault)
            other = await self._other(strike, reply, scope)
            reply = strike.fault.strike(Exchange(strike.request, reply, other))
        await self._deliver(reply, scope, receive, send)

    async def _other(self, strike: Strike, reply: Reply, scope: Scope) -> Reply | None:
        if strike.fault.keeps_first:
            return strike.remember(reply)
        beside = strike.fault.beside(strike.request)
        return None if beside is None else await self._ask(_asking(scope, beside), _nothing)

    async def _ask(self, scope: Scope, receive: Receive) -> Reply:
        messages: list[Message] = []

        async def kept(message: Message) -> None:
            messages.append(message)

        await self._behind(scope, receive, kept)
        start, *rest = messages
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        return Reply(start["status"], b"".join(part.get("body", b"") for part in rest), headers)

    async def _deliver(self, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        await self._pass_time(reply)
        if reply.sent == 0:
            await _reset(scope, receive)
            return
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if reply.sent is None:
            await send({"type": "http.response.body", "body": reply.body})
            return
        part = reply.body[: max(1, int(len(reply.body) * reply.sent))]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await _reset(scope, receive)

    async def _pass_time(self, reply: Reply) -> None:
        if reply.seconds and not reply.waits:
            self._clock.advance(timedelta(seconds=reply.seconds))
        elif reply.seconds and self._clock.rate:
            await self._sleep(reply.seconds / self._clock.rate)


async def _reset(scope: Scope, receive: Receive) -> None:
    drop = (scope.get("extensions") or {}).get(RESET)
    if drop is None:
        raise ConnectionResetError("a fault drops this connection")
    await asyncio.sleep(0)  # what was sent so far leaves first
    drop()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read_out(receive: Receive) -> Receive:
    """The whole body of a request, which can then be read by whoever comes; a fault never cuts a client's own words."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _read(scope: Scope, clock: Clock) -> Request:
    query = parse_qsl(scope["query_string"].decode(errors="replace"), keep_blank_values=True)
    return Request(scope["method"], scope["path"], tuple(query), clock.now())


def _asking(scope: Scope, request: Request) -> dict[str, Any]:
    query = urlencode(request.query).encode()
    return {**scope, "path": request.path, "raw_path": request.path.encode(), "query_string": query}


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
