from typing import Any

import pytest

from tests.resources.simulator.conftest import Desk
from tests.resources.simulator.seeded_desk import seeded_desk

STRIKES, INFO = "/iserver/secdef/strikes", "/iserver/secdef/info"
NOTHING: dict[str, list[float]] = {"call": [], "put": []}
APPLE: dict[str, str] = {"conid": "265598", "sectype": "OPT", "month": "DEC26"}


@pytest.fixture
def desk() -> Desk:
    return seeded_desk()


@pytest.fixture
def searched(desk: Desk) -> Desk:
    for symbol in ("AAPL", "ES", "CL", "SPY"):
        assert desk.client.get("/iserver/secdef/search", symbol=symbol).status == 200
    return desk


def test_strikes_are_empty_before_a_search_in_this_session(desk: Desk) -> None:
    assert desk.client.get(STRIKES, **APPLE).json == NOTHING
    desk.client.get("/iserver/secdef/search", symbol="AAPL")
    assert desk.client.get(STRIKES, **APPLE).json != NOTHING
    desk.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    desk.client.get("/iserver/accounts")
    assert desk.client.get(STRIKES, **APPLE).json == NOTHING


def test_calls_and_puts_have_the_same_strikes_on_both_sides_of_the_price(searched: Desk) -> None:
    strikes = searched.client.get(STRIKES, **APPLE, exchange="SMART").json
    assert strikes["call"] == strikes["put"] == sorted(set(strikes["call"]))
    assert strikes["call"][0] < 190 < 240 < strikes["call"][-1]


@pytest.mark.parametrize(
    "other", [{"month": "DEC29"}, {"exchange": "EUREX"}, {"sectype": "WAR"}, {"conid": "1"}, {"month": "nonsense"}]
)
def test_what_is_not_listed_has_no_strikes(searched: Desk, other: dict[str, str]) -> None:
    assert searched.client.get(STRIKES, **{**APPLE, **other}).json == NOTHING


@pytest.mark.parametrize("missing", ["conid", "sectype", "month"])
def test_strikes_need_to_know_of_what(searched: Desk, missing: str) -> None:
    assert searched.client.get(STRIKES, **{**APPLE, missing: ""}).status == 400


def test_info_has_a_row_for_each_expiry_of_the_month(searched: Desk) -> None:
    rows = searched.client.get(INFO, **APPLE, strike="215", right="P", exchange="SMART").json
    ends = [row["maturityDate"] for row in rows]
    assert ends == ["20261204", "20261211", "20261218", "20261224", "20261231"]
    row: dict[str, Any] = rows[0]
    assert (row["strike"], row["right"], row["multiplier"], row["coupon"]) == (215.0, "P", "100", "No Coupon")
    assert (row["desc1"], row["desc2"], row["listingExchange"]) == ("AAPL", "DEC 04 '26 215 Put", None)
    assert isinstance(row["conid"], int)


def test_without_a_right_info_has_both(searched: Desk) -> None:
    rows = searched.client.get(INFO, **APPLE, strike="215.0").json
    assert [row["right"] for row in rows] == ["C", "P"] * 5


@pytest.mark.parametrize("name", ["secType", "sectype"])
def test_the_class_is_read_in_either_case(searched: Desk, name: str) -> None:
    query = {"conid": "265598", name: "OPT", "month": "JAN27", "strike": "215", "right": "c"}
    assert [row["maturityDate"] for row in searched.client.get(INFO, **query).json] == ["20270108", "20270115"]


def test_a_held_option_is_the_one_that_info_tells(searched: Desk) -> None:
    held = [each for each in searched.simulation.market.instruments() if each.asset_class == "OPT"]
    held = [each for each in held if each.symbol == "AAPL" and f"{each.expiry:%b%y}" == "Dec26" and each.right == "C"]
    assert held
    for each in held:
        rows = searched.client.get(INFO, **APPLE, strike=f"{each.strike:g}", right="C").json
        assert each.conid in {row["conid"] for row in rows}


def test_what_info_tells_is_known_everywhere(searched: Desk) -> None:
    [row, *_] = searched.client.get(INFO, **APPLE, strike="215", right="C").json
    conid = row["conid"]
    [definition] = searched.client.get("/trsrv/secdef", conids=str(conid)).json["secdef"]
    assert (definition["expiry"], definition["strike"], definition["undConid"]) == ("20261204", "215", 265598)
    info = searched.client.get(f"/iserver/contract/{conid}/info").json
    assert (info["local_symbol"], info["multiplier"]) == ("AAPL 04DEC26 215 C", "100")
    rules = searched.client.post("/iserver/contract/rules", {"conid": conid, "isBuy": True}).json
    assert rules["error"] is None
    assert rules["limitPrice"] > 0
    [again] = searched.client.get(INFO, conid=str(conid), sectype="OPT").json
    assert again == row


def test_every_strike_of_a_month_has_an_expiry(searched: Desk) -> None:
    for strike in searched.client.get(STRIKES, **APPLE).json["call"]:
        assert searched.client.get(INFO, **APPLE, strike=str(strike)).json


def test_futures_are_found_by_the_months_of_the_search(searched: Desk) -> None:
    for symbol in ("ES", "CL"):
        [found] = searched.client.get("/iserver/secdef/search", symbol=symbol).json
        listed = {row["conid"] for row in searched.client.get("/trsrv/futures", symbols=symbol).json[symbol]}
        months = next(section["months"] for section in found["sections"] if section["secType"] == "FUT").split(";")
        told = set()
        for month in months:
            [row] = searched.client.get(INFO, conid=found["conid"], secType="FUT", month=month).json
            told.add(row["conid"])
        assert told == listed


def test_a_plain_contract_is_an_object(desk: Desk) -> None:
    info = desk.client.get(INFO, conid="265598", sectype="STK").json
    assert (info["ticker"], info["right"], info["strike"], info["priceRendering"]) == ("AAPL", "?", 0.0, None)
    assert (info["exchange"], info["listingExchange"]) == ("SMART", "NASDAQ")
    assert desk.client.get(INFO, conid="12087792").json["exchange"] == "IDEALPRO"


def test_bonds_are_found_by_their_issuer(desk: Desk) -> None:
    [row] = desk.client.get("/iserver/secdef/search", symbol="US-T").json
    query = {"conid": row["conid"], "sectype": "BOND", "issuerId": row["issuers"][0]["id"]}
    bonds = desk.client.get(INFO, **query).json
    assert [bond["coupon"] for bond in bonds] == ["4.25", "3.875", "4.625"]
    [one] = desk.client.get(INFO, **query, month="AUG33").json
    assert (one["maturityDate"], one["secType"]) == ("20330815", "BOND")


@pytest.mark.parametrize(
    "other", [{"strike": "217.3"}, {"strike": "x"}, {"month": "DEC29"}, {"conid": "8314"}, {"exchange": "EUREX"}]
)
def test_info_of_what_is_not_listed_is_an_error(searched: Desk, other: dict[str, str]) -> None:
    answer = searched.client.get(INFO, **{**APPLE, "strike": "215", **other})
    assert (answer.status, answer.json) == (500, {"error": "No Contracts retrieved"})


@pytest.mark.parametrize("missing", ["conid", "month", "strike"])
def test_info_on_options_needs_all_terms(searched: Desk, missing: str) -> None:
    query = {**APPLE, "strike": "215", missing: ""}
    answer = searched.client.get(INFO, **query)
    assert (answer.status, answer.json["error"]) == (400, f"Bad Request: {missing} missing")
    assert searched.client.get(INFO, **APPLE, strike="215", right="X").status == 400
