from tests.resources.simulator.conftest import FIRST, Desk, make_desk

ALERT = {"alertName": "a", "alertMessage": "b", "alertRepeatable": 0, "outsideRth": 0, "tif": "GTC", "conditions": []}


def test_a_paper_login_has_no_alerts_and_makes_none(primed: Desk) -> None:
    client, own = primed.client, f"/iserver/account/{FIRST}/alert"
    assert client.get(f"{own}s").json == []
    assert client.post(own, ALERT).status == 403
    assert client.post(own, {}).status == 400
    assert client.get(f"{own}s").json == []
    assert client.post(f"{own}/activate", {"alertId": 0, "alertActive": 1}).status == 503
    assert client.call("DELETE", f"{client.prefix}{own}/0").status == 503
    assert client.get("/iserver/account/alert/0", type="Q").json == {"error": "MTA alert tool ID is wrong =0"}
    assert client.get("/iserver/account/U1/alerts").status == 400


def test_the_mobile_alert_has_another_number_each_time_and_one_tool() -> None:
    desk = make_desk(accounts=2, positions=5)
    desk.prime()
    desk.client.post("/iserver/account", {"acctId": "U9900002"})
    first, second = (desk.client.get("/iserver/account/mta").json for _ in range(2))
    assert second["order_id"] == first["order_id"] + 1
    assert second["tool_id"] == first["tool_id"]
    assert (first["account"], first["alert_mta_currency"]) == ("U9900002", "EUR")
    assert first["condition_size"] == len(first["conditions"]) == 0
    assert [part.partition(":")[0] for part in first["alert_mta_defaults"].split("|")] == ["9", "8"]
