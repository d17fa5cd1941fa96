from typing import Any

import pytest

from tests.resources.simulator.conftest import Desk
from tests.resources.simulator.seeded_desk import seeded_desk

FUTURE = 990_500_443  # E-mini S&P of December 2026


@pytest.fixture
def desk() -> Desk:
    return seeded_desk()


def test_definitions_come_in_the_order_asked_and_unknown_ids_are_left_out(desk: Desk) -> None:
    answer = desk.client.get("/trsrv/secdef", conids="756733,1,265598")
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert [row["conid"] for row in answer.json["secdef"]] == [756733, 265598]


def test_definitions_can_be_asked_for_in_a_body(desk: Desk) -> None:
    assert desk.client.post("/trsrv/secdef", {"conids": [265598, "272093"]}).json["secdef"][1]["ticker"] == "MSFT"


@pytest.mark.parametrize("conids", ["", "AAPL", "1," * 201])
def test_a_bad_list_of_ids_is_a_bad_request(desk: Desk, conids: str) -> None:
    answer = desk.client.get("/trsrv/secdef", conids=conids)
    assert (answer.status, answer.json["statusCode"]) == (400, 400)
    assert answer.json["error"].startswith("Bad Request: ")


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"conids":"1"}', b'{"conids":[]}'])
def test_a_bad_body_is_a_bad_request(desk: Desk, body: bytes) -> None:
    assert (
        desk.client.call("POST", "/v1/api/trsrv/secdef", body, headers={"content-length": str(len(body))}).status == 400
    )


def test_symbols_are_found_with_all_their_listings(desk: Desk) -> None:
    found = desk.client.get("/trsrv/stocks", symbols="AAPL,NOBODY").json
    assert found == {
        "AAPL": [
            {
                "name": "APPLE INC",
                "chineseName": "&#x82F9;&#x679C;&#x516C;&#x53F8;",
                "assetClass": "STK",
                "contracts": [
                    {"conid": 265598, "exchange": "NASDAQ", "isUS": True},
                    {"conid": 273982664, "exchange": "EBS", "isUS": False},
                ],
            }
        ],
        "NOBODY": [],
    }


def test_symbols_must_be_named(desk: Desk) -> None:
    assert desk.client.get("/trsrv/stocks").status == 400


def test_contract_info_is_in_snake_case(desk: Desk) -> None:
    info: dict[str, Any] = desk.client.get("/iserver/contract/265598/info").json
    assert (info["con_id"], info["company_name"], info["instrument_type"]) == (265598, "APPLE INC", "STK")
    assert (info["multiplier"], info["maturity_date"], info["exchange"]) == (None, None, "SMART")
    future = desk.client.get(f"/iserver/contract/{FUTURE}/info").json
    assert (future["local_symbol"], future["multiplier"], future["contract_month"]) == ("ESZ6", "50", "202612")


@pytest.mark.parametrize("conid", ["1", "AAPL"])
def test_an_unknown_contract_has_no_info(desk: Desk, conid: str) -> None:
    answer = desk.client.get(f"/iserver/contract/{conid}/info")
    assert (answer.status, answer.json) == (500, {"error": "Contract not found"})


def test_futures_are_listed_by_symbol_nearest_first(desk: Desk) -> None:
    found = desk.client.get("/trsrv/futures", symbols="ES,CL,NOBODY").json
    assert found["NOBODY"] == []
    assert found["ES"][0] == {
        "symbol": "ES",
        "conid": FUTURE,
        "underlyingConid": 11004968,
        "expirationDate": 20261218,
        "ltd": 20261218,
        "shortFuturesCutOff": 20261218,
        "longFuturesCutOff": 20261218,
    }
    ends = [row["expirationDate"] for row in found["CL"]]
    assert ends == sorted(ends)
    assert len(found["CL"]) > 2 * len(found["ES"])


def test_futures_can_be_asked_for_on_one_exchange(desk: Desk) -> None:
    found = desk.client.get("/trsrv/futures", symbols="ES,CL", exchange="NYMEX").json
    assert found["ES"] == []
    assert found["CL"]


def test_an_exchange_lists_its_stocks_and_nothing_else(desk: Desk) -> None:
    rows = desk.client.get("/trsrv/all-conids", exchange="LSE").json
    assert {"ticker": "ULVR", "conid": 990_000_002, "exchange": "LSE"} in rows
    assert {row["exchange"] for row in rows} == {"LSE"}
    assert desk.client.get("/trsrv/all-conids", exchange="MOON").json == []


@pytest.mark.parametrize("path", ["/trsrv/futures", "/trsrv/all-conids"])
def test_lists_need_to_know_of_what(desk: Desk, path: str) -> None:
    assert desk.client.get(path).status == 400
