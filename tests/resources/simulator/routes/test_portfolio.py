from datetime import datetime
from typing import Any

import pytest

from resources.simulator.flavour import Flavour
from tests.resources.simulator.conftest import EVENING, FIRST, NOON, Desk, make_desk

BASE_KEYS = {
    *("acctId", "conid", "contractDesc", "position", "mktPrice", "mktValue", "currency", "avgCost", "avgPrice"),
    *("realizedPnl", "unrealizedPnl", "exchs", "expiry", "putOrCall", "multiplier", "strike", "exerciseStyle"),
    *("conExchMap", "assetClass", "undConid", "model"),
}


@pytest.mark.parametrize(
    ("held", "sizes"), [(0, [0]), (1, [1, 0]), (99, [99, 0]), (100, [100, 0]), (101, [100, 1, 0]), (158, [100, 58, 0])]
)
def test_pages_hold_a_hundred_and_end_with_an_empty_one(held: int, sizes: list[int]) -> None:
    desk = make_desk(positions=held)
    desk.prime()
    pages = [desk.client.get(f"/portfolio/{FIRST}/positions/{page}").json for page in range(len(sizes))]
    assert [len(page) for page in pages] == sizes
    assert len({row["conid"] for page in pages for row in page}) == held


def test_the_first_look_is_cold_and_the_second_warm(primed: Desk) -> None:
    cold, warm = (primed.client.get(f"/portfolio/{FIRST}/positions/0").json for _ in range(2))
    assert all(set(row) == BASE_KEYS for row in cold)
    for before, after in zip(cold, warm, strict=True):
        assert set(after) > BASE_KEYS | {"ticker", "name", "baseMktValue", "pageSize", "listingExchange"}
        assert {key: after[key] for key in BASE_KEYS - {"multiplier", "strike"}} == {
            key: before[key] for key in BASE_KEYS - {"multiplier", "strike"}
        }


def test_waiting_for_definitions_gives_warm_rows_at_once(primed: Desk) -> None:
    rows = primed.client.get(f"/portfolio/{FIRST}/positions/0", waitForSecDef="true").json
    assert all(row["pageSize"] == 100 for row in rows)


def test_a_flavour_is_warm_from_the_start() -> None:
    desk = make_desk(flavour=Flavour(cold_positions=False))
    desk.prime()
    assert "ticker" in desk.client.get(f"/portfolio/{FIRST}/positions/0").json[0]


def test_strikes_and_multipliers_change_type_as_they_warm_up(primed: Desk) -> None:
    cold, warm = (primed.client.get(f"/portfolio/{FIRST}/positions/0").json for _ in range(2))
    stock = next(place for place, row in enumerate(cold) if row["assetClass"] == "STK")
    option = next(place for place, row in enumerate(cold) if row["assetClass"] == "OPT")
    assert (cold[stock]["strike"], cold[stock]["multiplier"]) == (0.0, None)
    assert (warm[stock]["strike"], warm[stock]["multiplier"]) == ("0", 0.0)
    assert (cold[option]["strike"], cold[option]["multiplier"]) == (80.0, 100.0)
    assert (warm[option]["strike"], warm[option]["multiplier"]) == ("80", 100.0)
    assert warm[option]["undConid"] > 0


@pytest.mark.parametrize("moment", [EVENING, NOON])
def test_rows_reconcile_with_ledger_and_allocation(moment: datetime) -> None:
    desk = make_desk(positions=158, accounts=2, at=moment)
    desk.prime()
    for account in ("U9900001", "U9900002"):
        pages = [
            desk.client.get(f"/portfolio/{account}/positions/{page}", waitForSecDef="true").json for page in (0, 1)
        ]
        rows = [row for page in pages for row in page if row["assetClass"] != "FUT"]
        ledger = desk.client.get(f"/portfolio/{account}/ledger").json
        shares = desk.client.get(f"/portfolio/{account}/allocation").json["assetClass"]
        base = ledger["BASE"]
        positions = sum(row["baseMktValue"] for row in rows)
        net = base["cashbalance"] + positions + base["futuresonlypnl"]
        assert net == pytest.approx(base["netliquidationvalue"], abs=0.01)
        assert sum(shares["long"].values()) + sum(shares["short"].values()) + base["futuresonlypnl"] == pytest.approx(
            net, abs=0.01
        )
        for row in rows:
            units = row["multiplier"] or (0.01 if row["assetClass"] == "BOND" else 1.0)
            exact = row["position"] * row["mktPrice"] * units
            assert row["mktValue"] == pytest.approx(exact, rel=1e-6, abs=0.01)
            assert row["baseMktValue"] == pytest.approx(row["mktValue"] * ledger[row["currency"]]["exchangerate"])


