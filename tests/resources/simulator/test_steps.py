import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive, Scope, Send

from resources.simulator.steps import Framed

Sent = list[Message]


def framed(version: str, parts: Sequence[tuple[bytes, bool]]) -> Sent:
    """What leaves the step when a reply comes in such parts, each with whether more follows."""

    async def behind(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
        for body, more in parts:
            await send({"type": "http.response.body", "body": body, "more_body": more})

    sent: Sent = []

    async def kept(message: Message) -> None:
        sent.append(message)

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    asyncio.run(Framed(behind)({"type": "http", "http_version": version}, nothing, kept))
    return sent


@pytest.mark.parametrize(
    ("version", "parts", "headers"),
    [
        ("1.1", [(b"abc", False)], [(b"x", b"y")]),
        ("1.0", [(b"abc", False)], [(b"x", b"y"), (b"content-length", b"3")]),
        ("1.0", [(b"", False)], [(b"x", b"y"), (b"content-length", b"0")]),
        ("1.0", [(b"ab", True)], [(b"x", b"y")]),
    ],
)
def test_only_a_client_without_chunks_is_told_the_length(
    version: str, parts: list[tuple[bytes, bool]], headers: list[tuple[bytes, bytes]]
) -> None:
    start, *rest = framed(version, parts)
    assert start == {"type": "http.response.start", "status": 200, "headers": headers}
    assert [message["body"] for message in rest] == [body for body, _ in parts]
