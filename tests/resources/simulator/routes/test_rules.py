import pytest

from tests.resources.simulator.conftest import Desk
from tests.resources.simulator.seeded_desk import seeded_desk


@pytest.fixture
def desk() -> Desk:
    return seeded_desk()


def test_info_and_rules_is_info_with_rules(desk: Desk) -> None:
    both = desk.client.get("/iserver/contract/265598/info-and-rules", isBuy="True").json
    rules = both.pop("rules")
    assert both == desk.client.get("/iserver/contract/265598/info").json
    assert rules == desk.client.post("/iserver/contract/rules", {"conid": 265598, "isBuy": True}).json


def test_rules_start_from_the_last_price_and_name_the_accounts(desk: Desk) -> None:
    rules = desk.client.post("/iserver/contract/rules", {"conid": "265598"}).json
    market = desk.simulation.market
    share = market.instrument(265598)
    assert share
    price = market.price(share, desk.simulation.clock.now())
    assert (rules["limitPrice"], rules["orderDefaults"]) == (price, {"LMT": {"LP": f"{price:.2f}"}})
    assert (rules["canTradeAcctIds"], rules["error"], rules["increment"]) == (["U9900001"], None, 0.01)
    assert rules["tifDefaults"] == {"TIF": "DAY", "SIZE": "100.00"}


@pytest.mark.parametrize(
    ("conid", "eligible", "digits"), [(265598, True, 2), (990_000_002, False, 2), (12087792, False, 5)]
)
def test_rules_depend_on_the_contract(desk: Desk, conid: int, eligible: bool, digits: int) -> None:
    rules = desk.client.post("/iserver/contract/rules", {"conid": conid}).json
    assert (rules["algoEligible"], rules["incrementDigits"]) == (eligible, digits)
    assert bool(rules["fraqTypes"]) is eligible


@pytest.mark.parametrize(
    ("conid", "error"),
    [(11004968, "No trading permissions for IND"), (990_500_440, "Contract is expired")],
)
def test_what_cannot_be_traded_says_so_with_status_200(desk: Desk, conid: int, error: str) -> None:
    answer = desk.client.get(f"/iserver/contract/{conid}/info-and-rules")
    assert (answer.status, answer.json["rules"]["error"], answer.json["rules"]["orderTypes"]) == (200, error, [])


def test_rules_of_nothing(desk: Desk) -> None:
    unknown = desk.client.post("/iserver/contract/rules", {"conid": 1})
    assert (unknown.status, unknown.json) == (200, {"error": "Contract not found"})
    assert desk.client.post("/iserver/contract/rules", {"isBuy": True}).status == 400
    assert desk.client.post("/iserver/contract/rules").status == 400
    assert desk.client.get("/iserver/contract/1/info-and-rules").status == 500


def test_algos_tell_no_more_than_they_are_asked(desk: Desk) -> None:
    plain = desk.client.get("/iserver/contract/265598/algos").json["algos"]
    assert {frozenset(algo) for algo in plain} == {frozenset({"name", "id"})}
    query = {"algos": "Vwap;Adaptive;vwap", "addDescription": "1", "addParams": "1"}
    full = desk.client.get("/iserver/contract/265598/algos", **query).json["algos"]
    assert [algo["id"] for algo in full] == ["Adaptive", "Vwap"]
    assert all(algo["description"] for algo in full)
    assert full[0]["parameters"][0]["legalStrings"] == ["Urgent", "Normal", "Patient"]


def test_algos_depend_on_the_contract(desk: Desk) -> None:
    def ids(conid: int) -> list[str]:
        return [algo["id"] for algo in desk.client.get(f"/iserver/contract/{conid}/algos").json["algos"]]

    assert "Vwap" in ids(265598)
    assert ids(990_500_443) == ["Adaptive", "Twap"]
    assert ids(990_000_002) == []


def test_no_more_than_eight_algos_and_a_contract_that_exists(desk: Desk) -> None:
    assert desk.client.get("/iserver/contract/265598/algos", algos=";".join("ABCDEFGHI")).status == 400
    assert desk.client.get("/iserver/contract/1/algos").status == 500
