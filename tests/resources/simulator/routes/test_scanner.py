from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from resources.simulator.flavour import Flavour, flavoured
from resources.simulator.options import Options, build
from tests.resources.simulator.conftest import NOON, Caller, Desk, Hand, make_desk

SCAN = {"instrument": "STK", "location": "STK.US.MAJOR", "type": "TOP_PERC_GAIN", "filter": []}
FORMS: tuple[object, ...] = ([], None, "absent")
ROW = {
    *("server_id", "symbol", "conidex", "con_id", "available_chart_periods", "company_name"),
    *("scan_data", "contract_description_1", "listing_exchange", "sec_type"),
}


@pytest.fixture(scope="module")
def client() -> Caller:
    """Of a whole world, at noon."""
    _, application = build(
        Options(clock=NOON, positions=5, universe=750, pacing=False), real=Hand(), present=lambda: NOON
    )
    caller = Caller(application)
    assert caller.get("/iserver/accounts").status == 200
    return caller


def run(client: Caller, **changes: object) -> Any:
    answer = client.post("/iserver/scanner/run", {**SCAN, **changes})
    assert answer.status == 200, answer.body
    return answer.json


def nodes(tree: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in tree:
        yield node
        yield from nodes(node.get("locations") or [])


def test_parameters_are_as_large_and_as_deep_as_those_of_a_gateway(client: Caller) -> None:
    answer = client.get("/iserver/scanner/params")
    said = answer.json
    assert set(said) == {"scan_type_list", "instrument_list", "filter_list", "location_tree"}
    assert len(answer.body) > 25_000
    assert len(said["scan_type_list"]) > 30
    assert len(said["filter_list"]) > 60
    assert all(set(each) == {"display_name", "code", "instruments"} for each in said["scan_type_list"])
    assert all(set(each) == {"display_name", "type", "filters"} for each in said["instrument_list"])
    assert all(
        set(each) - {"combo_values"} == {"group", "display_name", "code", "type"} for each in said["filter_list"]
    )
    assert all(("combo_values" in each) == (each["type"] == "combo") for each in said["filter_list"])
    leaves = [node.get("locations", "absent") for node in nodes(said["location_tree"]) if not node.get("locations")]
    assert all(form in leaves for form in FORMS)


def test_every_code_that_is_listed_can_be_run(client: Caller) -> None:
    said = client.get("/iserver/scanner/params").json
    for scan in said["scan_type_list"]:
        for kind in scan["instruments"]:
            assert run(client, type=scan["code"], instrument=kind, location=kind)["contracts"] is not None
    for node in nodes(said["location_tree"]):
        run(client, location=node["type"])
    filters = {each["code"]: each for each in said["filter_list"]}
    for kind in said["instrument_list"]:
        assert set(kind["filters"]) <= set(filters)
    run(client, filter=[{"code": code, "value": 1} for code in filters])


def test_at_most_fifty_rows_and_the_first_names_the_column(client: Caller) -> None:
    said = run(client)
    first, *others = said["contracts"]
    assert len(others) == 49
    assert set(first) == ROW | {"column_name"}
    assert all(set(row) == ROW for row in others)
    assert first["column_name"] == said["scan_data_column_name"] == "Chg%"
    assert [row["server_id"] for row in said["contracts"]] == [str(place) for place in range(50)]
    assert all(row["conidex"] == str(row["con_id"]) for row in said["contracts"])
    assert {row["listing_exchange"] for row in said["contracts"]} <= {"NASDAQ.NMS", "NYSE", "ARCA"}


def test_a_row_agrees_with_the_history_of_its_contract(client: Caller) -> None:
    row = run(client)["contracts"][0]
    query = {"conid": row["conidex"], "period": "5d", "bar": "1d"}
    bars = next(
        answer.json["data"]
        for _ in range(3)
        if (answer := client.get("/iserver/marketdata/history", **query)).status == 200
    )
    assert row["scan_data"] == f"{(bars[-1]['c'] / bars[-2]['c'] - 1) * 100:+.2f}%"


def test_a_scan_without_a_column_has_no_data() -> None:
    early = make_desk(at=datetime(2026, 11, 24, 12, tzinfo=UTC))
    early.prime()
    said = early.client.post("/iserver/scanner/run", {**SCAN, "type": "NOT_YET_TRADED_TODAY"}).json
    assert set(said) == {"contracts"}
    assert said["contracts"][0]["column_name"] == " "
    assert all("scan_data" not in row for row in said["contracts"])


def test_no_hits_are_an_empty_list(client: Caller) -> None:
    assert run(client, filter=[{"code": "priceAbove", "value": 1e9}])["contracts"] == []


@pytest.mark.parametrize("body", [None, [], {}, {**SCAN, "type": "NOTHING"}, {**SCAN, "filter": [{"code": "x"}]}])
@pytest.mark.parametrize("status", [400, 500])
def test_a_wrong_code_is_an_error_of_either_kind(body: object, status: int) -> None:
    desk = make_desk(flavour=flavoured("newest", [f"bad_scan_status={status}"]))
    desk.prime()
    answer = desk.client.post("/iserver/scanner/run", body)
    assert (answer.status, list(answer.json)) == (status, ["error"])


def test_the_older_scanner_wants_its_own_login_and_answers_in_text() -> None:
    body = {"instrument": "STK", "locations": "STK.US.MAJOR", "scanCode": "MOST_ACTIVE", "secType": "STK"}
    desk = make_desk(at=NOON, positions=30)
    assert desk.client.post("/hmds/scanner", body).status == 404
    assert desk.client.get("/hmds/scanner/params").status == 404
    desk.simulation.session.hmds = True
    wish = {**body, "maxItems": 3, "filters": [{"priceAbove": 1}]}
    said = desk.client.post("/hmds/scanner", wish).json
    assert desk.client.post("/hmds/scanner/run", wish).json == said  # as ibind has it
    found = said["Contracts"]["Contract"]
    assert set(said) == {"total", "size", "offset", "scanTime", "id", "position", "Contracts"}
    assert all(isinstance(said[key], str) for key in said if key != "Contracts")
    assert (said["size"], len(found), said["scanTime"]) == ("3", 3, "20261124-12:00:00")
    assert int(said["total"]) > 3
    assert all(set(each) == {"inScanTime", "contractID"} for each in found)
    params = desk.client.get("/hmds/scanner/params").json
    assert set(params) == {"scan_type_list", "instrument_list", "location_tree"}
    assert "locationCode" in params["location_tree"][0]["locations"][0]


def test_newer_gateways_have_lost_the_older_scanner() -> None:
    desk = make_desk(flavour=Flavour(hmds_scanner=False))
    desk.simulation.session.hmds = True
    assert desk.client.post("/hmds/scanner", {}).status == desk.client.get("/hmds/scanner/params").status == 404


def test_a_scanner_wants_the_brokerage_session(desk: Desk) -> None:
    assert desk.client.post("/iserver/scanner/run", SCAN).json["error"].endswith("/accounts first")
