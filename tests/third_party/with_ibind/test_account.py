"""ibind, an unchanged client of other people, against the simulator over HTTPS: session, accounts, holdings."""

from itertools import pairwise

import pytest
from ibind import ExternalBrokerError

from tests.third_party.conftest import BOOK, Open
from tests.third_party.with_ibind.desk import Desk, settled

PAGES = 3


def test_the_session_is_healthy(desk: Desk) -> None:
    assert desk.client.check_health() is True
    assert desk.client.check_auth_status() is True
    assert desk.client.handle_auth_status() is True
    assert desk.client.authentication_status().data["established"] is True
    assert desk.client.tickle().data["userId"] == desk.client.validate().data["USER_ID"]


def test_a_brokerage_session_is_opened_anew_and_primed_again(desk: Desk) -> None:
    assert desk.client.initialize_brokerage_session(compete=True).data["authenticated"] is True
    with pytest.raises(ExternalBrokerError, match="query /accounts first"):
        desk.client.live_marketdata_snapshot(["265598"], ["31"])
    assert desk.client.receive_brokerage_accounts().data["selectedAccount"] == desk.account
    assert desk.client.reauthenticate().data == {"message": "triggered"}
    desk.client.receive_brokerage_accounts()


def test_the_lists_of_accounts_agree(desk: Desk) -> None:
    ids = desk.office.simulation.account_ids
    assert desk.client.receive_brokerage_accounts().data["accounts"] == ids
    assert [row["id"] for row in desk.client.portfolio_accounts().data] == ids
    assert [row["id"] for row in desk.client.portfolio_subaccounts().data] == ids
    assert desk.client.large_portfolio_subaccounts().data["metadata"]["total"] == len(ids)
    assert desk.client.portfolio_account_information().data == desk.client.portfolio_accounts().data[0]


def test_all_positions_come_in_three_pages(desk: Desk) -> None:
    pages = [desk.client.positions(page=page).data for page in range(PAGES + 1)]
    held = {row["conid"]: row["position"] for page in pages for row in page}
    assert held == desk.office.book()
    assert len(held) >= BOOK  # other tests buy what was not held
    assert [len(page) for page in pages] == [100, 100, len(held) - 200, 0]


def test_positions_are_sorted_as_asked(desk: Desk) -> None:
    falling = [row["mktValue"] for row in desk.client.positions(sort="mktValue", direction="d").data]
    assert all(first >= second for first, second in pairwise(falling))


def test_the_newer_list_of_positions_has_all_of_them_at_once(desk: Desk) -> None:
    rows = desk.client.positions2().data
    assert {int(row["conid"]): row["position"] for row in rows} == desk.office.book()


def test_one_position_is_told_in_three_places_alike(desk: Desk) -> None:
    conid = next(iter(desk.office.book()))
    [own] = desk.client.positions_by_conid(desk.account, str(conid)).data
    [everywhere] = desk.client.position_and_contract_info(str(conid)).data[desk.account]
    [listed] = [row for page in range(PAGES) for row in desk.client.positions(page=page).data if row["conid"] == conid]
    assert own["position"] == everywhere["position"] == listed["position"] == desk.office.book()[conid]
    assert own["currency"] == everywhere["currency"] == listed["currency"]


def test_the_cache_of_positions_is_thrown_away_on_request(desk: Desk) -> None:
    assert desk.client.invalidate_backend_portfolio_cache().data == {"message": "success"}
    assert desk.client.positions().data


def test_combinations_are_made_of_options_that_are_held(desk: Desk) -> None:
    book = desk.office.book()
    combinations = desk.client.combination_positions().data
    assert combinations
    for combination in combinations:
        legs = [int(leg["conid"]) for leg in combination["legs"]]
        assert len(legs) > 1
        assert set(legs) <= set(book)


def test_ledger_summary_and_allocation_tell_the_same_worth(desk: Desk) -> None:
    base = desk.client.get_ledger().data["BASE"]
    summary = desk.client.portfolio_summary().data
    classes = desk.client.portfolio_account_allocation().data["assetClass"]
    parts = sum(sum(side.values()) for side in classes.values())
    assert summary["netliquidation"]["amount"] == pytest.approx(base["netliquidationvalue"], rel=1e-3)
    assert parts + base["futuresonlypnl"] == pytest.approx(base["netliquidationvalue"], rel=1e-3)
    assert summary["accountcode"]["value"] == desk.account


def test_sectors_and_groups_leave_out_cash_only(desk: Desk) -> None:
    allocation = desk.client.portfolio_account_allocation().data
    worth = {
        family: sum(amount for side in sides.values() for name, amount in side.items() if name != "CASH")
        for family, sides in allocation.items()
    }
    assert worth["sector"] == pytest.approx(worth["assetClass"], rel=1e-3)
    assert worth["group"] == pytest.approx(worth["assetClass"], rel=1e-3)


