"""EasyIB, an unchanged client of other people, against the simulator over HTTPS.

It never asks for `/iserver/accounts`: it relies on the gateway, which asks by itself after a login.
"""

from dataclasses import dataclass
from typing import Any

import pytest
import requests
from easyib import easyib

from tests.third_party.conftest import AWHILE, BOOK, Office, Open

APPLE = 265598


@dataclass(frozen=True, slots=True)
class Desk:
    """The client in an office. Time passes before each request."""

    office: Office
    rest: easyib.REST

    @property
    def client(self) -> easyib.REST:
        self.office.later()
        return self.rest

    def limit(self, quantity: int) -> dict[str, Any]:
        """An order to buy Apple that rests so far below the market that it is asked about."""
        price = round(self.office.price(APPLE) * 0.95, 2)
        return {
            "conid": APPLE,
            "orderType": "LMT",
            "side": "BUY",
            "quantity": quantity,
            "price": price,
            "tif": "GTC",
        }


def settle(office: Office) -> Desk:
    """The client, in an office."""
    office.later()
    return Desk(office, easyib.REST(url=office.origin, ssl=office.authority))


@pytest.fixture(scope="module")
def desk(open_office: Open) -> Desk:
    """At a gateway of its own: after an init it would have to ask for the accounts again, which EasyIB never does."""
    return settle(open_office(positions=BOOK))


def test_the_account_is_found_on_arrival(desk: Desk) -> None:
    assert desk.rest.id == desk.office.account.account_id
    assert [row["accountId"] for row in desk.client.get_accounts()] == [desk.rest.id]


def test_the_session_is_alive_and_can_be_opened_anew(open_office: Open) -> None:
    desk = settle(open_office())  # of its own: the others would have to ask for the accounts again
    assert desk.client.ping_server()["iserver"]["authStatus"]["authenticated"] is True
    assert desk.client.get_auth_status()["connected"] is True
    desk.client.re_authenticate()
    assert desk.client.get_auth_status()["authenticated"] is True


def test_cash_and_net_value_are_those_of_the_dollar(desk: Desk) -> None:
    desk.office.later()
    valuation = desk.office.simulation.valuation(desk.office.account)
    assert desk.client.get_cash() == valuation.cash["USD"] / 100
    assert desk.client.get_netvalue() == pytest.approx((valuation.cash["USD"] + valuation.worth("USD")) / 100, rel=0.01)


def test_the_portfolio_is_the_first_page_of_positions_and_cash(desk: Desk) -> None:
    portfolio = desk.client.get_portfolio()
    held = desk.office.book()
    assert len(portfolio) == 101
    assert portfolio.pop("USD") == desk.client.get_cash()
    assert set(portfolio.values()) <= set(held.values())


def test_a_symbol_leads_to_its_american_listing_or_to_another_on_request(desk: Desk) -> None:
    assert desk.client.get_conid("AAPL") == APPLE
    swiss = desk.client.get_conid("AAPL", contract_filters={"isUS": False, "exchange": "EBS"})
    assert swiss == 273982664
    funds = {"name": "SPDR S&P 500 ETF TRUST", "assetClass": "STK"}
    assert desk.client.get_conid("SPY", instrument_filters=funds, contract_filters={"exchange": "ARCA"}) == 756733


def test_bars_come_by_symbol_and_by_conid(desk: Desk) -> None:
    desk.client.get_bars("AAPL", period="1w", bar="1d")  # the first of a cold contract may fail
    by_symbol = desk.client.get_bars("AAPL", period="1w", bar="1d")
    assert by_symbol["symbol"] == "AAPL"
    assert by_symbol["points"] == len(by_symbol["data"]) - 1
    assert desk.client.get_bars("AAPL", period="1w", bar="1d", conid=APPLE)["data"][:-1] == by_symbol["data"][:-1]


def test_futures_come_by_the_symbol_of_what_they_are_on(desk: Desk) -> None:
    found = desk.client.get_fut_conids("ES")
    assert {row["symbol"] for row in found} == {"ES"}
    for row in found:
        instrument = desk.office.simulation.market.instrument(row["conid"])
        assert instrument is not None
        assert f"{instrument.expiry:%Y%m%d}" == str(row["expirationDate"])


def test_an_order_is_taken_after_every_question_was_answered_with_yes(desk: Desk) -> None:
    taken = desk.client.submit_orders([desk.limit(2)])
    status = desk.client.get_order(taken["order_id"])
    assert str(status["order_id"]) == taken["order_id"]
    assert status["conid"] == APPLE
    assert float(status["total_size"]) == 2
    assert desk.client.cancel_order(taken["order_id"])["msg"] == "Request was submitted"


def test_a_question_can_be_answered_by_hand(desk: Desk) -> None:
    said = desk.client.submit_orders([desk.limit(3)], reply_yes=False)
    for _ in range(3):
        if "order_id" in said:
            break
        said = desk.client.reply_yes(said["id"])
    assert said["order_id"].isdecimal()
    desk.client.cancel_order(said["order_id"])


def test_an_order_is_changed_and_cancelled(desk: Desk) -> None:
    order = desk.limit(2)
    number = desk.client.submit_orders([order])["order_id"]
    changed = desk.client.modify_order(number, {**order, "quantity": 5})
    assert changed["order_id"] == number
    assert float(desk.client.get_order(number)["total_size"]) == 5
    desk.client.cancel_order(number)
    desk.office.later(AWHILE)
    assert desk.client.get_order(number)["order_status"] == "Cancelled"


def test_live_orders_are_there_after_the_first_look(desk: Desk) -> None:
    number = desk.client.submit_orders([desk.limit(2)])["order_id"]
    desk.client.get_live_orders()
    live = desk.client.get_live_orders()
    assert live["snapshot"] is True
    [row] = [row for row in live["orders"] if str(row["orderId"]) == number]
    assert (row["ticker"], row["side"], row["totalSize"]) == ("AAPL", "BUY", 2.0)
    desk.client.cancel_order(number)


def test_a_market_order_becomes_a_position(desk: Desk) -> None:
    before = desk.office.book().get(APPLE, 0.0)
    order = {"conid": APPLE, "orderType": "MKT", "side": "BUY", "quantity": 7, "tif": "DAY"}
    number = desk.client.submit_orders([order])["order_id"]
    desk.office.later(AWHILE)
    assert desk.client.get_order(number)["order_status"] == "Filled"
    assert desk.office.book()[APPLE] - before == 7


def test_another_account_is_selected(open_office: Open) -> None:
    desk = settle(open_office(accounts=2))
    other = desk.office.simulation.account_ids[1]
    assert desk.client.switch_account(other) == {"set": True, "acctId": other}
    assert desk.rest.id == other
    second = desk.office.simulation.world.accounts[1]
    assert desk.client.get_cash() == desk.office.simulation.valuation(second).cash["USD"] / 100


def test_after_a_logout_nothing_answers(open_office: Open) -> None:
    desk = settle(open_office())
    desk.client.log_out()
    with pytest.raises(requests.exceptions.JSONDecodeError):
        desk.client.get_auth_status()
