"""A reply as it was received, with the request it answers: the one value that crosses from gateway to lake.

Belongs here: the value and its one-line JSON form. Does not: where it is stored (`lake/raw.py`), what
it means (`gateway/wire.py`). The simulator reads the same lines with code of its own, on purpose.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson

from resources.privacy import masked


@dataclass(frozen=True)
class Request:
    """What was asked: `path` is below the API prefix, `query` and `body` as sent.

    `name` is what the asker calls it, where a reply does not tell which question it answers: it is kept, not sent.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: Any = None
    name: str = ""

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return masked(f"{self.method} {self.path}" + (f"?{query}" if query else ""))

    @cached_property
    def key(self) -> str:
        """Equal for requests that ask the same."""
        return orjson.dumps([self.method, self.path, dict(self.query), self.body], option=orjson.OPT_SORT_KEYS).decode()


@dataclass(frozen=True)
class Envelope:
    """One reply: bytes as received, and when by the gateway's own clock (its `Date` header)."""

    request: Request
    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    run_id: str

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    def to_line(self) -> bytes:
        """The envelope as one JSON line; a body that is not UTF-8 is kept as base64 and says so."""
        try:
            body: dict[str, str] = {"body": self.body.decode()}
        except UnicodeDecodeError:
            body = {"body": base64.b64encode(self.body).decode(), "body_encoding": "base64"}
        request = self.request
        record = {
            "request": {
                "method": request.method,
                "path": request.path,
                "query": dict(request.query),
                "body": request.body,
                **({"name": request.name} if request.name else {}),
            },
            "status": self.status,
            "headers": dict(self.headers),
            **body,
            "received_at": self.received_at.astimezone(UTC).isoformat(),
            "sha256": self.sha256,
            "run_id": self.run_id,
        }
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def read_line(line: bytes) -> Envelope:
    """The envelope of one line; raises `ValueError` when the line is not one, or was altered."""
    try:
        record = orjson.loads(line)
        asked = record["request"]
        coded = record.get("body_encoding") == "base64"
        body = base64.b64decode(record["body"]) if coded else record["body"].encode()
        envelope = Envelope(
            request=Request(
                asked["method"], asked["path"], asked.get("query") or {}, asked.get("body"), asked.get("name") or ""
            ),
            status=int(record["status"]),
            headers=record.get("headers") or {},
            body=body,
            received_at=datetime.fromisoformat(record["received_at"]).astimezone(UTC),
            run_id=record.get("run_id") or "",
        )
    except (KeyError, TypeError, AttributeError, orjson.JSONDecodeError) as error:
        raise ValueError(f"not an envelope: {error!r}") from error
    if record.get("sha256", envelope.sha256) != envelope.sha256:
        raise ValueError(f"the body of {envelope.request} was altered: its sha256 is not the recorded one")
    return envelope
