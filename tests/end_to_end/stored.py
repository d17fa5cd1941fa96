"""Everything that a night left on disk, read as bytes: SQLite row by row, what Dagster packed unpacked."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path


def stored(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Where something lies, and its bytes; of packed ones also what they were before."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield from _unpacked(str(path.relative_to(folder)), content)
        if content.startswith(b"SQLite format 3\x00"):
            yield from _rows(path, str(path.relative_to(folder)))


def holding(folder: Path, secrets: list[str]) -> dict[str, set[str]]:
    """Which of the texts stand where."""
    found: dict[str, set[str]] = {}
    for where, content in stored(folder):
        held = {secret for secret in secrets if secret.encode() in content}
        if held:
            found.setdefault(where, set()).update(held)
    return found


def _rows(path: Path, where: str) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in connection.execute(f'select * from "{table}"'):
                for value in row:
                    if isinstance(value, str | bytes):
                        content = value.encode() if isinstance(value, str) else value
                        yield from _unpacked(f"{where}: {table}", content)


def _unpacked(where: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield where, content
    for wbits in (zlib.MAX_WBITS, zlib.MAX_WBITS | 16):
        with suppress(zlib.error):
            yield where, _members(content, wbits)


def _members(content: bytes, wbits: int) -> bytes:
    """All that was packed, one after the other; a gzip file of replies has a member for each."""
    parts = []
    while content:
        member = zlib.decompressobj(wbits)
        parts.append(member.decompress(content))
        content = member.unused_data
    return b"".join(parts)
