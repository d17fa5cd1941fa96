from datetime import UTC, datetime
from typing import Any

import pytest

from resources.simulator.flavour import Flavour
from tests.resources.simulator.conftest import EVENING, FIRST, NOON, Desk, make_desk

SUMMARY = f"/iserver/account/{FIRST}/summary"
PROFIT = "/iserver/account/pnl/partitioned"


@pytest.fixture
def open_desk() -> Desk:
    """At noon, with a position in everything that the world has."""
    desk = make_desk(at=NOON, positions=60)
    desk.prime()
    return desk


def profit(desk: Desk) -> dict[str, Any]:
    desk.client.get(PROFIT)
    told: dict[str, Any] = desk.client.get(PROFIT).json["upnl"]
    return told


def number(text: str) -> float:
    return float(text.removesuffix(" USD").replace(",", ""))


def test_the_first_profit_of_a_brokerage_session_is_empty(primed: Desk) -> None:
    assert primed.client.get(PROFIT).json == {"upnl": {}}
    assert list(primed.client.get(PROFIT).json["upnl"]) == [f"{FIRST}.Core"]
    primed.client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    primed.client.get("/iserver/accounts")
    assert primed.client.get(PROFIT).json == {"upnl": {}}
    warm = make_desk(flavour=Flavour(cold_profit=False))
    warm.prime()
    assert warm.client.get(PROFIT).json["upnl"]


@pytest.mark.parametrize("at", [NOON, EVENING, datetime(2026, 11, 22, 12, tzinfo=UTC)])
def test_profit_agrees_with_ledger_and_summary(at: datetime) -> None:
    desk = make_desk(at=at)
    desk.prime()
    [row] = profit(desk).values()
    ledger = desk.client.get(f"/portfolio/{FIRST}/ledger").json["BASE"]
    summary = desk.client.get(f"/portfolio/{FIRST}/summary").json
    assert row["nl"] == pytest.approx(summary["netliquidation"]["amount"], abs=0.01)
    assert row["el"] == pytest.approx(summary["excessliquidity"]["amount"], abs=0.01)
    assert row["upl"] == pytest.approx(ledger["unrealizedpnl"], abs=0.01)
    assert row["mv"] == pytest.approx(row["nl"] - ledger["cashbalance"], abs=0.02)


def test_the_days_profit_is_what_performance_tells_in_the_evening(primed: Desk) -> None:
    [row] = profit(primed).values()
    primed.later(seconds=60)
    day = primed.client.post("/pa/performance", {"acctIds": [FIRST], "period": "1D"}).json["nav"]["data"][0]
    assert row["dpl"] == pytest.approx(day["navs"][-1] - day["startNAV"]["val"], abs=0.02)
    primed.later(hours=6)
    assert profit(primed)[f"{FIRST}.Core"]["dpl"] == row["dpl"]  # after midnight, before markets open


def test_a_deposit_is_no_profit() -> None:
    """On the tenth of a month, for the first of some owners who moved money that day."""
    at = datetime(2026, 11, 10, 17, tzinfo=UTC)
    desk, moved = next(each for seed in range(30) if (each := with_transfer(at, seed))[1])
    desk.prime()
    [row] = profit(desk).values()
    nav = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": "1D"}).json["nav"]["data"][0]
    assert row["nl"] - nav["navs"][-1] == pytest.approx(row["dpl"] + moved, abs=0.02)


def with_transfer(at: datetime, seed: int) -> tuple[Desk, float]:
    """An owner, and what was moved in or out in the last hours."""
    desk = make_desk(at=at, seed=seed, positions=2)
    entries = desk.simulation.world.ledger(desk.simulation.world.accounts[0], at.date()).book.entries
    return desk, sum(
        each.cash / 100 for each in entries if each.kind == "transfer" and 0 <= at.timestamp() - each.at < 86_400
    )


def test_profit_is_told_of_the_selected_account_or_of_all() -> None:
    desk = make_desk(accounts=2, positions=5)
    desk.prime()
    assert list(profit(desk)) == [f"{FIRST}.Core"]
    desk.client.post("/iserver/account", {"acctId": "U9900002"})
    assert list(profit(desk)) == ["U9900002.Core"]
    desk.client.post("/iserver/account", {"acctId": "All"})
    assert list(profit(desk)) == [f"{FIRST}.Core", "U9900002.Core"]


