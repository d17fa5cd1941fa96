from datetime import UTC, datetime

import pytest

from resources.simulator.app import application
from resources.simulator.clock import Clock
from resources.simulator.flavour import Flavour
from resources.simulator.routes.hmds import word
from resources.simulator.session import Session
from resources.simulator.simulation import Simulation
from tests.resources.simulator.conftest import NOON, Caller, Desk, Hand
from tests.resources.simulator.routes.test_snapshot import MARKET, OPTION, WORLD

APPLE = "265598"
PATH = "/hmds/history"


def make_desk(flavour: Flavour | None = None) -> Desk:
    chosen = flavour or Flavour(cold_history=False)
    simulation = Simulation(MARKET, WORLD, Clock(NOON, real=Hand()), Session(NOON), 7, chosen)
    return Desk(simulation, Caller(application(simulation)))


@pytest.fixture
def opened() -> Desk:
    desk = make_desk()
    assert desk.client.post("/hmds/auth/init", {}).status == 200
    return desk


def test_before_it_is_opened_the_service_is_not_there() -> None:
    desk = make_desk()
    assert desk.client.get(PATH, conid=APPLE, period="1d", bar="1hour").status == 404
    assert not desk.simulation.session.hmds


def test_a_reply_has_the_shape_of_the_wire(opened: Desk) -> None:
    reply = opened.client.get(PATH, conid=APPLE, period="1d", bar="5mins", outsideRth="true").json
    assert list(reply) == ["startTime", "startTimeVal", "endTime", "endTimeVal", "data", "points", "mktDataDelay"]
    assert (reply["startTime"], reply["endTime"]) == ("20261124-04:00:00", "20261124-12:00:00")
    assert reply["startTimeVal"] == 1000 * datetime(2026, 11, 24, 9, tzinfo=UTC).timestamp()
    assert reply["points"] == len(reply["data"]) == 96
    assert set(reply["data"][0]) == {"t", "o", "c", "h", "l", "v"}


def test_bars_are_those_of_the_other_history_with_volume_in_shares(opened: Desk) -> None:
    opened.prime()
    here = opened.client.get(PATH, conid=APPLE, period="1d", bar="1hour").json["data"]
    there = opened.client.get("/iserver/marketdata/history", conid=APPLE, period="1d", bar="1h").json
    assert [bar["c"] for bar in here] == [bar["c"] for bar in there["data"]]
    assert [bar["v"] for bar in here] == pytest.approx([bar["v"] * there["volumeFactor"] for bar in there["data"]])


@pytest.mark.parametrize(
    ("text", "bar"),
    [("1mins", "1min"), ("1hour", "1h"), ("4 hours", "4h"), ("1day", "1d"), ("1month", "1m"), ("1d", "1d")],
)
def test_bars_have_words_of_their_own(text: str, bar: str) -> None:
    assert word(text) == bar


def test_a_window_may_have_an_end(opened: Desk) -> None:
    at = {"conid": APPLE, "period": "3d", "bar": "1day"}
    last = opened.client.get(PATH, startTime="20261120-00:00:00", **at).json["data"][-1]
    assert last["t"] == 1000 * datetime(2026, 11, 18, 14, 30, tzinfo=UTC).timestamp()


def test_what_cannot_be_charted_fails(opened: Desk) -> None:
    queries: tuple[dict[str, str], ...] = (
        {},
        {"conid": "1"},
        {"conid": str(OPTION.conid)},
        {"conid": APPLE, "direction": "1"},
    )
    assert [opened.client.get(PATH, **query).status for query in queries] == [400, 400, 500, 500]


def test_the_service_ends_with_the_brokerage_session(opened: Desk) -> None:
    opened.simulation.session.initialise(compete=False)
    assert opened.client.get(PATH, conid=APPLE).status == 404
    opened.client.post("/hmds/auth/init", {})
    opened.simulation.session.log_out()
    assert not opened.simulation.session.hmds


def test_without_a_bridge_it_cannot_be_opened() -> None:
    desk = make_desk()
    desk.simulation.session.brokerage = False
    assert desk.client.post("/hmds/auth/init", {}).status == 400
    assert not desk.simulation.session.hmds


def test_where_it_was_withdrawn_it_is_never_there() -> None:
    desk = make_desk(Flavour(hmds_withdrawn=True))
    assert desk.client.post("/hmds/auth/init", {}).status == 404
    assert desk.client.get(PATH, conid=APPLE).status == 404
