"""ibind, an unchanged client of other people, against the simulator over HTTPS: orders from question to position."""

import pytest
from ibind import ExternalBrokerError

from tests.third_party.conftest import AWHILE
from tests.third_party.with_ibind.desk import APPLE, YES, Desk

MOST_QUESTIONS = 3
BRACKET = {"parent", "profit", "loss"}


def placed(desk: Desk, quantity: float, **more: object) -> str:
    """The number of an order that was taken."""
    taken = desk.client.place_order(desk.order(quantity, **more), YES).data
    assert taken["order_id"].isdecimal()
    return str(taken["order_id"])


def test_an_order_is_taken_after_its_questions_are_answered(desk: Desk) -> None:
    number = placed(desk, 2, coid="taken-after-questions")
    status = desk.client.order_status(number).data
    assert (status["order_id"], status["conid"]) == (int(number), APPLE)
    assert (float(status["total_size"]), status["symbol"]) == (2, "AAPL")
    assert status["order_status"] in {"Submitted", "PreSubmitted"}
    desk.client.cancel_order(number)


def test_questions_come_in_a_chain(desk: Desk) -> None:
    """Far off the market, many shares, much money: each is a question of its own."""
    order = desk.order(650, price=round(desk.office.price(APPLE) * 0.8, 2))
    body = {"conid": APPLE, "side": "BUY", "orderType": "LMT", "tif": "DAY", "quantity": 650, "price": order.price}
    [said] = desk.client.post(f"iserver/account/{desk.account}/orders", {"orders": [body]}).data
    asked = []
    while "message" in said:
        asked.append(said["messageIds"][0])
        [said] = desk.client.reply(said["id"], confirmed=True).data
    assert 2 <= len(asked) <= MOST_QUESTIONS
    assert len(set(asked)) == len(asked)
    desk.client.cancel_order(said["order_id"])


def test_an_order_is_dropped_by_a_no(desk: Desk) -> None:
    with pytest.raises(RuntimeError, match="not given a positive reply"):
        desk.client.place_order(desk.order(2, coid="never-taken"), dict.fromkeys(YES, False))
    desk.client.live_orders()
    live = desk.client.live_orders().data["orders"]
    assert "never-taken" not in {row.get("order_ref") for row in live}


def test_suppressed_questions_are_not_asked(desk: Desk) -> None:
    body = {"conid": APPLE, "side": "BUY", "orderType": "LMT", "tif": "DAY", "quantity": 1}
    body["price"] = round(desk.office.price(APPLE) * 0.95, 2)
    [question] = desk.client.post(f"iserver/account/{desk.account}/orders", {"orders": [body]}).data
    desk.client.reply(question["id"], confirmed=False)
    assert desk.client.suppress_messages(question["messageIds"]).data == {"status": "submitted"}
    [taken] = desk.client.post(f"iserver/account/{desk.account}/orders", {"orders": [body]}).data
    assert taken.get("messageIds") != question["messageIds"]
    assert desk.client.reset_suppressed_messages().data == {"status": "submitted"}
    desk.client.cancel_order(-1)


def test_the_same_order_of_the_client_is_refused_twice(desk: Desk) -> None:
    number = placed(desk, 1, coid="only-once")
    with pytest.raises(ExternalBrokerError):
        desk.client.place_order(desk.order(1, coid="only-once"), YES)
    desk.client.cancel_order(number)


def test_live_orders_are_there_after_the_first_look(desk: Desk) -> None:
    number = placed(desk, 4, coid="alive")
    desk.client.live_orders()
    live = desk.client.live_orders().data
    assert live["snapshot"] is True
    [row] = [row for row in live["orders"] if row["orderId"] == int(number)]
    assert (row["order_ref"], row["side"], row["totalSize"]) == ("alive", "BUY", 4.0)
    assert float(row["price"]) == pytest.approx(float(desk.client.order_status(number).data["limit_price"]))
    assert desk.client.live_orders(force=True).data["orders"] == []
    desk.client.cancel_order(number)


