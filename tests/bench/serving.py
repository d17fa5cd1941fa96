"""How much the simulator answers when nothing paces it: a process of its own over HTTPS, asked from another one.

The one who asks takes the second core of a two-core machine, so these are figures of the pair.
"""

import asyncio
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from json import loads
from pathlib import Path

from tests.bench.measure import ROOT, Line, Work, WorkFailed, interleaved

TITLE = "The simulator without pacing (HTTPS, keep-alive)"
CONNECTIONS = 8
SMALL, PAGES = 6_000, 600
BARS = 1000
POSITIONS, CONTRACTS, YEARS = 5_000, 500, 10
ROUNDS = 3
CLOCK, LAST_YEAR = "2026-11-23", 2026
POSITIONS_OF_FIRST = "/portfolio/U9900001/positions"
PREFIX = "/v1/api"


def lines(folder: Path) -> Iterator[Line]:
    works = {name: Work(f"{__name__}:{name}", {}) for name in ("small", "pages", "book")}
    found = interleaved(works, rounds=ROUNDS, home=folder)
    rate, pages = found["small"]["per_second"], found["pages"]["per_second"]
    yield Line("small bodies a second", f"{rate:.0f}", f"{rate.median / 10:.0f} x what a gateway allows")
    yield Line(f"history pages of {BARS:,} bars a second", f"{pages:.0f}", f"{pages.median / 10:.0f} x")
    book = found["book"]
    told = f"{POSITIONS:,} positions, {CONTRACTS} contracts x {YEARS} years of days: peak memory"
    yield Line(told, f"{book['peak_mb']:.0f} MB")
    yield Line("its replies a second", f"{book['per_second']:.0f}")
    yield Line("until it listens", f"{book['ready']:.2f} s")


def small() -> dict[str, float]:
    """Replies of some hundred bytes, a ledger among them."""
    with _simulator("--positions", "158") as started:
        asyncio.run(_stocks(started.port))
        paths = ["/tickle", "/portfolio/U9900001/meta", "/iserver/auth/status", "/portfolio/U9900001/ledger"]
        return {"per_second": asyncio.run(_asked(started.port, paths, SMALL))}


def pages() -> dict[str, float]:
    """Daily bars, a thousand a reply, of contracts that are warm and of some that are not."""
    with _simulator("--positions", "158") as started:
        conids = asyncio.run(_stocks(started.port))[:60]
        paths = [f"/iserver/marketdata/history?conid={conid}&period=1000d&bar=1d" for conid in conids]
        asyncio.run(_asked(started.port, paths, len(paths)))
        return {"per_second": asyncio.run(_asked(started.port, paths, PAGES))}


def book() -> dict[str, float]:
    """Everything that a large account is asked for in a night, and ten years of bars."""
    with _simulator("--positions", str(POSITIONS)) as started:
        held = [f"{POSITIONS_OF_FIRST}/{page}" for page in range(POSITIONS // 100 + 1)]
        rest = [f"/portfolio/U9900001/{name}" for name in ("ledger", "summary", "allocation")]
        ends = [f"{LAST_YEAR - 4 * place}1101-00:00:00" for place in range(YEARS * 252 // BARS + 1)]
        bars = [
            f"/iserver/marketdata/history?conid={conid}&period=1000d&bar=1d&startTime={end}"
            for conid in asyncio.run(_stocks(started.port))[:CONTRACTS]
            for end in ends
        ]
        paths = [*held, *rest, *bars]
        return {"ready": started.seconds, "per_second": asyncio.run(_asked(started.port, paths, len(paths)))}


@dataclass(frozen=True, slots=True)
class Started:
    """A simulator that listens, and how long it took until it said so."""

    port: int
    seconds: float


@contextmanager
def _simulator(*options: str) -> Iterator[Started]:
    command = [sys.executable, "-m", "resources.simulator", "--port", "0", "--clock", CLOCK, "--no-pacing", *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().partition("localhost:")[2].partition("/")[0])
        yield Started(port, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait()


async def _stocks(port: int) -> list[int]:
    """Ask for the accounts, and which stocks the first one holds."""
    caller = await _Caller.to(port)
    for path in ("/iserver/accounts", "/portfolio/accounts"):
        await caller.ask(path)
    rows = [row for page in range(POSITIONS // 100) for row in loads(await caller.ask(f"{POSITIONS_OF_FIRST}/{page}"))]
    caller.close()
    return [row["conid"] for row in rows if row["assetClass"] == "STK"]


async def _asked(port: int, paths: Sequence[str], count: int) -> float:
    """Replies per second over several connections."""
    callers = [await _Caller.to(port) for _ in range(CONNECTIONS)]
    todo = iter([paths[number % len(paths)] for number in range(count)])

    async def work(caller: "_Caller") -> None:
        for path in todo:
            await caller.ask(path)

    started = time.perf_counter()
    await asyncio.gather(*(work(caller) for caller in callers))
    spent = time.perf_counter() - started
    for caller in callers:
        caller.close()
    return count / spent


class _Caller:
    """One connection that is kept; reads no more of HTTP than the gateway's chunked replies need."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> "_Caller":
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE  # our own process, on loopback
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=trusting, limit=1 << 20))

    async def ask(self, path: str) -> bytes:
        """The body of one reply; a cold chart (500) is a reply too."""
        head = f"GET {PREFIX}{path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\n\r\n"
        self._writer.write(head.encode())
        top = await self._reader.readuntil(b"\r\n\r\n")
        if not top.startswith((b"HTTP/1.1 200", b"HTTP/1.1 500")) or b"chunked" not in top:
            raise WorkFailed(f"{path}: {top[:60]!r}")
        parts: list[bytes] = []
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            parts.append((await self._reader.readexactly(size + 2))[:-2])
        await self._reader.readexactly(2)
        return b"".join(parts)

    def close(self) -> None:
        self._writer.close()
