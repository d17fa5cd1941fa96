"""Killed (kill -9) at fifty-one random moments, the next run makes a night good and asks only what is missing.

Each of five owners has a gateway, a data folder and a home for Dagster of its own, and is struck time and again: the
first run by the requests that the gateway received, since landings are short and have the most to lose, the next by
Dagster's events, each stage in its turn, the next by seconds, and so on. No time passes between a kill and the next
run. What stays open only until a limit of minutes has passed is resumed as the daemon does it.
"""

import gzip
import pickle
import random
import signal
import threading
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, islice
from pathlib import Path
from time import monotonic

import dagster as dg
import pandas as pd
import pytest

from assets.kit.schema import PROVENANCE
from assets.market.bars_1d import HISTORY
from pipelines.outcome import STAGES, stage_of
from resources.lake.layout import OPEN
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.desk import buys_late
from tests.end_to_end.forked_nights import CHOICES, DAY, EVENING, LEFT_OUT, SCOPE, Gate, Owner, ready_home, step_of
from tests.end_to_end.held import held
from tests.house import House
from tests.nights import USUAL_TABLES, Nights
from tests.once import made_once

pytestmark = [pytest.mark.slow, pytest.mark.long]
KILLS, KILLS_OF_EACH = 51, 11
MEASURES = ("requests", "events", "seconds")
PERFORMANCE = "/pa/performance"
AT_ONCE = HISTORY.concurrent or 1
ONE_REQUEST = 0.03  # seconds
SESSION = {
    "/iserver/auth/status",
    "/iserver/auth/ssodh/init",
    "/tickle",
    "/iserver/accounts",
    "/portfolio/accounts",
    "/iserver/account",
}
OF_A_LANDING = [*({one.name for one in PROVENANCE} - {"extra"}), "reckoned_at"]
TABLES = [table for table in USUAL_TABLES if table.raw.name not in LEFT_OUT]
Request = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in an undisturbed run, by one of three measures, and the dice for the place between two events.

    By events, the place is one within a stage.
    """

    number: int
    measure: str
    place: float
    between: float
    stage: str


@dataclass(frozen=True, slots=True)
class Strike:
    """When to kill: after so many events and requests, so many seconds later."""

    events: int = 0
    requests: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Undisturbed:
    """A night that nobody killed: what it left, when which event came, how much it asked, and what for data."""

    data: Path
    events: list[tuple[float, str]]
    requests: int
    asked: Counter[Request]

    def strike(self, moment: Moment) -> Strike:
        """What a moment means in this night."""
        came = [0.0, *(at for at, _ in self.events)]
        if moment.measure == "requests":
            return Strike(requests=1 + int(moment.place * self.requests), seconds=moment.between * ONE_REQUEST)
        if moment.measure == "events":
            of_stage = [number for number, (_, line) in enumerate(self.events, 1) if _stage(line) == moment.stage]
            events = of_stage[int(moment.place * len(of_stage))]
            return Strike(events, seconds=moment.between * (came[events + 1] - came[events]))
        seconds = moment.place * came[-1]
        events = bisect_right(came, seconds) - 1
        return Strike(events, seconds=seconds - came[events])


def _moments() -> list[Moment]:
    """One in each of as many equal parts."""
    dice = random.Random(20261123)
    parts = -(-KILLS // len(MEASURES))
    return [
        Moment(number, measure, (part + dice.random()) / parts, dice.random(), STAGES[part % len(STAGES)])
        for number in range(KILLS)
        for measure, part in [(MEASURES[number % len(MEASURES)], number // len(MEASURES))]
    ]


MOMENTS = _moments()
BY_OWNER = [MOMENTS[first : first + KILLS_OF_EACH] for first in range(0, KILLS, KILLS_OF_EACH)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "killed-home", ready_home)


@pytest.fixture(scope="module")
def undisturbed(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = made_once(tmp_path_factory, "undisturbed", lambda folder: _undisturbed(folder, home))
    found: Undisturbed = pickle.loads((folder / "undisturbed.pickle").read_bytes())
    return found


def _undisturbed(folder: Path, home: Path) -> None:
    folder.mkdir()
    owner = Owner.moves_in(folder, home)
    with _served(owner) as gateway, owner.night(_gate(gateway)) as child:
        began = monotonic()
        events = [(monotonic() - began, line) for line in child.events()]
        child.process.join()
        assert child.process.exitcode == 0, child.told
        found = Undisturbed(owner.folder / "data", events, gateway.simulation.requests.total, _asked(gateway))
    (folder / "undisturbed.pickle").write_bytes(pickle.dumps(found))


@pytest.mark.parametrize("moments", BY_OWNER, ids=lambda moments: f"{moments[0].number:02}-{moments[-1].number:02}")
def test_after_kills_the_next_run_makes_the_night_good_and_asks_only_what_is_missing(
    moments: Sequence[Moment], undisturbed: Undisturbed, home: Path, tmp_path: Path
) -> None:
    for sooner in count():
        (tmp_path / str(sooner)).mkdir()
        owner = Owner.moves_in(tmp_path / str(sooner), home)
        with _served(owner) as gateway:
            in_flight: list[Request] = []
            for moment in moments:
                if not _was_killed(owner, gateway, undisturbed.strike(moment), sooner):
                    break
                in_flight += _maybe_in_flight(gateway)
                _assert_what_has_its_name_is_whole(owner.nights)
            else:
                _assert_made_good(owner, gateway, undisturbed, in_flight)
                return


def test_performance_that_was_asked_but_not_landed_is_landed_a_quarter_of_an_hour_later(
    undisturbed: Undisturbed, home: Path, tmp_path: Path
) -> None:
    owner = Owner.moves_in(tmp_path, home)
    with _served(owner) as gateway:
        gateway.control.add_faults({"path": PERFORMANCE, "faults": [{"fault": "slow", "seconds": 60}]})
        with owner.night(_gate(gateway)) as child:
            while not gateway.control.requests(path=PERFORMANCE):
                assert child.process.is_alive(), child.told
                threading.Event().wait(0.001)
            child.process.kill()
            child.process.join()
        gateway.control.clear_faults()
        assert _assert_made_good(owner, gateway, undisturbed, _maybe_in_flight(gateway)) == {"performance": "Postponed"}
        assert len(gateway.control.requests(path=PERFORMANCE)) == 2


def test_the_moments_are_of_landing_building_checking_and_publishing(undisturbed: Undisturbed) -> None:
    by_events = [undisturbed.strike(moment) for moment in MOMENTS if moment.measure == "events"]
    struck = Counter(_stage(undisturbed.events[strike.events - 1][1]) for strike in by_events)
    assert set(struck) == set(STAGES)
    assert min(struck.values()) >= KILLS // len(MEASURES) // len(STAGES)


def _was_killed(owner: Owner, gateway: Running, strike: Strike, sooner: int) -> bool:
    """Start a night and kill it at a moment, or `sooner`; false if it was over before."""
    with owner.night(_gate(gateway)) as child:
        coming = child.events()
        deque(islice(coming, strike.events >> sooner), maxlen=0)
        while gateway.simulation.requests.total < strike.requests and child.process.is_alive():
            threading.Event().wait(0.001)
        threading.Event().wait(strike.seconds / 2**sooner)
        child.process.kill()
        deque(coming, maxlen=0)
        child.process.join()
        return child.process.exitcode == -signal.SIGKILL and not any("RUN_SUCCESS" in line for line in child.told)


def _assert_made_good(
    owner: Owner, gateway: Running, undisturbed: Undisturbed, in_flight: Sequence[Request]
) -> dict[str, str]:
    """The next run, and what it parked, bring what an undisturbed night has; gives what was parked, and for what."""
    had_performance = bool(gateway.control.requests(path=PERFORMANCE))
    with owner.night(_gate(gateway)) as child:
        deque(child.events(), maxlen=0)
        child.process.join()
        assert child.process.exitcode == 0, child.told
    waits = {work.dataset: work.waits_for for work in owner.nights.lake.parked.waiting()}
    assert waits == {} or (waits == {"performance": "Postponed"} and had_performance)
    if waits:
        _daemon_resumes(owner, gateway)
    assert _asked(gateway) - undisturbed.asked <= Counter(in_flight), "only what had not come"
    assert gateway.control.limits() == {"enforced": True, "broken": [], "refused": 0, "boxed_until": None}
    _assert_same_tables(owner.nights, Nights(undisturbed.data))
    _assert_nothing_is_left_behind(owner)
    return waits


def _stage(line: str) -> str:
    """The stage that an event is of; none before the first step and after the last."""
    step = step_of(line)
    return stage_of(step) if step else ""


@contextmanager
def _served(owner: Owner) -> Iterator[Running]:
    with serve(Options(clock=EVENING, positions=5), real=owner.time.now) as gateway:
        buys_late(gateway)
        yield gateway


def _gate(gateway: Running) -> Gate:
    return Gate(gateway.url, gateway.certificate)


def _asked(gateway: Running) -> Counter[Request]:
    """How often each request for data was received; each process asks those of the session."""
    asked = gateway.control.requests()
    return Counter((one["method"], one["path"], one["query"]) for one in asked if one["path"] not in SESSION)


def _maybe_in_flight(gateway: Running) -> list[Request]:
    """The last request for data; of bars as many as are asked for at once."""
    asked = [one for one in gateway.control.requests() if one["path"] not in SESSION]
    last = asked[-AT_ONCE:] if asked and asked[-1]["path"] == HISTORY.path else asked[-1:]
    return [(one["method"], one["path"], one["query"]) for one in last if one["path"] == asked[-1]["path"]]


def _daemon_resumes(owner: Owner, gateway: Running) -> None:
    with dg.DagsterInstance.from_config(str(owner.home)) as instance:
        nights = Nights(owner.folder / "data", gateway, scope=SCOPE, instance=instance, choices=CHOICES)
        house = House(nights, gateway)
        gateway.control.advance(timedelta(minutes=15))
        house.live_until(house.now + timedelta(minutes=2))
        assert house.outcomes
        assert [outcome.failures for outcome in house.outcomes if not outcome.is_success] == []
        assert nights.lake.parked.waiting() == []


def _assert_what_has_its_name_is_whole(nights: Nights) -> None:
    nights.assert_whole(DAY, positions=5)
    for dataset in (nights.lake.layout.folder / "raw").glob("*"):
        for path in nights.lake.raw.files(dataset.name, DAY):
            if not path.name.endswith(OPEN):
                gzip.decompress(path.read_bytes())  # raises where it is cut


def _assert_same_tables(nights: Nights, undisturbed: Nights) -> None:
    for table in TABLES:
        found, expected = (_rows(one.table(table.name), list(table.key)) for one in (nights, undisturbed))
        pd.testing.assert_frame_equal(found, expected)
        assert len(expected) > 0, table.name
        published = nights.query(f'select count(*) as rows from "{table.name}"')["rows"].tolist()
        assert published == [len(expected)], table.name


def _rows(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return rows.sort_values(key).drop(columns=[*OF_A_LANDING, "run_at"], errors="ignore").reset_index(drop=True)


def _assert_nothing_is_left_behind(owner: Owner) -> None:
    data = owner.folder / "data"
    assert [path.name for path in data.rglob("*") if ".tmp" in path.name or path.name.endswith(".new")] == []
    assert list((owner.home / "alive").glob("*.lock")) == []
    assert held(owner.home, data) == []