def test_an_order_is_changed_as_a_whole(desk: Desk) -> None:
    number = placed(desk, 2)
    changed = desk.client.modify_order(number, desk.order(5), YES).data
    assert changed["order_id"] == number
    assert float(desk.client.order_status(number).data["total_size"]) == 5
    desk.client.cancel_order(number)


def test_a_cancelled_order_ends_without_a_fill(desk: Desk) -> None:
    number = placed(desk, 2)
    said = desk.client.cancel_order(number).data
    assert (said["msg"], said["order_id"]) == ("Request was submitted", int(number))
    desk.office.later(AWHILE)
    status = desk.client.order_status(number).data
    assert status["order_status"] == "Cancelled"
    assert float(status["cum_fill"]) == 0


def test_an_unknown_order_can_be_neither_seen_nor_cancelled(desk: Desk) -> None:
    with pytest.raises(ExternalBrokerError, match="not found") as unseen:
        desk.client.order_status("1")
    assert unseen.value.status_code == 503
    with pytest.raises(ExternalBrokerError, match="doesn't exist"):
        desk.client.cancel_order("1")


def test_what_an_order_would_cost_is_told_and_nothing_is_ordered(desk: Desk) -> None:
    before = desk.office.book()
    for _ in range(3):
        desk.client.live_marketdata_snapshot([str(APPLE)], ["31", "84", "86"])
    order = desk.order(10)
    said = desk.client.whatif_order(order).data
    assert said["error"] is None
    amount, _, rest = said["amount"]["amount"].partition(" ")
    assert rest == "USD (10 Shares)"
    assert float(amount.replace(",", "")) == pytest.approx(10 * float(order.price or 0), abs=0.05)
    change = float(said["position"]["after"].replace(",", "")) - float(said["position"]["current"].replace(",", ""))
    assert change == 10
    desk.office.later(AWHILE)
    assert desk.office.book() == before


def test_trades_are_the_change_of_the_position(desk: Desk) -> None:
    before = desk.office.book().get(APPLE, 0.0)
    orders = {"BUY": 9, "SELL": 4}
    numbers = [
        placed(desk, quantity, side=side, order_type="MKT", price=None, tif="DAY") for side, quantity in orders.items()
    ]
    desk.office.later(AWHILE)
    assert {desk.client.order_status(number).data["order_status"] for number in numbers} == {"Filled"}
    desk.client.trades(days="7")
    rows = [row for row in desk.client.trades(days="7").data if str(row.get("order_id")) in numbers]
    signed = sum(row["size"] * (1 if row["side"] == "B" else -1) for row in rows)
    assert signed == desk.office.book()[APPLE] - before == 5
    assert len({row["execution_id"] for row in rows}) == len(rows)
    assert all(row["net_amount"] == pytest.approx(row["size"] * float(row["price"]), abs=0.01) for row in rows)


def test_a_bracket_rests_on_its_parent(desk: Desk) -> None:
    price = desk.office.price(APPLE)
    parent = desk.order(1, coid="parent")
    profit = desk.order(1, side="SELL", price=round(price * 1.02, 2), parent_id="parent", coid="profit")
    stop = {"order_type": "STP", "price": round(price * 0.97, 2), "aux_price": round(price * 0.97, 2)}
    loss = desk.order(1, side="SELL", parent_id="parent", coid="loss", **stop)
    desk.client.place_order([parent, profit, loss], YES)
    desk.client.live_orders()
    live = desk.client.live_orders().data["orders"]
    assert {row.get("order_ref") for row in live} >= BRACKET
    desk.client.cancel_order("-1")
    desk.office.later(AWHILE)
    desk.client.live_orders()
    mine = [row for row in desk.client.live_orders().data["orders"] if row.get("order_ref") in BRACKET]
    assert {row["status"] for row in mine} == {"Cancelled"}


def test_every_order_is_cancelled_at_once(desk: Desk) -> None:
    numbers = [placed(desk, 1), placed(desk, 2)]
    desk.client.cancel_order("-1")
    desk.office.later(AWHILE)
    assert {desk.client.order_status(number).data["order_status"] for number in numbers} == {"Cancelled"}
