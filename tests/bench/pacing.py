"""History at the pace of the login's limit, whatever the replies' latency, beside a client that asks one by one.

What is measured is the real client over HTTPS, each reply on disk before it is looked at, against a simulator in a
process of its own that keeps the limits strictly and counts the gateway's own tickle. Ratios are (wall - one reply's
latency) / (requests / the documented 10 per second). Of those ten one is the gateway's own, so that no client which
may never break the limit comes below 10/9 (`tests/resources/gateway/test_pacing.py`).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from resources.gateway.certificate import read_pin
from resources.gateway.client import GatewayClient
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.pacing import DOCUMENTED_PER_SECOND, OURS_PER_SECOND
from resources.gateway.resource import Gateway
from resources.gateway.transport import Transport
from resources.lake.resource import Lake
from tests.bench.hammering import every_core_busy
from tests.bench.measure import Line, WorkFailed

TITLE = "Pacing of history, against 10 requests a second (no client can be sure of less than 1.111)"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
HISTORY = Endpoint("/iserver/marketdata/history", concurrent=5, cold_tries=3)
YEARS = {"conid": 265598, "period": "1000d", "bar": "1d"}
LATENCIES = (0.05, 0.4)
REQUESTS, NAIVE_REQUESTS = 1_000, 100
ASKED_IN_A_ROW = 5  # by one task


@dataclass(frozen=True, slots=True)
class Paced:
    """So many requests in so many seconds, and how many 429s it led to."""

    requests: int
    seconds: float
    latency: float
    refused: int

    @property
    def ratio(self) -> float:
        """Of the time to what 10 requests a second would take."""
        return (self.seconds - self.latency) / (self.requests / DOCUMENTED_PER_SECOND)


def lines(folder: Path) -> Iterator[Line]:
    for latency in LATENCIES:
        naive = measured(folder, latency, asked_one_by_one, requests=NAIVE_REQUESTS)
        yield _line(f"one by one and 0.1 s between, {latency:g} s latency", naive, naive)
        for is_loaded in (False, True):
            with every_core_busy() if is_loaded else nullcontext():
                paced = measured(folder, latency, asked_at_once, requests=REQUESTS)
            yield _line(f"five at once, {latency:g} s latency{', every core busy' * is_loaded}", paced, naive)


def measured(folder: Path, latency: float, ask: Callable[..., None], *, requests: int) -> Paced:
    """What asking so often takes, and what the simulator had to refuse."""
    with gateway_of_its_own(latency) as (url, certificate, told), TemporaryDirectory(dir=folder) as place:
        gateway = Gateway(base_url=url, certificate=certificate, shared=place)
        started = time.perf_counter()
        ask(gateway, Path(place), requests)
        seconds = time.perf_counter() - started
        gateway.close()
        limits = told()
    return Paced(requests, seconds, latency, limits["refused"] + len(limits["broken"]))


def asked_at_once(gateway: Gateway, folder: Path, requests: int) -> None:
    """As a landing does."""
    client = gateway.client
    lake = Lake(root=str(folder), profile="bench")
    tasks = (_asking(client) for _ in range(requests // ASKED_IN_A_ROW))
    with lake.raw.landing("bars_1d", "2026-11-23", at=EVENING, run_id="bench") as file, client.recording(file.append):
        pages = sum(1 for _ in client.side_by_side(HISTORY, tasks))
    if (pages, file.replies) != (requests, requests):
        raise WorkFailed(f"{pages} pages and {file.replies} replies on disk of {requests}")


def asked_one_by_one(gateway: Gateway, _: Path, requests: int) -> None:
    """As a script would: sent, read, a tenth of a second slept."""
    url, certificate = gateway.address()
    transport = Transport(url, pin=read_pin(Path(certificate or "")))
    for _number in range(requests):
        transport.send(HISTORY.request(query=YEARS))
        gateway.clock().sleep(0.1)
    transport.close()


@contextmanager
def gateway_of_its_own(latency: float) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """A strict simulator in a process of its own; tells where it listens, and its limits when asked."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, latency), daemon=True)
    process.start()
    theirs.close()  # so that its end is told

    def told() -> Any:
        ours.send("limits")
        return ours.recv()

    try:
        url, certificate = ours.recv()
        yield url, certificate, told
    finally:
        ours.close()
        process.join(timeout=10)
        process.kill()


def _serve(asked: Connection, latency: float) -> None:
    from resources.simulator.faults.rule import Rule
    from resources.simulator.faults.transmission import Slow
    from resources.simulator.options import Options
    from resources.simulator.server import serve

    late = Rule(faults=(Slow(seconds=latency),), path="/iserver/marketdata/history")
    with serve(Options(clock=EVENING, positions=3, faults=(late,))) as gateway:
        asked.send((gateway.url, str(gateway.certificate)))
        while True:
            try:
                asked.recv()
            except EOFError:
                return
            asked.send(gateway.control.limits())


def _asking(client: GatewayClient) -> Iterator[Page]:
    for _ in range(ASKED_IN_A_ROW):
        yield client.ask(HISTORY, query=YEARS)


def _line(what: str, paced: Paced, naive: Paced) -> Line:
    figure = f"{paced.ratio:.3f} of 10/s, {paced.ratio * OURS_PER_SECOND / DOCUMENTED_PER_SECOND:.3f} of 9/s"
    times = "" if paced is naive else f", {naive.ratio / paced.ratio:.2f} times as fast"
    return Line(what, figure, f"{paced.refused} 429s of {paced.requests}{times}")
