import pytest

from resources.simulator.flavour import Flavour
from tests.resources.simulator.conftest import Desk
from tests.resources.simulator.seeded_desk import seeded_desk

SEARCH = "/iserver/secdef/search"


@pytest.fixture
def desk() -> Desk:
    return seeded_desk()


def test_a_symbol_finds_its_listings_and_then_its_bonds(desk: Desk) -> None:
    rows = desk.client.get(SEARCH, symbol="AAPL").json
    assert [row["conid"] for row in rows] == ["265598", "273982664", "2147483647"]
    assert [row["description"] for row in rows] == ["NASDAQ", "EBS", None]
    assert (rows[0]["companyHeader"], rows[0]["restricted"]) == ("APPLE INC - NASDAQ", None)
    assert rows[1]["sections"] == [{"secType": "STK"}]
    assert rows[2]["issuers"][0]["name"] == "Apple Inc"
    assert (rows[2]["symbol"], rows[2]["bondid"], rows[2]["sections"]) == (None, 4, [{"secType": "BOND"}])


def test_sections_tell_what_lives_off_a_share(desk: Desk) -> None:
    [share, *_] = desk.client.get(SEARCH, symbol="AAPL").json
    stock, options, difference, combination = share["sections"]
    assert stock == {"secType": "STK"}
    assert options["secType"] == "OPT"
    assert options["months"].startswith("NOV26;DEC26;JAN27;FEB27;")
    assert options["exchange"].startswith("SMART;AMEX;")
    assert (difference["secType"], combination) == ("CFD", {"secType": "BAG"})
    definition = desk.client.get("/trsrv/secdef", conids=difference["conid"]).json["secdef"][0]
    assert (definition["assetClass"], definition["undConid"]) == ("CFD", 265598)


def test_a_foreign_share_tells_its_exchange_with_a_stray_separator(desk: Desk) -> None:
    [row] = desk.client.get(SEARCH, symbol="ULVR").json
    assert row["sections"] == [{"secType": "STK", "exchange": "LSE;"}]


def test_a_root_of_futures_is_an_index_with_months(desk: Desk) -> None:
    [row] = desk.client.get(SEARCH, symbol="ES").json
    assert (row["conid"], row["restricted"], row["description"]) == ("11004968", "IND", "CME")
    assert row["sections"] == [
        {"secType": "IND", "exchange": "CME;"},
        {"secType": "FUT", "months": "DEC26;MAR27;JUN27;SEP27;DEC27", "exchange": "CME"},
        {"secType": "BAG", "exchange": "CME", "legSecType": "FUT"},
    ]


def test_searches_can_be_posted(desk: Desk) -> None:
    posted = desk.client.post(SEARCH, {"symbol": "AAPL", "name": False, "secType": "STK"}).json
    assert posted == desk.client.get(SEARCH, symbol="aapl", secType="STK").json
    assert len(posted) == 2


@pytest.mark.parametrize("name", ["secType", "sectype"])
def test_the_class_is_read_in_either_case(desk: Desk, name: str) -> None:
    [row] = desk.client.get(SEARCH, **{"symbol": "AAPL", name: "BOND"}).json
    assert row["conid"] == "2147483647"


def test_companies_are_found_by_a_part_of_their_name(desk: Desk) -> None:
    rows = desk.client.get(SEARCH, symbol="alphabet", name="True").json
    assert [row["symbol"] for row in rows] == ["GOOG", "GOOGL"]


def test_a_search_by_symbol_is_remembered_and_one_by_name_is_not(desk: Desk) -> None:
    desk.client.get(SEARCH, symbol="alphabet", name="true")
    assert desk.simulation.session.searched == set()
    desk.client.get(SEARCH, symbol="AAPL")
    assert desk.simulation.session.searched == {265598, 273982664}


def test_no_match_is_an_error_object_or_an_empty_array() -> None:
    answer = seeded_desk().client.get(SEARCH, symbol="NOBODY")
    assert (answer.status, list(answer.json)) == (200, ["error"])
    other = seeded_desk(flavour=Flavour(unmatched_search_error=False))
    assert other.client.get(SEARCH, symbol="NOBODY").json == []


def test_newer_builds_name_months_alone(desk: Desk) -> None:
    [row] = desk.client.get(SEARCH, symbol="NVDA").json
    assert not {"fop", "opt", "war"} & set(row)


def test_older_builds_list_every_expiry() -> None:
    [row] = seeded_desk(flavour=Flavour(dated_search=True)).client.get(SEARCH, symbol="NVDA").json
    assert row["opt"].startswith("20261127;20261204;")
    assert (row["fop"], row["war"]) == (None, None)


@pytest.mark.parametrize("body", [None, {"name": True}, [1]])
def test_a_search_needs_a_symbol(desk: Desk, body: object) -> None:
    assert desk.client.get(SEARCH).status == 400
    assert desk.client.post(SEARCH, body).status == 400


def test_an_issuer_has_filters_on_its_bonds(desk: Desk) -> None:
    [row] = desk.client.get(SEARCH, symbol="US-T").json
    answer = desk.client.get("/iserver/secdef/bond-filters", symbol="BOND", issuerId=row["issuers"][0]["id"]).json
    filters = {each["displayText"]: each for each in answer["bondFilters"]}
    assert filters["Coupon"]["options"] == [{"value": "3.875"}, {"value": "4.25"}, {"value": "4.625"}]
    assert filters["Maturity Date"]["options"][0] == {"text": "Aug 2033", "value": "203308"}
    assert (filters["Issue Date"]["columnId"], filters["Currency"]["options"]) == (28, [{"value": "USD"}])


def test_an_unknown_issuer_has_no_filters(desk: Desk) -> None:
    assert desk.client.get("/iserver/secdef/bond-filters", symbol="BOND", issuerId="e1").json == {"bondFilters": []}
    assert desk.client.get("/iserver/secdef/bond-filters", symbol="BOND").status == 400
