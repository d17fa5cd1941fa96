import pytest

from resources.simulator.flavour import Flavour
from tests.resources.simulator.conftest import FIRST, Desk, make_desk


def test_one_account_stands_alone(desk: Desk) -> None:
    said = desk.client.get("/iserver/accounts").json
    assert said["accounts"] == list(said["acctProps"]) == list(said["aliases"]) == [FIRST]
    assert said["selectedAccount"] == FIRST
    assert said["groups"] == []


def test_several_accounts_bring_the_pseudo_account() -> None:
    client = make_desk(accounts=3, positions=5).client
    said = client.get("/iserver/accounts").json
    assert said["accounts"] == [FIRST, "U9900002", "U9900003", "All"]
    assert said["groups"] == ["All"]
    assert [account["id"] for account in client.get("/portfolio/accounts").json] == said["accounts"][:3]


def test_an_account_can_be_selected(desk: Desk) -> None:
    desk = make_desk(accounts=2, positions=5)
    desk.prime()
    assert desk.client.post("/iserver/account", {"acctId": FIRST}).json == {"success": "Account already set"}
    assert desk.client.post("/iserver/account", {"acctId": "U9900002"}).json == {"set": True, "acctId": "U9900002"}
    assert desk.client.get("/iserver/accounts").json["selectedAccount"] == "U9900002"


@pytest.mark.parametrize("body", [None, {}, {"acctId": "U1"}, {"acctId": 7}, []])
def test_an_unknown_account_cannot_be_selected(primed: Desk, body: object) -> None:
    answer = primed.client.post("/iserver/account", body)
    assert (answer.status, answer.json) == (500, {"error": "Invalid account ID"})


def test_the_portfolio_side_describes_accounts_with_their_opening_and_currency() -> None:
    client = make_desk(accounts=2, positions=5).client
    listed = client.get("/portfolio/accounts").json
    assert [account["currency"] for account in listed] == ["USD", "EUR"]
    assert listed[0]["accountStatus"] == 1_735_822_800_000
    assert client.get("/portfolio/subaccounts").json == listed
    assert client.get("/portfolio/U9900002/meta").json == listed[1]


def test_subaccounts_come_in_pages_of_twenty() -> None:
    client = make_desk(accounts=45, positions=0).client
    pages = [client.get("/portfolio/subaccounts2", page=str(page)).json for page in range(4)]
    assert [len(page["subaccounts"]) for page in pages] == [20, 20, 5, 0]
    assert pages[2]["metadata"] == {"total": 45, "pageSize": 20, "pageNum": 2}


def test_some_builds_answer_subaccounts2_with_a_bare_array() -> None:
    client = make_desk(flavour=Flavour(bare_subaccounts2=True)).client
    assert [account["id"] for account in client.get("/portfolio/subaccounts2").json] == [FIRST]


def test_meta_of_an_unknown_account_is_refused(primed: Desk) -> None:
    assert primed.client.get("/portfolio/U1/meta").status == 400