def test_performance_of_a_month_is_that_of_all_periods(desk: Desk) -> None:
    month = desk.client.account_performance(desk.account, "1M").data
    every = desk.client.all_periods(desk.account).data[desk.account]["1M"]
    [nav] = month["nav"]["data"]
    assert month["included"] == [desk.account]
    assert (month["nav"]["dates"], nav["navs"]) == (every["dates"], every["nav"])
    assert month["cps"]["data"][0]["returns"] == every["cps"]
    assert nav["startNAV"] == every["startNAV"]


def test_transactions_of_a_contract_add_up_to_its_position(desk: Desk) -> None:
    rows = desk.client.positions2().data
    row = next(row for row in rows if row["secType"] == "STK" and row["currency"] == "USD")
    told = desk.client.transaction_history(desk.account, row["conid"], "USD", days=3650).data
    assert {each["conid"] for each in told["transactions"]} == {int(row["conid"])}
    assert sum(each.get("qty", 0.0) for each in told["transactions"]) == pytest.approx(row["position"])


def test_another_account_is_selected(open_office: Open) -> None:
    with settled(open_office(accounts=2)) as desk:
        first, second = desk.office.simulation.account_ids
        assert desk.client.switch_account(second).data == {"set": True, "acctId": second}
        assert desk.client.receive_brokerage_accounts().data["selectedAccount"] == second
        assert {row["acctId"] for row in desk.client.positions().data} == {second}
        assert first != second


def test_after_a_logout_the_client_knows_that_it_is_out(open_office: Open) -> None:
    with settled(open_office()) as desk:
        assert desk.client.logout().data == {"status": True}
        assert desk.client.check_health() is False
        with pytest.raises(ExternalBrokerError, match="401"):
            desk.client.portfolio_accounts()


def test_the_trading_sides_summary_is_the_portfolios_in_whole_units(desk: Desk) -> None:
    said = desk.client.account_summary().data
    summary = desk.client.portfolio_summary().data
    assert said["netLiquidationValue"] == pytest.approx(summary["netliquidation"]["amount"], rel=1e-3)
    assert said["totalCashValue"] == pytest.approx(summary["totalcashvalue"]["amount"], rel=1e-3)
    *parts, total = said["cashBalances"]
    assert {part["currency"] for part in parts} == set(desk.client.get_ledger().data) - {"BASE"}
    assert total == {
        "currency": "Total (in USD)",
        "balance": said["totalCashValue"],
        "settledCash": total["settledCash"],
    }


def test_profit_and_loss_follow_a_first_empty_reply(desk: Desk) -> None:
    desk.client.initialize_brokerage_session(compete=True)
    desk.client.receive_brokerage_accounts()
    assert desk.client.account_profit_and_loss().data == {"upnl": {}}
    row = desk.client.account_profit_and_loss().data["upnl"][f"{desk.account}.Core"]
    base = desk.client.get_ledger().data["BASE"]
    assert row["nl"] == pytest.approx(base["netliquidationvalue"], rel=1e-3)
    assert row["upl"] == pytest.approx(base["unrealizedpnl"], rel=0.05)


def test_an_account_is_its_owners(desk: Desk) -> None:
    said = desk.client.signatures_and_owners().data
    assert said["accountId"] == desk.account
    assert said["applicant"]["signatures"] == [desk.office.account.title]


def test_allocations_of_several_accounts_are_told_as_one(open_office: Open) -> None:
    with settled(open_office(accounts=2)) as desk:
        both = desk.client.portfolio_account_allocations(desk.office.simulation.account_ids).data
        first = desk.client.portfolio_account_allocation().data
        assert both["assetClass"]["long"]["STK"] > first["assetClass"]["long"]["STK"]


def test_a_watchlist_is_made_read_and_deleted(desk: Desk) -> None:
    made = desk.client.create_watchlist("1234", "Mine", [{"C": 265598}, {"H": ""}]).data
    assert (made["id"], made["name"]) == ("1234", "Mine")
    lists = desk.client.get_all_watchlists().data["data"]["user_lists"]
    assert [row["id"] for row in lists] == ["1234"]
    desk.client.get_watchlist_information("1234")
    [apple, blank] = desk.client.get_watchlist_information("1234").data["instruments"]
    assert (apple["ticker"], apple["conid"], blank) == ("AAPL", 265598, {"H": ""})
    assert desk.client.delete_watchlist("1234").data["data"] == {"deleted": "1234"}
    assert desk.client.get_all_watchlists().data["data"]["user_lists"] == []


def test_accounts_are_dynamic_for_advisers_only(desk: Desk) -> None:
    with pytest.raises(ExternalBrokerError, match="503"):
        desk.client.search_dynamic_account("U")
    with pytest.raises(ExternalBrokerError, match="503"):
        desk.client.set_dynamic_account(desk.account)