def test_the_overview_is_the_portfolios_summary_in_whole_dollars(open_desk: Desk) -> None:
    said = open_desk.client.get(SUMMARY).json
    summary = open_desk.client.get(f"/portfolio/{FIRST}/summary").json
    names = {
        "netLiquidationValue": "netliquidation",
        "availableFunds": "availablefunds",
        "excessLiquidity": "excessliquidity",
        "equityWithLoanValue": "equitywithloanvalue",
        "securitiesGVP": "grosspositionvalue",
        "totalCashValue": "totalcashvalue",
        "initialMargin": "initmarginreq",
        "maintenanceMargin": "maintmarginreq",
        "buyingPower": "buyingpower",
        "SMA": "sma",
    }
    assert {name: said[name] for name in names} == {name: round(summary[tag]["amount"]) for name, tag in names.items()}
    assert said["balance"] == said["availableFunds"]


def test_cash_is_told_by_currency_and_in_all(open_desk: Desk) -> None:
    said = open_desk.client.get(SUMMARY).json
    ledger = open_desk.client.get(f"/portfolio/{FIRST}/ledger").json
    rows = {row["currency"]: row for row in said["cashBalances"]}
    assert rows.pop("Total (in USD)")["balance"] == said["totalCashValue"]
    assert {name: row["balance"] for name, row in rows.items()} == {
        name: round(row["cashbalance"]) for name, row in ledger.items() if name != "BASE"
    }
    assert set(rows) > {"USD"}


@pytest.mark.parametrize("part", ["available_funds", "balances", "margins"])
def test_segments_add_up_to_the_total(open_desk: Desk, part: str) -> None:
    said = open_desk.client.get(f"{SUMMARY}/{part}").json
    assert set(said) == {"total", "Crypto at Paxos", "commodities", "securities"}
    for name in said["commodities"]:
        parts = [number(said[segment][name]) for segment in ("Crypto at Paxos", "commodities", "securities")]
        assert sum(parts) == pytest.approx(number(said["total"][name]), abs=1)


def test_the_parts_agree_with_the_overview(open_desk: Desk) -> None:
    said = open_desk.client.get(SUMMARY).json
    funds = open_desk.client.get(f"{SUMMARY}/available_funds").json
    margins = open_desk.client.get(f"{SUMMARY}/margins").json["total"]
    balances = open_desk.client.get(f"{SUMMARY}/balances").json["total"]
    assert number(funds["total"]["current_available"]) == said["availableFunds"]
    assert number(funds["total"]["buying_power"]) == said["buyingPower"]
    assert float(funds["securities"]["leverage"]) > 0
    assert number(margins["current_initial"]) == said["initialMargin"]
    assert number(balances["net_liquidation"]) == said["netLiquidationValue"]
    assert number(balances["cash"]) == said["totalCashValue"]


def test_market_values_are_those_of_the_ledger(open_desk: Desk) -> None:
    said = open_desk.client.get(f"{SUMMARY}/market_value").json
    ledger = open_desk.client.get(f"/portfolio/{FIRST}/ledger").json
    assert list(said) == [*(name for name in ledger if name != "BASE"), "Total (in USD)"]
    for name, row in ledger.items():
        told = said["Total (in USD)" if name == "BASE" else name]
        assert number(told["stock"]) == round(row["stockmarketvalue"])
        assert number(told["net_liquidation"]) == round(row["netliquidationvalue"])
        assert number(told["unrealized_pnl"]) == round(row["unrealizedpnl"])
    assert said["USD"]["Exchange Rate"] == "1.00"
    assert float(said["EUR"]["Exchange Rate"]) == pytest.approx(ledger["EUR"]["exchangerate"], abs=1e-6)


def test_every_account_has_its_own_and_strangers_none() -> None:
    desk = make_desk(accounts=2, positions=5)
    desk.prime()
    first, second, both = (
        desk.client.get(f"/iserver/account/{name}/summary").json["netLiquidationValue"]
        for name in (FIRST, "U9900002", "All")
    )
    rate = desk.simulation.world.rate("EUR", "USD", desk.simulation.valuation(desk.simulation.world.accounts[1]).at)
    assert both == pytest.approx(first + second * rate, abs=2)
    assert desk.client.get("/iserver/account/U1/summary").status == 400


def test_a_summary_needs_the_brokerage_session(desk: Desk) -> None:
    assert desk.client.get(SUMMARY).status == 400
    desk.simulation.session.lose("test")
    assert "no bridge" in desk.client.get(PROFIT).json["error"]
