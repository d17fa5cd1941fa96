from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from resources.simulator.flavour import Flavour, flavoured
from tests.resources.simulator.conftest import EVENING, FIRST, NOON, Desk, make_desk

COMBO_ROW = {
    *("acctId", "conid", "contractDesc", "position", "mktPrice", "mktValue", "currency", "avgCost", "avgPrice"),
    *("realizedPnl", "unrealizedPnl", "exchs", "expiry", "putOrCall", "multiplier", "strike", "exerciseStyle"),
    *("conExchMap", "assetClass", "undConid"),
}


def ready(**changes: Any) -> Desk:
    desk = make_desk(**changes)
    desk.prime()
    return desk


def page(desk: Desk, account: str = FIRST, **query: str) -> Any:
    return desk.client.get(f"/portfolio/{account}/positions/0", **query).json


def test_without_a_number_it_is_the_first_page() -> None:
    desk = ready(positions=120)
    first = desk.client.get(f"/portfolio/{FIRST}/positions", waitForSecDef="true").json
    assert len(first) == 100
    assert first == page(desk, waitForSecDef="true")


@pytest.mark.parametrize("column", ["ticker", "sector", "baseMktValue", "listingExchange"])
def test_rows_can_be_sorted_by_what_only_warm_rows_say(primed: Desk, column: str) -> None:
    rows = page(primed, sort=column, direction="d", waitForSecDef="true")
    values = [row[column] for row in rows]
    known = [value for value in values if value is not None]
    assert values == sorted(known, reverse=True) + [None] * (len(values) - len(known))
    assert len(rows) == 30
    assert len(known) > 0


@pytest.mark.parametrize("column", ["marketValue", "mktValue", "conid", "description"])
def test_newer_rows_can_be_sorted_by_their_own_names_and_by_the_older_ones(primed: Desk, column: str) -> None:
    rows = primed.client.get(f"/portfolio2/{FIRST}/positions", sort=column, direction="d").json
    names = {"mktValue": "marketValue"}
    values = [int(row["conid"]) if column == "conid" else row[names.get(column, column)] for row in rows]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) > 1


@pytest.mark.parametrize("page", ["-1", "1.5", "abc", "9" * 5000])
def test_a_page_that_is_no_number_is_a_bad_request(primed: Desk, page: str) -> None:
    answer = primed.client.get(f"/portfolio/{FIRST}/positions/{page}")
    assert answer.json == {"error": "Bad Request: invalid pageId", "statusCode": 400}


def test_nobody_holds_anything_in_a_model(primed: Desk) -> None:
    assert page(primed, model="Growth") == []
    assert len(page(primed, model="")) == 30
    assert primed.client.get(f"/portfolio2/{FIRST}/positions", model="Growth").json == []
    allocation = primed.client.get(f"/portfolio/{FIRST}/allocation", model="Growth").json
    assert allocation == {key: {"long": {}, "short": {}} for key in ("assetClass", "sector", "group")}


def test_profits_of_a_longer_period_hold_those_of_a_shorter_one() -> None:
    desk = ready(positions=120)
    said = {period: page(desk, period=period) for period in ("1D", "7D", "1M")}
    gains = {period: [row["realizedPnl"] for row in rows] for period, rows in said.items()}
    assert gains["1D"] == [row["realizedPnl"] for row in page(desk)]
    assert gains["1M"] != gains["1D"]
    assert sum(gain != 0 for gain in gains["1M"]) >= sum(gain != 0 for gain in gains["7D"])
    values = [[row["mktValue"] for row in rows] for rows in said.values()]
    assert values[0] == values[1] == values[2]


def test_a_page_comes_empty_once_after_login_and_after_each_invalidate() -> None:
    desk = ready(flavour=Flavour(empty_positions=True))
    assert [len(page(desk)) for _ in range(3)] == [0, 30, 30]
    assert desk.client.post(f"/portfolio/{FIRST}/positions/invalidate").json == {"message": "success"}
    assert [len(page(desk)) for _ in range(3)] == [0, 30, 30]
    assert len(desk.client.get(f"/portfolio2/{FIRST}/positions").json) == 30


def test_a_page_comes_full_at_once_by_default(primed: Desk) -> None:
    primed.client.post(f"/portfolio/{FIRST}/positions/invalidate")
    assert len(page(primed)) == 30


def test_a_page_is_fresh_by_default() -> None:
    desk = ready(at=NOON)
    first = page(desk)
    desk.simulation.clock.advance(timedelta(minutes=110))
    assert [row["mktValue"] for row in page(desk)] != [row["mktValue"] for row in first]


def test_a_stale_page_shows_what_was_until_it_is_invalidated_or_old() -> None:
    desk = ready(at=NOON, flavour=Flavour(stale_positions=7200))

    def values() -> list[float]:
        return [row["mktValue"] for row in page(desk)]

    def fresh() -> list[float]:
        return [row["marketValue"] for row in desk.client.get(f"/portfolio2/{FIRST}/positions").json]

    first = values()
    desk.simulation.clock.advance(timedelta(minutes=110))
    assert fresh() != values() == first
    desk.simulation.clock.advance(timedelta(minutes=20))
    assert fresh() == values() != first
    seen = values()
    desk.simulation.clock.advance(timedelta(minutes=60))
    assert fresh() != values() == seen
    desk.client.post(f"/portfolio/{FIRST}/positions/invalidate")
    assert fresh() == values() != seen