def test_one_position_is_an_array_and_none_is_an_empty_one(primed: Desk) -> None:
    row = primed.client.get(f"/portfolio/{FIRST}/positions/0").json[0]
    found = primed.client.get(f"/portfolio/{FIRST}/position/{row['conid']}").json
    assert [item["conid"] for item in found] == [row["conid"]]
    assert primed.client.get(f"/portfolio/{FIRST}/position/1").json == []


def test_one_contract_in_all_accounts_is_keyed_by_account() -> None:
    desk = make_desk(accounts=2, positions=60)
    desk.prime()
    held = [
        {row["conid"] for row in desk.client.get(f"/portfolio/{account}/positions/0").json}
        for account in ("U9900001", "U9900002")
    ]
    both, one = (held[0] & held[1]).pop(), (held[0] - held[1]).pop()
    assert set(desk.client.get(f"/portfolio/positions/{both}").json) == {"U9900001", "U9900002"}
    assert set(desk.client.get(f"/portfolio/positions/{one}").json) == {"U9900001"}


def test_the_newer_rows_have_other_names_and_no_pages() -> None:
    desk = make_desk(positions=120)
    desk.prime()
    rows = desk.client.get(f"/portfolio2/{FIRST}/positions").json
    assert len(rows) == 120
    assert all(isinstance(row["conid"], str) and "marketValue" in row and "mktValue" not in row for row in rows)
    assert desk.client.get(f"/portfolio2/{FIRST}/position/{rows[5]['conid']}").json == [rows[5]]


def test_rows_can_be_sorted(primed: Desk) -> None:
    rows = primed.client.get(f"/portfolio/{FIRST}/positions/0", sort="mktValue", direction="d").json
    values = [row["mktValue"] for row in rows]
    assert values == sorted(values, reverse=True)
    names = [
        row["contractDesc"] for row in primed.client.get(f"/portfolio/{FIRST}/positions/0", sort="contractDesc").json
    ]
    assert names == sorted(names)


def test_sorting_by_nothing_known_changes_nothing(primed: Desk) -> None:
    plain, odd = (primed.client.get(f"/portfolio/{FIRST}/position{end}").json for end in ("s/0", "s/0?"))
    assert [row["conid"] for row in plain] == sorted(row["conid"] for row in plain)
    assert odd
    rows = primed.client.get(f"/portfolio/{FIRST}/positions/0", sort="nothing").json
    assert [row["conid"] for row in rows] == [row["conid"] for row in plain]


@pytest.mark.parametrize("path", ["ledger", "summary", "allocation", "positions/0", "position/1", "meta"])
def test_an_unknown_account_is_refused(primed: Desk, path: str) -> None:
    answer = primed.client.get(f"/portfolio/U1234/{path}")
    assert (answer.status, answer.json["statusCode"]) == (400, 400)


def test_a_page_must_be_a_number(primed: Desk) -> None:
    assert primed.client.get(f"/portfolio/{FIRST}/positions/first").status == 400


def test_the_cache_can_be_invalidated(primed: Desk) -> None:
    bodies: list[object] = [None, {}]
    for body in bodies:
        assert primed.client.post(f"/portfolio/{FIRST}/positions/invalidate", body).json == {"message": "success"}


def test_allocation_of_several_accounts_adds_up_in_the_currency_of_the_first() -> None:
    desk = make_desk(accounts=2, positions=40)
    desk.prime()
    one, two = (desk.client.get(f"/portfolio/{name}/allocation").json for name in ("U9900001", "U9900002"))
    together = desk.client.post("/portfolio/allocation", {"acctIds": ["U9900001", "U9900002"]}).json
    rate = desk.simulation.world.rate("EUR", "USD", desk.simulation.valuation(desk.simulation.world.accounts[0]).at)
    expected = one["sector"]["long"]["Others"] + two["sector"]["long"]["Others"] * rate
    assert together["sector"]["long"]["Others"] == pytest.approx(expected)


@pytest.mark.parametrize("body", [None, {"acctIds": []}, {"acctIds": "U9900001"}, {"acctIds": ["U9900001", "U1"]}])
def test_allocation_of_unknown_accounts_is_refused(primed: Desk, body: object) -> None:
    assert primed.client.post("/portfolio/allocation", body).status == 400


def test_ledger_lines_name_themselves_and_one_closes_the_bundle(primed: Desk) -> None:
    lines = primed.client.get(f"/portfolio/{FIRST}/ledger").json
    assert list(lines)[-1] == "BASE"
    assert all(line["secondkey"] == line["currency"] == name for name, line in lines.items())
    assert [name for name, line in lines.items() if "endofbundle" in line] == ["USD"]
    assert lines["USD"]["exchangerate"] == lines["BASE"]["exchangerate"] == 1


