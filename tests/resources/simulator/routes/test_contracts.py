import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from starlette.routing import Router

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.market import Market, SeededMarket
from resources.simulator.routes.contracts import contract_info, full_name, routes, secdef_row
from tests.resources.simulator.conftest import Caller

MARKET = SeededMarket(7, 600, date(2026, 11, 24))
EVERYTHING = list(MARKET.instruments())


@dataclass
class Shelf:
    market: Market


@pytest.fixture
def client() -> Caller:
    return Caller(Router(routes(Shelf(MARKET))), prefix="")


def one(asset_class: str, **traits: object) -> Instrument:
    return next(
        each
        for each in EVERYTHING
        if each.asset_class == asset_class and all(getattr(each, name) == value for name, value in traits.items())
    )


APPLE = one("STK", symbol="AAPL")
OPTION = one("OPT", expiry=date(2026, 12, 18), right="C", symbol="AAPL")
FUTURE = one("FUT", symbol="ES", expiry=date(2026, 12, 18))
BOND, PAIR, FUND = one("BOND"), one("CASH"), one("STK", kind="ETF")


def test_definitions_come_in_the_order_asked_and_unknown_ids_are_left_out(client: Caller) -> None:
    answer = client.get("/trsrv/secdef", conids="756733,1,265598")
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert [row["conid"] for row in answer.json["secdef"]] == [756733, 265598]


def test_definitions_can_be_asked_for_in_a_body(client: Caller) -> None:
    assert client.post("/trsrv/secdef", {"conids": [265598, "272093"]}).json["secdef"][1]["ticker"] == "MSFT"


@pytest.mark.parametrize("conids", ["", "AAPL", "1," * 201])
def test_a_bad_list_of_ids_is_a_bad_request(client: Caller, conids: str) -> None:
    answer = client.get("/trsrv/secdef", conids=conids)
    assert (answer.status, answer.json["statusCode"]) == (400, 400)
    assert answer.json["error"].startswith("Bad Request: ")


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"conids":"1"}', b'{"conids":[]}'])
def test_a_bad_body_is_a_bad_request(client: Caller, body: bytes) -> None:
    assert client.call("POST", "/trsrv/secdef", body).status == 400


def test_a_share_is_described_as_the_wire_does() -> None:
    row = secdef_row(APPLE)
    assert (row["strike"], row["multiplier"], row["type"], row["undConid"]) == ("0", 0.0, "COMMON", 0)
    assert (row["sector"], row["listingExchange"], row["isUS"], row["hasOptions"]) == (
        "Technology",
        "NASDAQ",
        True,
        True,
    )
    assert row["incrementRules"] == [{"lowerEdge": 0.0, "increment": 0.01}]
    assert "undSym" not in row


def test_funds_have_no_sector() -> None:
    row = secdef_row(FUND)
    assert (row["type"], row["sector"], row["group"], row["sectorGroup"]) == ("ETF", None, None, None)


def test_derivatives_name_their_underlying_and_their_end() -> None:
    row = secdef_row(OPTION)
    assert (row["undConid"], row["undSym"], row["undComp"]) == (265598, "AAPL", "APPLE INC")
    assert (row["expiry"], row["lastTradingDay"], row["putOrCall"]) == ("20261218", "20261218", "C")
    assert (row["strike"], row["multiplier"]) == (f"{OPTION.strike:g}", 100.0)
    assert secdef_row(FUTURE)["undComp"] == "E-mini S&P 500"


@pytest.mark.parametrize(
    ("instrument", "name"),
    [
        (APPLE, "AAPL"),
        (OPTION, f"AAPL 18DEC26 {OPTION.strike:g} C"),
        (FUTURE, "ESZ6"),
        (BOND, "US TREASURY N/B 4 1/4 11/15/34"),
        (PAIR, "EUR.USD"),
    ],
)
def test_full_names_tell_contracts_apart(instrument: Instrument, name: str) -> None:
    assert full_name(instrument) == name


def test_every_definition_has_the_same_keys_apart_from_the_underlying() -> None:
    keys = {frozenset(secdef_row(each)) - {"undComp", "undSym"} for each in EVERYTHING}
    assert len(keys) == 1
    assert {frozenset(contract_info(each)) for each in EVERYTHING} == {frozenset(contract_info(APPLE))}
    assert json.dumps([secdef_row(each) for each in EVERYTHING])


def test_symbols_are_found_with_all_their_listings(client: Caller) -> None:
    found = client.get("/trsrv/stocks", symbols="AAPL,NOBODY").json
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


def test_symbols_must_be_named(client: Caller) -> None:
    assert client.get("/trsrv/stocks").status == 400


def test_contract_info_is_in_snake_case(client: Caller) -> None:
    info: dict[str, Any] = client.get("/iserver/contract/265598/info").json
    assert (info["con_id"], info["company_name"], info["instrument_type"]) == (265598, "APPLE INC", "STK")
    assert (info["multiplier"], info["maturity_date"], info["exchange"]) == (None, None, "SMART")
    future = client.get(f"/iserver/contract/{FUTURE.conid}/info").json
    assert (future["local_symbol"], future["multiplier"], future["contract_month"]) == ("ESZ6", "50", "202612")


@pytest.mark.parametrize("conid", ["1", "AAPL"])
def test_an_unknown_contract_has_no_info(client: Caller, conid: str) -> None:
    answer = client.get(f"/iserver/contract/{conid}/info")
    assert (answer.status, answer.json) == (500, {"error": "Contract not found"})
