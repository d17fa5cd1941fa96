"""A day and a night in which everything goes wrong that does: by the simulator's clock, with the daemon's duties done.

The login is cut at midnight, the service is down for maintenance, the brokerage session idles out while the daemon is
away, is taken by a competing login, and drops twenty times; limits are said to be broken, replies are 503, resets and
HTML pages. The person is a person: told by an alert, she logs in half an hour later; and she does so in the morning.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assets.kit.declare import Table
from assets.kit.schema import PROVENANCE
from pipelines.settings import Alerts, Choices
from resources.lake.layout import OPEN
from resources.simulator.faults.files import parse_rules
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.house import House, Lived
from tests.nights import ALIKE, SOME_OF_ALL, USUAL_LANDINGS, USUAL_TABLES, Nights
from tests.receiver import Receiver, receiving

pytestmark = [pytest.mark.slow, pytest.mark.long]
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
NIGHTLY, MIDNIGHT, MORNING = NOON + timedelta(hours=6.5), NOON + timedelta(hours=12), NOON + timedelta(hours=19)
REACTION = timedelta(minutes=30)
SCOPE: dict[str, Any] = {**SOME_OF_ALL, "bars_asset_classes": ["STK"], "bars_depth_days": 5}
POSITIONS = 6
LEFT_OUT = [name for name in ALIKE if name != "allocation"]
LANDED = [landing for landing in USUAL_LANDINGS if landing.time != "local" and landing.name not in LEFT_OUT]
OF_A_LANDING = [*(one.name for one in PROVENANCE), "reckoned_at", "run_at"]
WEATHER = [
    {"name": "busy", "path": "*", "probability": 0.06, "faults": ["unavailable"]},
    {"name": "reset", "path": "*", "probability": 0.04, "faults": ["reset"]},
    {"name": "cut", "path": ["/portfolio/*", "/iserver/*"][0], "probability": 0.03, "faults": ["truncated"]},
    {
        "name": "maintenance",
        "path": "*",
        "since": "15:00",
        "until": "15:20",
        "faults": [{"fault": "html", "page": "maintenance"}],
    },
]


@dataclass
class Person:
    """Reads alerts, and logs in some time after one; ends what competes when told of that."""

    gateway: Running
    phone: Receiver
    acts_at: datetime | None = None
    read: int = 0

    def looks(self, now: datetime) -> None:
        if len(self.phone.posted) > self.read:
            self.read = len(self.phone.posted)
            self.acts_at = now + REACTION
        if self.acts_at is not None and now >= self.acts_at:
            self.acts_at = None
            self.logs_in()

    def logs_in(self) -> None:
        self.gateway.simulation.session.competing = False
        self.gateway.control.log_in()


@dataclass
class World:
    """What happens to the house, minute by minute."""

    gateway: Running
    person: Person
    drops: list[datetime]
    competing: tuple[datetime, datetime]
    incidents: int = 0
    _done: set[str] = field(default_factory=set)

    def passes(self, now: datetime) -> None:
        for place, at in enumerate(self.drops):
            if now >= at and self._once(f"drop {place}") and self.gateway.simulation.session.logged_in:
                self.gateway.control.drop()
        if now >= self.competing[0] and self._once("competing"):
            self.gateway.control.compete()
        if now >= self.competing[1] and self._once("competed"):
            self.gateway.simulation.session.competing = False
        if now >= MORNING and self._once("morning"):
            self.person.logs_in()
        self.person.looks(now)

    def _once(self, what: str) -> bool:
        is_new = what not in self._done
        self._done.add(what)
        return is_new


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    with serve(Options(clock=EVENING, positions=POSITIONS)) as gateway:
        choices = Choices(leave_out=LEFT_OUT)
        nights = Nights(tmp_path_factory.mktemp("undisturbed"), gateway, scope=SCOPE, choices=choices)
        outcome = nights.run("nightly", DAY)
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    return nights


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    dice = random.Random(20261123)
    drops = sorted(NOON + timedelta(minutes=dice.randrange(24 * 60)) for _ in range(20))
    folder: Path = tmp_path_factory.mktemp("lived")
    faults = parse_rules(WEATHER)
    with receiving() as phone, serve(Options(clock=NOON, faults=faults, positions=POSITIONS)) as gateway:
        gateway.control.tick_at(0)
        choices = Choices(leave_out=LEFT_OUT, alerts=Alerts(targets=[phone.target]))
        house = House(Nights(folder, gateway, scope=SCOPE, choices=choices), gateway)
        world = World(gateway, Person(gateway, phone), drops, (NOON + timedelta(hours=2), NOON + timedelta(hours=3)))
        house.live_until(NIGHTLY - timedelta(minutes=10), world.passes)
        gateway.control.log_out()  # just before the night: the login lapses
        house.live_until(NIGHTLY, world.passes)
        house.night_falls()
        gateway.control.add_faults(
            [{"name": "limit", "path": "/portfolio/*/ledger", "times": 1, "faults": ["throttled"]}]
        )
        house.live_until(NOON + timedelta(days=1), world.passes)
        yield Lived(house, phone)


def test_every_dataset_of_the_night_is_there_as_in_a_night_in_which_nothing_happened(
    lived: Lived, undisturbed: Nights
) -> None:
    for table in USUAL_TABLES:
        if table.raw not in LANDED:
            continue
        if not undisturbed.lake.tables.files(table.name):  # of years in which nothing happened there is none
            assert lived.nights.lake.tables.files(table.name) == []
            continue
        pd.testing.assert_frame_equal(rows_of(lived.nights, table), rows_of(undisturbed, table))


def rows_of(nights: Nights, table: Table) -> pd.DataFrame:
    rows = nights.table(table.name).sort_values(list(table.key))
    return rows.drop(columns=OF_A_LANDING, errors="ignore").reset_index(drop=True)


def test_nothing_was_landed_twice_and_nothing_is_left_waiting(lived: Lived) -> None:
    for landing in LANDED:
        files = lived.nights.lake.raw.files(landing.name, DAY)
        assert len([path for path in files if not path.name.endswith(OPEN)]) == 1, landing.name
    assert lived.nights.lake.parked.waiting() == []


def test_what_waited_is_on_record_and_nothing_was_lost(lived: Lived) -> None:
    ended = lived.nights.lake.parked.ended()
    assert {one.ending for one in ended} == {"landed"}
    assert {"accounts", "ledger", "positions", "allocation"} <= {one.work.dataset for one in ended}
    assert {"LoginRequired", "Throttled"} <= {one.work.waits_for for one in ended}


def test_the_person_was_told_once_and_the_limits_were_kept(lived: Lived) -> None:
    titles = [posted["title"] for _, posted in lived.phone.posted]
    assert len(titles) == 1, titles
    assert "log in by" in titles[0]
    assert lived.gateway.control.limits()["broken"] == []


def test_the_session_was_up_whenever_it_could_be(lived: Lived) -> None:
    """Whatever can be mended without a person was mended within minutes; only the other states last."""
    folder = lived.nights.data / ".gateways"
    lines = [line for path in sorted(folder.rglob("observations/*.jsonl")) for line in path.read_text().splitlines()]
    assert len(lines) > 40
    looks = [(datetime.fromisoformat(one["observed_at"]), one["state"]) for one in map(json.loads, lines)]
    states = {state for _, state in looks}
    assert {"ready", "not logged in", "competing login", "maintenance", "brokerage session dead"} <= states
    died = None
    for at, state in looks:
        if state == "brokerage session dead":
            died = died or at
            assert at - died <= timedelta(minutes=10), f"dead since {died}"
        else:
            died = None