def test_summary_has_some_hundred_tags_and_text_in_value(primed: Desk) -> None:
    tags = primed.client.get(f"/portfolio/{FIRST}/summary").json
    assert 45 <= len(tags) <= 135
    assert tags["accountcode"]["value"] == FIRST
    assert tags["accountcode"]["amount"] == 0.0
    parts = tags["netliquidation-s"]["amount"] + tags["netliquidation-c"]["amount"]
    assert tags["netliquidation"]["amount"] == pytest.approx(parts)
    assert all(set(tag) == set(tags["accountcode"]) for tag in tags.values())


@pytest.mark.parametrize("moment", [EVENING, NOON])
def test_everybody_is_worth_the_sum_of_all(moment: datetime) -> None:
    desk = make_desk(accounts=3, positions=40, at=moment, adviser=True)
    desk.prime()
    base = desk.client.get("/portfolio/All/ledger").json["BASE"]
    ids = desk.simulation.account_ids
    own = {account: desk.client.get(f"/portfolio/{account}/ledger").json for account in ids}
    rates = {"USD": 1.0, **{name: line["exchangerate"] for name, line in own[ids[0]].items()}}
    rates |= {name: line["exchangerate"] for name, line in desk.client.get("/portfolio/All/ledger").json.items()}
    bases = {meta["id"]: meta["currency"] for meta in (desk.client.get(f"/portfolio/{name}/meta").json for name in ids)}
    total = sum(own[name]["BASE"]["netliquidationvalue"] * rates[bases[name]] for name in ids)
    assert base["netliquidationvalue"] == pytest.approx(total, rel=1e-6)
    tags = desk.client.get("/portfolio/All/summary").json
    assert tags["netliquidation"]["amount"] == pytest.approx(base["netliquidationvalue"])
    assert tags["accountcode"]["value"] == "All"
    one = desk.client.get("/portfolio/All/allocation").json
    other = desk.client.post("/portfolio/allocation", {"acctIds": ids}).json
    for family in one:
        for side in ("long", "short"):
            assert set(one[family][side]) == set(other[family][side])
            total = sum(one[family][side].values())
            assert total == pytest.approx(sum(other[family][side].values()), rel=1e-6)
    assert desk.client.post("/portfolio/allocation", {"acctIds": ["All"]}).json == one


def test_some_builds_allocate_only_what_was_read_before() -> None:
    desk = make_desk(accounts=2, positions=5, flavour=Flavour(allocation_needs_positions=True))
    desk.prime()
    body = {"acctIds": [FIRST, "U9900002"]}
    for account in (FIRST, "U9900002"):
        answer = desk.client.post("/portfolio/allocation", body)
        assert (answer.status, list(answer.json)) == (500, ["error"])
        assert desk.client.get(f"/portfolio/{FIRST}/allocation").status == 200
        desk.client.get(f"/portfolio/{account}/positions/0")
    assert desk.client.post("/portfolio/allocation", body).status == 200


def test_a_new_login_has_read_nothing() -> None:
    desk = make_desk(positions=5, flavour=Flavour(allocation_needs_positions=True))
    desk.prime()
    desk.client.get(f"/portfolio/{FIRST}/positions/0")
    assert desk.client.post("/portfolio/allocation", {"acctIds": [FIRST]}).status == 200
    desk.simulation.session.log_in(NOON)
    desk.prime()
    assert desk.client.post("/portfolio/allocation", {"acctIds": [FIRST]}).status == 500


def test_a_summary_tells_its_time_in_seconds_or_in_milliseconds() -> None:
    seconds, milliseconds = (
        _summary(Flavour(summary_milliseconds=milliseconds))["netliquidation"]["timestamp"]
        for milliseconds in (False, True)
    )
    assert milliseconds == seconds * 1000 == 1_795_561_200_000


def test_a_summary_says_of_numbers_that_they_are_null_or_none() -> None:
    tags = _summary(Flavour(summary_is_none=True))
    assert "isNone" in tags["netliquidation"]
    assert "isNull" not in tags["netliquidation"]
    assert "isNull" in tags["accountcode"]
    assert all("isNull" in tag for tag in _summary(Flavour()).values())


def _summary(flavour: Flavour) -> dict[str, dict[str, Any]]:
    desk = make_desk(positions=3, flavour=flavour)
    desk.prime()
    tags: dict[str, dict[str, Any]] = desk.client.get(f"/portfolio/{FIRST}/summary").json
    return tags


def test_the_allocation_of_several_accounts_is_told_to_a_get_as_to_a_post() -> None:
    desk = make_desk(accounts=2, positions=5)
    desk.prime()
    posted = desk.client.post("/portfolio/allocation", {"acctIds": [FIRST, "U9900002"]}).json
    assert desk.client.get("/portfolio/allocation", acctIds=f"{FIRST},U9900002").json == posted
    assert posted != desk.client.get("/portfolio/allocation", acctIds=FIRST).json
