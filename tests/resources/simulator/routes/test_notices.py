from datetime import UTC, datetime, timedelta

import pytest

from resources.simulator.accounts.valuation import Held
from resources.simulator.notices import notices
from tests.resources.simulator.conftest import Desk, make_desk
from tests.resources.simulator.seeded_desk import seeded_desk

SENT = datetime(2026, 11, 24, 17, tzinfo=UTC)


@pytest.fixture(scope="module")
def told() -> Desk:
    """On the day before some of the options and futures that are held expire."""
    desk = seeded_desk(at=SENT)
    rows = desk.simulation.valuation(desk.simulation.world.accounts[0]).rows
    expiries = [row.contract.expiry for row in rows if row.contract.is_derivative and row.contract.expiry]
    desk.simulation.clock.advance(datetime.combine(min(expiries), SENT.time(), UTC) - timedelta(days=1) - SENT)
    return desk


def put(desk: Desk, path: str, **query: str) -> int:
    return desk.client.call("PUT", desk.client.prefix + path, query=query, headers={"content-length": "0"}).status


def test_what_expires_soon_is_told_once_and_can_be_read(told: Desk) -> None:
    found = told.client.get("/fyi/notifications").json
    assert found
    assert {row["FC"] for row in found} == {"OE"}
    waiting = told.client.get("/fyi/unreadnumber").json["BN"]
    assert put(told, f"/fyi/notifications/{found[0]['ID']}") == 200
    assert told.client.get("/fyi/unreadnumber").json == {"BN": waiting - 1}
    assert [row["R"] for row in told.client.get("/fyi/notifications").json] == [1] + [0] * (len(found) - 1)
    assert told.client.get("/fyi/notifications", exclude="OE").json == []
    assert len(told.client.get("/fyi/notifications", max="1", include="OE").json) == 1
    older = told.client.get("/fyi/notifications/more", id=found[0]["ID"]).json
    assert older[: len(found) - 1] == found[1:]


def test_a_topic_can_be_switched_off(told: Desk) -> None:
    assert told.client.post("/fyi/settings/OE", {"enabled": False}).json["V"] == 1
    assert told.client.get("/fyi/notifications").json == []
    assert told.client.get("/fyi/unreadnumber").json == {"BN": 0}
    assert {row["FC"] for row in told.client.get("/fyi/settings").json if not row["A"]} == {"OE"}
    told.client.post("/fyi/settings/OE", {"enabled": True})
    assert told.client.get("/fyi/notifications").json


def test_notices_come_three_days_before_and_stay_until_the_end() -> None:
    desk = seeded_desk(at=SENT)
    rows = desk.simulation.valuation(desk.simulation.world.accounts[0]).rows
    row: Held = next(row for row in rows if row.contract.expiry and row.contract.asset_class == "OPT")
    assert row.contract.expiry is not None
    noon = datetime.combine(row.contract.expiry, SENT.time(), UTC)
    days = [len(notices([row], noon + timedelta(days=step))) for step in range(-5, 3)]
    assert days == [0, 0, 1, 1, 1, 1, 0, 0]
    [notice] = notices([row], noon)
    assert notice.number.startswith(f"{row.contract.expiry - timedelta(days=3):%Y%m%d}")


def test_disclaimers_are_there_and_can_be_read() -> None:
    client = make_desk().client
    assert client.get("/fyi/disclaimer/BA").json["FC"] == "BA"
    client.call("PUT", client.prefix + "/fyi/disclaimer/BA", headers={"content-length": "0"})
    assert [row["FC"] for row in client.get("/fyi/settings").json if row["H"]] == ["BA"]


def test_mail_and_devices_are_added_and_taken_away() -> None:
    desk = make_desk()
    client = desk.client
    assert client.get("/fyi/deliveryoptions").json == {"E": [], "M": 1}
    assert put(desk, "/fyi/deliveryoptions/email", enabled="false") == 200
    body = {"deviceName": "Phone", "deviceId": "d1", "uiName": "My phone", "enabled": True}
    assert client.post("/fyi/deliveryoptions/device", body).json["V"] == 1
    device = {"NM": "Phone", "I": "d1", "UI": "My phone", "A": 1}
    assert client.get("/fyi/deliveryoptions").json == {"E": [device], "M": 0}
    gone = [client.call("DELETE", client.prefix + "/fyi/deliveryoptions/d1") for _ in range(2)]
    assert [answer.status for answer in gone] == [200, 404]
    assert gone[0].body == b""


def test_notices_need_the_login_alone() -> None:
    desk = make_desk()
    desk.simulation.session.lose("test")
    assert desk.client.get("/fyi/unreadnumber").status == 200
    desk.simulation.session.log_out()
    assert desk.client.get("/fyi/unreadnumber").status == 401
