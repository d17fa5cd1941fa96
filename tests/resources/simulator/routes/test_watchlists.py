from typing import Any

import pytest

from tests.resources.simulator.conftest import Answer, Desk

ONE = "/iserver/watchlist"


def conids(desk: Desk) -> list[int]:
    return [each.conid for each in desk.simulation.market.instruments() if each.asset_class == "STK"][:2]


def write(desk: Desk, number: object = "42", name: str = "Mine", rows: Any = None) -> Answer:
    given = [{"C": conid} for conid in conids(desk)] if rows is None else rows
    return desk.client.post(ONE, {"id": number, "name": name, "rows": given})


def drop(desk: Desk, number: str) -> Answer:
    return desk.client.call("DELETE", desk.client.prefix + ONE, query={"id": number})


def listed(desk: Desk) -> list[str]:
    return [
        row["name"] for row in desk.client.get("/iserver/watchlists", SC="USER_WATCHLIST").json["data"]["user_lists"]
    ]


def test_a_list_is_written_listed_and_dropped(primed: Desk) -> None:
    assert listed(primed) == []
    made = write(primed).json
    assert (made["id"], made["name"], made["readOnly"], made["instruments"]) == ("42", "Mine", False, [])
    [row] = primed.client.get("/iserver/watchlists").json["data"]["user_lists"]
    assert (row["id"], row["type"], str(row["modified"])) == ("42", "watchlist", made["hash"])
    assert drop(primed, "42").json["data"] == {"deleted": "42"}
    assert listed(primed) == []


def test_the_first_look_at_a_list_lacks_definitions(primed: Desk) -> None:
    write(primed)
    first, second = (primed.client.get(ONE, id="42").json["instruments"] for _ in range(2))
    assert [row["conid"] for row in first] == [row["conid"] for row in second] == conids(primed)
    assert all(set(row) == {"C", "conid", "name"} for row in first)
    for row in second:
        [known] = primed.client.get("/trsrv/secdef", conids=str(row["conid"])).json["secdef"]
        assert (row["ticker"], row["assetClass"], row["name"]) == (known["ticker"], known["assetClass"], known["name"])
        assert row["C"] == str(row["conid"])


def test_a_second_list_under_a_number_takes_the_place_of_the_first(primed: Desk) -> None:
    write(primed)
    write(primed, 42, "Other", [{"C": str(conids(primed)[0])}, {"H": ""}])
    assert listed(primed) == ["Other"]
    primed.client.get(ONE, id="42")
    assert primed.client.get(ONE, id="42").json["instruments"][1] == {"H": ""}


@pytest.mark.parametrize("rows", [[], None, [{"C": 0}, {"C": 999_999_999}]])
def test_rows_may_be_missing_or_unknown(primed: Desk, rows: Any) -> None:
    body = {"id": "7", "name": "Odd"} | ({} if rows is None else {"rows": rows})
    assert primed.client.post(ONE, body).status == 200
    found = primed.client.get(ONE, id="7").json["instruments"]
    assert [row["conid"] for row in found] == [row["C"] for row in rows or []]


def test_a_list_needs_a_number_and_a_name(primed: Desk) -> None:
    assert primed.client.post(ONE, {}).status == 400
    assert write(primed, "mine").status == 503
    assert write(primed, name="").status == 503
    assert primed.client.get(ONE, id="77").status == 503


def test_only_a_new_session_misses_what_is_dropped(primed: Desk) -> None:
    assert drop(primed, "77").status == 503
    assert drop(primed, "77").json == {"data": {"deleted": "77"}, "action": "context", "MID": "2"}


def test_lists_outlive_the_brokerage_session(primed: Desk) -> None:
    write(primed)
    primed.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    assert primed.client.get("/iserver/watchlists").status == 400
    primed.client.get("/iserver/accounts")
    assert listed(primed) == ["Mine"]
