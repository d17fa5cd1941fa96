from resources.simulator.control import Control
from resources.simulator.flavour import Flavour
from tests.resources.simulator.conftest import NOON, Desk, make_desk

STOCK, FUND, FUTURE = "990000001", "990000002", "990000010"


def sold() -> Desk:
    return make_desk(at=NOON, flavour=Flavour(regsnapshot=True))


def test_newer_gateways_do_not_have_it() -> None:
    answer = make_desk().client.get("/md/regsnapshot", conid=STOCK)
    assert (answer.status, answer.json["error"]) == (404, "Resource not found")


def test_each_call_costs_a_cent() -> None:
    desk = sold()
    for _ in range(3):
        assert desk.client.get("/md/regsnapshot", conid=STOCK).status == 200
    assert Control(desk.simulation).state()["charges"] == {"regsnapshots": 3, "dollars": 0.03}


def test_prices_are_text_and_sizes_numbers() -> None:
    row = sold().client.get("/md/regsnapshot", conid=STOCK).json
    types = {name: type(value) for name, value in row.items()}
    text = {"conidEx", "BboExchange", "84", "86", "31", "7057", "7068", "7058"}
    numbers = {"conid", "88", "85", "BestBidExch", "BestAskExch", "7059", "LastExch"}
    assert types == {
        **dict.fromkeys(text, str),
        **dict.fromkeys(numbers, int),
        "sizeMinTick": float,
        "HasDelayed": bool,
    }
    assert float(row["84"]) <= float(row["31"]) <= float(row["86"])


def test_other_contracts_are_refused_free_of_charge() -> None:
    desk = sold()
    assert {desk.client.get("/md/regsnapshot", conid=conid).status for conid in (FUTURE, "1", "x", "")} == {400}
    assert desk.simulation.charges.dollars == 0
