"""Replies as the gateway writes them: compact JSON, an error object, or nothing at all.

Belongs here: bodies and content types. Does not: the headers that every reply carries (`steps.py`).
"""

import orjson
from starlette.responses import Response

JSON = "application/json;charset=utf-8"


def ok(value: object, tail: bytes = b"") -> Response:
    """A good reply; an old build lets a line of text follow the JSON."""
    return Response(orjson.dumps(value) + tail, headers={"content-type": JSON})


def error(status: int, message: str, status_code: bool = True) -> Response:
    """An error object; some endpoints leave the status out of the body."""
    body: dict[str, object] = {"error": message}
    if status_code:
        body["statusCode"] = status
    return Response(orjson.dumps(body), status, headers={"content-type": JSON})


def problem(status: int, title: str, detail: str) -> Response:
    """An error as the newer endpoints describe it."""
    body = {"type": "/simple", "title": title, "status": status, "detail": detail}
    return Response(orjson.dumps(body), status, headers={"content-type": "application/problem+json"})


def empty(status: int) -> Response:
    """A status and no body: how a lost login or a time-out looks."""
    return Response(b"", status)


def text(status: int, body: str, kind: str = "text/plain") -> Response:
    """Words for people, where a client expects JSON."""
    return Response(body, status, media_type=kind)
