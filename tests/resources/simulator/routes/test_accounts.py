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


def test_some_builds_call_an_account_that_is_set_an_error() -> None:
    desk = make_desk(flavour=Flavour(account_set_status=500))
    desk.prime()
    answer = desk.client.post("/iserver/account", {"acctId": FIRST})
    assert (answer.status, answer.json) == (500, {"error": "Account already set"})


def test_a_single_account_is_not_everybody(primed: Desk) -> None:
    assert primed.client.post("/iserver/account", {"acctId": "All"}).status == 500
    assert primed.client.get("/portfolio/All/ledger").status == 400


def test_choosing_an_account_does_not_move_the_portfolio() -> None:
    desk = make_desk(accounts=2, positions=5)
    desk.prime()
    before = desk.client.get(f"/portfolio/{FIRST}/ledger").json
    assert desk.client.post("/iserver/account", {"acctId": "All"}).json == {"set": True, "acctId": "All"}
    assert desk.client.get(f"/portfolio/{FIRST}/ledger").json == before


MASTER = "F9900000"


def test_an_adviser_trades_for_clients_and_for_all_of_them() -> None:
    client = make_desk(accounts=37, positions=0, adviser=True).client
    said = client.get("/iserver/accounts").json
    assert said["accounts"] == [MASTER, *(f"U{9_900_001 + number}" for number in range(37)), "All"]
    assert said["groups"] == ["All"]
    assert said["selectedAccount"] == MASTER
    assert [name for name, own in said["acctProps"].items() if own["hasChildAccounts"]] == [MASTER]
    assert (said["allowFeatures"]["allowFA"], said["allowFeatures"]["allowDynAccount"]) == (True, True)
    alone = make_desk().client.get("/iserver/accounts").json
    assert (alone["allowFeatures"]["allowFA"], alone["acctProps"][FIRST]["hasChildAccounts"]) == (False, False)


def test_an_adviser_is_above_the_clients() -> None:
    client = make_desk(accounts=37, positions=0, adviser=True).client
    [top] = client.get("/portfolio/accounts").json
    below = client.get("/portfolio/subaccounts").json
    assert (top["id"], top["faclient"], top["parent"]["accountId"]) == (MASTER, False, "")
    assert len(below) == 37
    assert all(account["faclient"] and account["parent"]["accountId"] == MASTER for account in below)
    assert {frozenset(account) for account in below} == {frozenset(top)}
    assert client.get(f"/portfolio/{MASTER}/meta").json == top
    assert client.get("/portfolio/U9900037/meta").json == below[-1]


def test_thirty_seven_clients_are_two_pages() -> None:
    client = make_desk(accounts=37, positions=0, adviser=True).client
    pages = [client.get("/portfolio/subaccounts2", page=str(page)).json for page in range(3)]
    assert [len(page["subaccounts"]) for page in pages] == [20, 17, 0]
    assert [page["metadata"] for page in pages] == [{"total": 37, "pageSize": 20, "pageNum": page} for page in range(3)]
    assert [account for page in pages for account in page["subaccounts"]] == client.get("/portfolio/subaccounts").json


def test_more_than_a_hundred_clients_are_listed_in_pages_only() -> None:
    client = make_desk(accounts=101, positions=0, adviser=True).client
    assert len(client.get("/portfolio/subaccounts").json) == 100
    assert len(client.get("/portfolio/subaccounts2", page="5").json["subaccounts"]) == 1


def test_the_master_holds_cash_of_its_own() -> None:
    desk = make_desk(accounts=2, positions=5, adviser=True)
    desk.prime()
    assert desk.client.get(f"/portfolio/{MASTER}/positions/0").json == []
    base = desk.client.get(f"/portfolio/{MASTER}/ledger").json["BASE"]
    assert base["netliquidationvalue"] == base["cashbalance"]


def test_an_adviser_finds_and_chooses_accounts_dynamically() -> None:
    client = make_desk(accounts=3, positions=0, adviser=True).client
    client.get("/iserver/accounts")
    found = client.get("/iserver/account/search/u990").json
    assert [each["accountId"] for each in found["matchedAccounts"]] == ["U9900001", "U9900002", "U9900003"]
    assert found["pattern"] == "u990"
    assert client.post("/iserver/dynaccount", {"acctId": "U9900003"}).json == {"set": True, "acctId": "U9900003"}
    assert client.get("/iserver/accounts").json["selectedAccount"] == "U9900003"


def test_nobody_else_has_dynamic_accounts(primed: Desk) -> None:
    assert primed.client.get("/iserver/account/search/U").status == 503
    assert primed.client.post("/iserver/dynaccount", {"acctId": FIRST}).status == 503


def test_an_account_has_an_owner_who_signs(primed: Desk) -> None:
    said = primed.client.get(f"/acesws/{FIRST}/signatures-and-owners").json
    [user] = said["users"]
    title = primed.client.get(f"/portfolio/{FIRST}/meta").json["accountTitle"]
    assert (said["accountId"], user["entity"]["entityName"], said["applicant"]) == (
        FIRST,
        title,
        {"signatures": [title]},
    )
    assert user["userName"] == primed.client.get("/sso/validate").json["USER_NAME"]
    stranger = primed.client.get("/acesws/U1/signatures-and-owners")
    assert (stranger.status, stranger.body) == (401, b"")
