import re
from datetime import datetime
from typing import Any

import pytest

from resources.simulator.accounts.book import Kind
from resources.simulator.clock import NEW_YORK
from tests.resources.simulator.conftest import FIRST, TODAY
from tests.resources.simulator.order_desk import AAPL, OrderDesk, make_order_desk

PATH = "/pa/transactions"


@pytest.fixture
def desk() -> OrderDesk:
    return make_order_desk(positions=40)


def ask(desk: OrderDesk, conid: int = AAPL, **more: object) -> Any:
    return desk.client.post(PATH, {"acctIds": [FIRST], "conids": [conid], "currency": "USD", **more}).json


@pytest.mark.parametrize(
    "change",
    [
        {"acctIds": None},
        {"acctIds": ["U1"]},
        {"acctIds": [FIRST, "U1"]},
        {"conids": None},
        {"conids": []},
        {"conids": [AAPL, 1]},
        {"conids": [4]},
        {"currency": None},
        {"currency": "XXX"},
        {"days": 0},
        {"days": "ten"},
    ],
)
def test_what_is_missing_or_wrong_is_a_bad_request(desk: OrderDesk, change: dict[str, object]) -> None:
    body = {"acctIds": [FIRST], "conids": [AAPL], "currency": "USD", "days": 90, **change}
    answer = desk.client.post(PATH, {key: value for key, value in body.items() if value is not None})
    assert answer.status == 400
    assert answer.json["error"].startswith("Bad Request: ")


def test_purchases_and_sales_have_the_signs_of_the_gateway(desk: OrderDesk) -> None:
    desk.place(quantity=50)
    desk.wait(minutes=5)
    desk.place(quantity=20, side="SELL")
    desk.wait(minutes=5)
    bought, sold = ask(desk)["transactions"][-2:]
    assert (bought["type"], bought["qty"], bought["amt"]) == ("Buy", 50.0, round(-50 * bought["pr"], 2))
    assert (sold["type"], sold["qty"], sold["amt"]) == ("Sell", -20.0, round(20 * sold["pr"], 2))
    assert bought["date"] == "Tue Nov 24 00:00:00 EST 2026"
    assert (bought["rawDate"], bought["isRealTime"], bought["conid"], bought["fxRate"]) == ("20261124", True, AAPL, 1.0)
    desk.wait(days=1)
    assert ask(desk)["transactions"][-1]["isRealTime"] is False


def test_gains_are_what_the_book_realised_with_commissions(desk: OrderDesk) -> None:
    found = ask(desk, days=10_000)
    trades = [row for row in found["transactions"] if row["type"] in {"Buy", "Sell"}]
    assert trades
    desk.place(quantity=50)
    desk.wait(minutes=5)
    held = next(row for row in desk.simulation.valuation(desk.account).rows if row.contract.conid == AAPL)
    desk.place(side="SELL", quantity=held.quantity)
    desk.wait(minutes=5)
    sold = ask(desk)["transactions"][-1]
    gain = round(sold["amt"] - 1 - held.cost / 100, 2)
    after = ask(desk, days=10_000)
    assert float(after["rpnl"]["data"][0]["amt"]) == pytest.approx(gain, abs=0.02)
    assert after["rpnl"]["data"][0]["conid"] == str(AAPL)
    assert float(after["rpnl"]["amt"]) == pytest.approx(
        sum(float(day["amt"]) for day in after["rpnl"]["data"]), abs=0.001
    )
    cash = sum(row["amt"] for row in after["transactions"] if row["type"] in {"Buy", "Sell"})
    assert float(after["rpnl"]["amt"]) < cash  # the commissions


def test_distributions_have_neither_price_nor_quantity(desk: OrderDesk) -> None:
    book = desk.simulation.world.ledger(desk.account, desk.simulation.clock.now().date()).book
    now = desk.simulation.desk.blotter.now()
    for kind, words in ((Kind.DIVIDEND, {"Dividends", "Payment In Lieu"}), (Kind.COUPON, {"Bond Interest Received"})):
        entry = next(entry for entry in book.entries if entry.kind is kind and entry.at <= now)
        rows = ask(desk, entry.conid, days=10_000)["transactions"]
        [row] = [
            row
            for row in rows
            if row["type"] in words and row["rawDate"] == f"{datetime.fromtimestamp(entry.at, NEW_YORK):%Y%m%d}"
        ]
        assert row["amt"] == entry.cash / 100
        assert "pr" not in row
        assert "qty" not in row


def test_the_window_is_told_in_days_and_milliseconds(desk: OrderDesk) -> None:
    found = ask(desk, days=30)
    assert (found["to"] - found["from"]) // 86_400_000 == 30
    assert found["nd"] == 31
    assert (found["id"], found["currency"]) == ("getTransactions", "USD")
    assert re.fullmatch(r"-?\d+\.\d+|0", found["rpnl"]["amt"])


def test_transactions_of_a_contract_that_was_never_held_are_none(desk: OrderDesk) -> None:
    held = {entry.conid for entry in desk.simulation.world.ledger(desk.account, TODAY).book.entries}
    other = next(contract.conid for contract in desk.simulation.market.instruments() if contract.conid not in held)
    found = ask(desk, other)
    assert (found["transactions"], found["rpnl"]["data"]) == ([], [])
