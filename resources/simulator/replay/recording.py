"""Recorded exchanges with a gateway, read from a folder of envelopes.

Belongs here: the envelope's format and reading it. Does not: serving (`replay.py`).

A recording may have been cut by a crash: of a broken file everything before the break is used. The
format is read here on its own terms, and nothing is shared with whoever wrote it.
"""

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from resources.simulator.prefix import endpoint

SUFFIXES = (".jsonl", ".jsonl.gz", ".json")
GZIP = 16 + zlib.MAX_WBITS
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
"""Of HTTP: an envelope may also hold a record that its keeper made without asking anybody, and at another time."""
Key = tuple[str, str, tuple[tuple[str, str], ...], bytes]


class RecordingError(ValueError):
    """A folder that cannot be replayed."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, in a form that can be compared, and its reply."""

    key: Key
    status: int
    kind: str  # content type
    body: bytes
    received_at: datetime


def read(folder: Path) -> list[Exchange]:
    """Every exchange below a folder, oldest first."""
    if not folder.is_dir():
        raise RecordingError(f"replay {folder}: there is no such folder. Name one with *.jsonl or *.jsonl.gz in it")
    files = sorted(path for path in folder.rglob("*") if path.name.endswith(SUFFIXES) and path.is_file())
    found = [exchange for path in files for exchange in _exchanges(_text(path))]
    if not found:
        raise RecordingError(f"replay {folder}: {len(files)} files, no envelope in them. Record a run first")
    return sorted(found, key=lambda exchange: exchange.received_at)


def key(method: str, path: str, query: Iterable[tuple[str, str]], body: bytes) -> Key:
    """What makes two requests the same: case, order of parameters, a last slash and spaces in JSON do not count."""
    return method.upper(), endpoint(path) or path.rstrip("/"), tuple(sorted(query)), _canonical(body)


def _text(path: Path) -> bytes:
    raw = path.read_bytes()
    return _inflate(raw) if path.name.endswith(".gz") else raw


def _inflate(raw: bytes) -> bytes:
    """Every readable byte of one or more gzip members."""
    parts: list[bytes] = []
    while raw:
        member = zlib.decompressobj(GZIP)
        try:
            parts.append(member.decompress(raw))
        except zlib.error:
            break
        raw = member.unused_data
    return b"".join(parts)


def _exchanges(text: bytes) -> Iterator[Exchange]:
    for value in _values(text):
        exchange = _exchange(value) if isinstance(value, Mapping) else None
        if exchange is not None:
            yield exchange


def _values(text: bytes) -> Iterator[object]:
    """One document with an envelope or a list of them, else one envelope per line up to a broken one."""
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:
        yield from _lines(text)
    else:
        yield from whole if isinstance(whole, list) else [whole]


def _lines(text: bytes) -> Iterator[object]:
    for line in text.splitlines():
        try:
            yield orjson.loads(line or b"null")
        except orjson.JSONDecodeError:
            return


def _exchange(envelope: Mapping[str, object]) -> Exchange | None:
    request, status, at = (envelope.get(name) for name in ("request", "status", "received_at"))
    if not isinstance(request, Mapping) or not isinstance(status, int) or not isinstance(at, str):
        return None
    if str(request.get("method")).upper() not in METHODS:
        return None
    body = request.get("body")
    asked = b"" if body is None else orjson.dumps(body)
    try:
        return Exchange(
            key(str(request.get("method")), str(request.get("path")), _pairs(request.get("query")), asked),
            status,
            _kind(envelope.get("headers")),
            _body(envelope),
            _instant(at),
        )
    except (ValueError, binascii.Error):
        return None


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _body(envelope: Mapping[str, object]) -> bytes:
    body = envelope.get("body")
    if not isinstance(body, str):
        return b"" if body is None else orjson.dumps(body)
    return base64.b64decode(body) if envelope.get("body_encoding") == "base64" else body.encode()


def _kind(headers: object) -> str:
    named = headers.items() if isinstance(headers, Mapping) else []
    kinds = [str(value) for name, value in named if str(name).lower() == "content-type"]
    return kinds[0] if kinds else "application/json;charset=utf-8"


def _pairs(query: object) -> Iterator[tuple[str, str]]:
    for name, value in query.items() if isinstance(query, Mapping) else []:
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                yield str(name), item if isinstance(item, str) else orjson.dumps(item).decode()


def _canonical(body: bytes) -> bytes:
    try:
        value = orjson.loads(body or b"null")
    except orjson.JSONDecodeError:
        return body
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if value else b""
