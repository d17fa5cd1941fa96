"""Several requests of one client at once, in real time, against the real simulator over HTTPS."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from resources.envelope import Envelope
from resources.gateway import errors
from resources.gateway.client import GatewayClient
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.pacing import USED_PER_SECOND
from resources.gateway.resource import Gateway
from resources.lake.resource import Lake
from resources.locks import ALONE, AT_ONCE, locked
from resources.simulator.faults.files import parse_rules
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.resources.gateway.wired import EVENING

pytestmark = pytest.mark.slow

PATH = "/iserver/marketdata/history"
HISTORY = Endpoint(PATH, concurrent=5, cold_tries=3)
LATENCY = 0.5
LATE = {"path": PATH, "faults": [{"fault": "slow", "seconds": LATENCY}]}


@dataclass
class Asking:
    """A client in real time, what it has recorded, and what the gateway was asked."""

    client: GatewayClient
    gateway: Running
    folder: Path
    recorded: list[Envelope] = field(default_factory=list)

    def record(self, envelope: Envelope) -> None:
        self.recorded.append(envelope)

    def tasks(self, *, tasks: int, each: int) -> Iterator[Page]:
        """Pages of tasks that ask several times in a row."""
        return self.client.side_by_side(HISTORY, (self._task(place, each) for place in range(tasks)))

    def asked(self) -> Counter[str]:
        return Counter(one.path for one in self.gateway.simulation.requests.listed())

    def _task(self, place: int, each: int) -> Iterator[Page]:
        for number in range(each):
            query = {"conid": 265598, "period": f"{place + 1}d", "bar": "1d", "step": number}
            yield self.client.ask(HISTORY, query=query)


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    with serve(Options(clock=EVENING, positions=3, faults=tuple(parse_rules([LATE])))) as running:
        gateway = Gateway(base_url=running.url, certificate=str(running.certificate), shared=str(tmp_path))
        try:
            gateway.client.open()
            yield Asking(gateway.client, running, gateway.folder)
        finally:
            gateway.close()


def _place(page: Page) -> tuple[str, int]:
    return page.params["period"], int(page.params["step"])


def test_the_limit_decides_how_long_it_takes_and_not_the_latency(asking: Asking, tmp_path: Path) -> None:
    lake, started = Lake(root=str(tmp_path), profile="test"), time.perf_counter()
    with (
        lake.raw.landing("bars_1d", "2026-11-23", at=EVENING, run_id="run") as file,
        asking.client.recording(file.append),
    ):
        found = [(_place(page), file.replies) for page in asking.tasks(tasks=6, each=5)]
    seconds = time.perf_counter() - started
    assert 30 / USED_PER_SECOND - 0.2 < seconds < 0.5 * 30 * LATENCY
    assert all(replies >= number for number, (_, replies) in enumerate(found, start=1)), "on disk before it is seen"
    for period in range(1, 7):
        assert [step for (of, step), _ in found if of == f"{period}d"] == list(range(5))
    landed = list(lake.raw.read(file.path))
    assert Counter(one.request.query["period"] for one in landed) == {f"{period}d": 5 for period in range(1, 7)}
    assert asking.client.tally.necessary == asking.client.tally.requests
    assert asking.gateway.control.limits()["broken"] == []


def test_a_session_that_dies_under_five_requests_is_initialised_once(asking: Asking) -> None:
    with asking.client.recording(asking.record):
        pages = asking.tasks(tasks=10, each=2)
        first = next(pages)
        asking.gateway.control.drop()
        assert len({_place(page) for page in (first, *pages)}) == 20
    asked = asking.asked()
    assert asked["/iserver/auth/ssodh/init"] == 1
    assert asked["/iserver/accounts"] == 2
    assert 20 < asked[PATH] <= 25, "those that were under way with it are asked again, once"
    assert len(asking.recorded) == asked[PATH]
    assert asking.gateway.control.limits()["broken"] == []


def test_a_broken_limit_stops_all_and_what_is_under_way_is_recorded(asking: Asking) -> None:
    asking.gateway.simulation.faults.add(parse_rules([{"path": PATH, "skip": 7, "times": 1, "faults": ["throttled"]}]))
    with asking.client.recording(asking.record), pytest.raises(errors.Throttled) as stopped:
        list(asking.tasks(tasks=10, each=10))
    assert stopped.value.until is not None
    assert asking.client.exchange.budget.next_turn("GET /a", None).is_penalty
    assert 8 <= asking.asked()[PATH] <= 12
    assert len(asking.recorded) == asking.asked()[PATH]
    assert [one.status for one in asking.recorded].count(429) == 1


@pytest.mark.parametrize("how", ["closed", "over"])
def test_a_cancelled_run_sends_nothing_more_and_holds_nothing(asking: Asking, how: str) -> None:
    with asking.client.recording(asking.record):
        pages = asking.tasks(tasks=10, each=10)
        next(pages)
        if how == "closed":
            pages.close()  # type: ignore[attr-defined]
            assert len(asking.recorded) == asking.asked()[PATH], "what was under way came in"
    assert len(list(pages)) < 6, "and whoever reads on comes to an end"
    assert asking.asked()[PATH] <= 6
    assert _held(asking.folder) == []


def test_what_an_earlier_try_left_answers_one_asking_of_it_whoever_asks(asking: Asking) -> None:
    with asking.client.recording(asking.record):
        list(asking.tasks(tasks=4, each=2))
    earlier, before = list(asking.recorded), asking.asked()[PATH]
    with asking.client.recording(asking.record):
        asking.client.remember(earlier)
        assert len(list(asking.tasks(tasks=5, each=2))) == 10
    assert asking.asked()[PATH] - before == 2


def _held(folder: Path) -> list[str]:
    """The locks of the budget that somebody holds."""
    found = sorted(folder.glob("*.lock"))
    assert len(found) >= 6, "the gate, and five places"
    with ExitStack() as stack:
        return [path.name for path in found if not _is_free(path, stack)]


def _is_free(path: Path, stack: ExitStack) -> bool:
    try:
        stack.enter_context(locked(path, ALONE | AT_ONCE))
    except BlockingIOError:
        return False
    return True