def closing(desk: Desk) -> tuple[datetime, int]:
    """The evening of the next day on which the first account sells out of a contract, and the contract."""
    account = desk.simulation.world.accounts[0]
    book = desk.simulation.world.ledger(account, EVENING.date()).book
    for entry in book.entries:
        evening = datetime.fromtimestamp(entry.at, UTC).replace(hour=22, minute=30)
        if entry.quantity and entry.at > EVENING.timestamp():
            quantity = book.holdings(int(evening.timestamp())).quantity
            if quantity[book.conids.index(entry.conid)] == 0:
                return evening, entry.conid
    raise AssertionError("nothing will be closed")


@pytest.mark.parametrize("lingers", [True, False])
def test_what_was_closed_lingers_as_a_row_of_nothing_until_the_next_session(lingers: bool) -> None:
    desk = ready(positions=90, flavour=Flavour(lingering_positions=lingers))
    evening, conid = closing(desk)
    assert conid in [row["conid"] for row in page(desk)]
    desk.simulation.clock.advance(evening - EVENING)
    gone = {row["conid"]: row for row in page(desk) if row["position"] == 0}
    assert (conid in gone) is lingers
    assert all((row["mktValue"], row["avgCost"], row["unrealizedPnl"]) == (0, 0, 0) for row in gone.values())
    desk.simulation.clock.advance(timedelta(days=4))
    assert conid not in [row["conid"] for row in page(desk)]


def test_option_legs_that_expire_together_are_combos() -> None:
    desk = ready(positions=158)
    found = desk.client.get(f"/portfolio/{FIRST}/combo/positions", nocache="true").json
    held = {
        row["conid"]: row for number in (0, 1) for row in desk.client.get(f"/portfolio/{FIRST}/positions/{number}").json
    }
    assert found
    for combo in found:
        assert set(combo) == {"name", "description", "legs", "positions"}
        assert combo["name"].startswith("CP.CP")
        assert all(set(row) == COMBO_ROW for row in combo["positions"])
        counts = {row["position"] / leg["ratio"] for leg, row in zip(combo["legs"], combo["positions"], strict=True)}
        assert len(counts) == 1
        for leg, row in zip(combo["legs"], combo["positions"], strict=True):
            own = held[row["conid"]]
            assert leg["conid"] == str(row["conid"])
            assert (row["position"], row["mktValue"], row["avgCost"]) == (
                own["position"],
                own["mktValue"],
                own["avgCost"],
            )
            assert (row["expiry"], row["strike"], row["multiplier"], row["undConid"]) == (None, 0.0, None, 0)
        assert len({held[row["conid"]]["expiry"] for row in combo["positions"]}) == 1


@pytest.mark.parametrize(("status", "body"), [(200, []), (500, {"error": "Unable to find any combo positions"})])
def test_no_combos_are_an_empty_list_or_an_error(status: int, body: object) -> None:
    desk = ready(positions=3, flavour=flavoured("newest", [f"no_combos_status={status}"]))
    answer = desk.client.get(f"/portfolio/{FIRST}/combo/positions")
    assert (answer.status, answer.json) == (status, body)


@pytest.mark.parametrize(("segmented", "owner"), [(True, f"{FIRST}C"), (False, FIRST)])
def test_futures_are_in_a_segment_of_their_own_in_some_builds(segmented: bool, owner: str) -> None:
    desk = ready(positions=158, flavour=Flavour(segment_accounts=segmented))
    rows = [row for number in (0, 1) for row in desk.client.get(f"/portfolio/{FIRST}/positions/{number}").json]
    future = next(row["conid"] for row in rows if row["assetClass"] == "FUT")
    stock = next(row["conid"] for row in rows if row["assetClass"] == "STK")
    assert list(desk.client.get(f"/portfolio/positions/{future}").json) == [owner]
    assert [row["acctId"] for row in desk.client.get(f"/portfolio/{FIRST}/position/{future}").json] == [owner]
    assert list(desk.client.get(f"/portfolio/positions/{stock}").json) == [FIRST]


def test_a_contract_that_nobody_holds_has_no_accounts(primed: Desk) -> None:
    assert primed.client.get("/portfolio/positions/1").json == {}


def test_everybody_holds_the_sum_of_what_each_holds() -> None:
    desk = ready(accounts=3, positions=60, adviser=True)
    single: dict[int, float] = {}
    for account in desk.simulation.account_ids:
        for row in desk.client.get(f"/portfolio/{account}/positions/0").json:
            single[row["conid"]] = single.get(row["conid"], 0.0) + row["position"]
    rows = [row for number in (0, 1) for row in desk.client.get(f"/portfolio/All/positions/{number}").json]
    assert {row["acctId"] for row in rows} == {"All"}
    together = {row["conid"]: row["position"] for row in rows}
    assert together == {conid: pytest.approx(held) for conid, held in single.items() if abs(held) > 1e-9}
