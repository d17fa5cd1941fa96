import re
from datetime import UTC, datetime

import pytest

from resources.simulator.accounts.book import Kind
from resources.simulator.flavour import Flavour
from resources.simulator.orders.trades import day_begins
from tests.resources.simulator.conftest import FIRST, NOON
from tests.resources.simulator.order_desk import AAPL, ASML, AZN, NESN, SPY, OrderDesk, make_order_desk, wanted

pytestmark = pytest.mark.slow

SATURDAY = datetime(2026, 11, 28, 17, tzinfo=UTC)
ORDERS = f"/iserver/account/{FIRST}/orders"


@pytest.fixture
def desk() -> OrderDesk:
    return make_order_desk()


def far(desk: OrderDesk, **more: object) -> dict[str, object]:
    """A limit that nobody meets today, and that is asked about."""
    return wanted(orderType="LMT", price=round(desk.price() * 0.7, 2), **more)


def test_an_order_is_acknowledged_with_its_id_as_text(desk: OrderDesk) -> None:
    [row] = desk.send(wanted()).json
    assert set(row) == {"order_id", "order_status", "encrypt_message"}
    assert row["order_id"].isdecimal()
    assert row["order_status"] == "Submitted"
    assert row["encrypt_message"] == "1"


def test_the_clients_own_id_comes_back(desk: OrderDesk) -> None:
    [row] = desk.send(wanted(cOID="mine-1")).json
    assert row["local_order_id"] == "mine-1"
    assert desk.live()[0]["order_ref"] == "mine-1"


@pytest.mark.parametrize("body", [[wanted()], None, {}, {"orders": []}, {"orders": wanted()}, {"orders": [1]}])
def test_anything_but_orders_in_a_list_is_malformed(desk: OrderDesk, body: object) -> None:
    answer = desk.client.post(ORDERS, body)
    assert answer.status == 400
    assert answer.json["statusCode"] == 400
    assert answer.json["error"].startswith("Bad Request: ")


def test_a_bare_array_is_told_about_in_the_words_of_java(desk: OrderDesk) -> None:
    assert "java.util.ArrayList cannot be cast" in desk.client.post(ORDERS, [wanted()]).json["error"]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"conid": 4}, "Contract 4 is not available"),
        ({"conid": None}, "by conid or by conidex"),
        ({"conidex": "265598@SMART"}, "by conid or by conidex"),
        ({"orderType": "LMT"}, "needs a price"),
        ({"orderType": "STP"}, "needs a price"),
        ({"orderType": "STOP_LIMIT", "price": 200.0}, "needs auxPrice"),
        ({"orderType": "TRAIL"}, "needs trailingAmt"),
        ({"orderType": "HOPE"}, "Invalid order type HOPE"),
        ({"side": "HOLD"}, "Invalid side"),
        ({"tif": "SOON"}, "Invalid time in force"),
        ({"tif": "OPG", "orderType": "STP", "price": 1.0}, "Invalid time in force"),
        ({"quantity": 0}, "must be positive"),
        ({"quantity": 0.00001}, "not a size"),
        ({"quantity": None}, "either a quantity or a cash quantity"),
        ({"cashQty": 100.0}, "either a quantity or a cash quantity"),
        ({"quantity": 1_000_000}, "must exceed the initial margin"),
        ({"orderType": "LMT", "price": 200.001}, "minimum price variation"),
        ({"acctId": "U1"}, "is not the account"),
        ({"cOID": "x" * 65}, "longer than 64"),
        ({"parentId": "nobody"}, "Parent order nobody does not exist"),
        ({"conid": 990_500_000 + 36 * 12 + 11}, "manualIndicator"),
    ],
)
def test_what_may_not_be_placed_is_an_error_in_a_good_reply(
    desk: OrderDesk, order: dict[str, object], reason: str
) -> None:
    answer = desk.send({key: value for key, value in wanted(**order).items() if value is not None})
    assert answer.status == 200
    assert list(answer.json) == ["error"]
    assert reason in answer.json["error"]
    assert not desk.live(filters="submitted")


@pytest.mark.parametrize(
    "order", [{"quantity": "many"}, {"price": True}, {"conid": [1]}, {"conid": 1.5}, {"conid": "9" * 5000}]
)
def test_a_value_of_another_type_is_malformed(desk: OrderDesk, order: dict[str, object]) -> None:
    assert desk.send(wanted(**order)).status == 400


@pytest.mark.parametrize("odd", [{"cOID": {"a": 1}}, {"cOID": "x", "parentId": ["x"]}])
def test_a_reference_that_is_no_text_makes_no_bracket(desk: OrderDesk, odd: dict[str, object]) -> None:
    assert "must be a bracket" in desk.send(wanted(**odd), wanted()).json["error"]


def test_a_trail_of_another_type_is_refused(desk: OrderDesk) -> None:
    answer = desk.send(wanted(orderType="TRAIL", trailingAmt=1, trailingType={"amt": 1}))
    assert "trailingType amt or %" in answer.json["error"]


def test_an_account_that_does_not_exist_is_a_bad_request(desk: OrderDesk) -> None:
    answer = desk.client.post("/iserver/account/U1/orders", {"orders": [wanted()]})
    assert (answer.status, answer.json["error"]) == (400, "Bad Request: invalid accountId")


def test_orders_need_the_accounts_to_be_asked_for_first(desk: OrderDesk) -> None:
    desk.simulation.session.initialise(compete=True)
    assert "query /accounts first" in desk.send(wanted()).json["error"]


def test_a_clients_id_can_be_used_again_after_a_day(desk: OrderDesk) -> None:
    desk.place(cOID="mine")
    assert "Local order ID=mine is already registered" in desk.send(wanted(cOID="mine")).json["error"]
    desk.wait(hours=24, seconds=1)
    assert desk.place(cOID="mine")


def test_a_contract_may_be_named_with_its_exchange(desk: OrderDesk) -> None:
    order = {key: value for key, value in wanted(conidex="756733@SMART").items() if key != "conid"}
    desk.settle(desk.send(order))
    assert desk.live()[0]["conid"] == SPY


def test_a_price_far_from_the_market_is_asked_about(desk: OrderDesk) -> None:
    [asked] = desk.send(far(desk)).json
    assert asked["messageIds"] == ["o163"]
    assert "price exceeds the Percentage constraint of 3%" in asked["message"][0]
    assert (asked["isSuppressed"], asked["messageOptions"]) == (False, ["Yes", "No"])
    assert not desk.live()
    [row] = desk.client.post(f"/iserver/reply/{asked['id']}", {"confirmed": True}).json
    assert row["order_status"] == "Submitted"


def chain(desk: OrderDesk, order: dict[str, object]) -> list[str]:
    found, rows = [], desk.send(order).json
    while "message" in rows[0]:
        found += rows[0]["messageIds"]
        rows = desk.client.post(f"/iserver/reply/{rows[0]['id']}", {"confirmed": True}).json
    assert "order_id" in rows[0]
    return found


def test_an_order_may_earn_three_questions_and_never_more(desk: OrderDesk) -> None:
    price = round(desk.price() * 0.9, 2)
    assert chain(desk, wanted(side="SELL", orderType="LMT", price=price, quantity=600)) == ["o163", "o383", "o451"]
    far_off = round(desk.price(NESN) * 0.9, 2)
    sold = wanted(conid=NESN, side="SELL", orderType="LMT", price=far_off, quantity=900)
    assert chain(desk, sold) == ["o354", "o163", "o383"]


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ({"conid": ASML}, ["o354"]),  # no data
        ({"conid": NESN}, ["o354"]),  # late data
        ({"conid": AZN}, []),
        ({"quantity": None, "cashQty": 500.0}, ["o10164"]),
        ({"orderType": "STP", "price": 1.0, "side": "SELL"}, ["o10331"]),
        ({"orderType": "STP", "price": 1.0}, ["o10331", "o403"]),
    ],
)
def test_each_kind_of_order_earns_its_own_questions(desk: OrderDesk, order: dict[str, object], ids: list[str]) -> None:
    assert chain(desk, {key: value for key, value in wanted(**order).items() if value is not None}) == ids


def test_a_no_drops_the_order(desk: OrderDesk) -> None:
    [asked] = desk.send(far(desk, cOID="mine")).json
    assert "error" in desk.client.post(f"/iserver/reply/{asked['id']}", {"confirmed": False}).json
    assert not desk.live()
    assert desk.place(cOID="mine")


@pytest.mark.parametrize("between", ["place", "cancel", "modify", "session"])
def test_a_request_in_between_ends_the_conversation(desk: OrderDesk, between: str) -> None:
    number = desk.place()
    [asked] = desk.send(far(desk)).json
    match between:
        case "place":
            desk.send(wanted())
        case "cancel":
            desk.client.call("DELETE", f"/v1/api/iserver/account/{FIRST}/order/{number}")
        case "modify":
            desk.client.post(f"/iserver/account/{FIRST}/order/{number}", wanted(quantity=3))
        case "session":
            desk.simulation.session.initialise(compete=True)
            desk.prime()
    answer = desk.client.post(f"/iserver/reply/{asked['id']}", {"confirmed": True})
    assert answer.status == 400
    assert not [row for row in desk.live() if row["orderType"] == "Limit"]


def test_an_answer_after_more_than_a_minute_is_too_late(desk: OrderDesk) -> None:
    [asked] = desk.send(far(desk)).json
    desk.wait(seconds=61)
    assert desk.client.post(f"/iserver/reply/{asked['id']}", {"confirmed": True}).status == 503
    assert desk.client.post(f"/iserver/reply/{asked['id']}", {"confirmed": True}).status == 400


def test_suppressed_questions_are_not_asked_until_reset_or_another_session(desk: OrderDesk) -> None:
    suppress = "/iserver/questions/suppress"
    assert desk.client.post(suppress, {"messageIds": ["o163"]}).json == {"status": "submitted"}
    assert "order_id" in desk.send(far(desk)).json[0]
    assert desk.client.post(f"{suppress}/reset").json == {"status": "submitted"}
    assert "message" in desk.send(far(desk)).json[0]
    desk.client.post(suppress, {"messageIds": ["o163"]})
    desk.simulation.session.initialise(compete=True)
    desk.prime()
    assert "message" in desk.send(far(desk)).json[0]


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"messageIds": ["o1"] * 52}, 500), ({"messageIds": 1}, 400)])
def test_suppressing_takes_a_list_of_at_most_51(desk: OrderDesk, body: object, status: int) -> None:
    assert desk.client.post("/iserver/questions/suppress", body).status == status


def test_a_preview_counts_in_grouped_digits_from_the_accounts_worth(desk: OrderDesk) -> None:
    held, net = desk.held(), desk.simulation.valuation(desk.account).net
    found = desk.client.post(f"{ORDERS}/whatif", {"orders": [wanted(quantity=25)]}).json
    price = round(25 * desk.price(), 2)
    assert found["amount"] == {
        "amount": f"{price:,.2f} USD (25 Shares)",
        "commission": "1 USD",
        "total": f"{price + 1:,.2f} USD",
    }
    assert found["equity"] == {"current": f"{round(net):,}", "change": "-1", "after": f"{round(net - 1):,}"}
    assert found["position"] == {"current": f"{held:g}", "change": "25", "after": f"{held + 25:g}"}
    summary = desk.client.get(f"/portfolio/{FIRST}/summary").json
    assert found["initial"]["current"] == f"{round(summary['initmarginreq']['amount']):,}"
    assert found["maintenance"]["current"] == f"{round(summary['maintmarginreq']['amount']):,}"
    for name in ("equity", "initial", "maintenance"):
        current, change, after = (int(found[name][key].replace(",", "")) for key in ("current", "change", "after"))
        assert current + change == after
    assert (found["warn"], found["error"]) == (None, None)
    assert not desk.live()


def test_a_preview_tells_what_an_account_cannot_bear_and_what_it_cannot_see(desk: OrderDesk) -> None:
    found = desk.client.post(f"{ORDERS}/whatif", {"orders": [wanted(conid=ASML, quantity=1_000_000)]}).json
    assert "must exceed the initial margin" in found["error"]
    assert found["warn"].startswith("21/")


def test_a_preview_of_a_bracket_is_of_its_parent_and_of_a_group_of_the_dearest(desk: OrderDesk) -> None:
    parent, child = wanted(cOID="entry", quantity=9), wanted(parentId="entry", side="SELL", quantity=9)
    bracket = desk.client.post(f"{ORDERS}/whatif", {"orders": [child, parent]}).json
    assert bracket["position"]["change"] == "9"
    group = [wanted(isSingleGroup=True, quantity=quantity) for quantity in (2, 30, 4)]
    assert desk.client.post(f"{ORDERS}/whatif", {"orders": group}).json["position"]["change"] == "30"


def test_a_preview_says_what_is_wrong_with_a_price(desk: OrderDesk) -> None:
    odd = wanted(orderType="LMT", price=round(desk.price()) + 0.003)
    assert "minimum price variation" in desk.client.post(f"{ORDERS}/whatif", {"orders": [odd]}).json["error"]


def test_a_preview_ends_the_question_that_was_open(desk: OrderDesk) -> None:
    [asked] = desk.send(far(desk)).json
    desk.client.post(f"{ORDERS}/whatif", {"orders": [wanted()]})
    assert desk.client.post(f"/iserver/reply/{asked['id']}", {"confirmed": True}).status == 400


def test_a_preview_may_ask_first_as_an_order_does() -> None:
    desk = make_order_desk(flavour=Flavour(whatif_asks=True))
    [asked] = desk.client.post(f"{ORDERS}/whatif", {"orders": [wanted(conid=ASML)]}).json
    assert asked["messageIds"] == ["o354"]
    told = desk.client.post(f"/iserver/reply/{asked['id']}", {"confirmed": True}).json
    assert told["position"]["change"] == "10"
    assert not desk.live()


def test_a_preview_may_want_a_snapshot_before() -> None:
    desk = make_order_desk(flavour=Flavour(whatif_needs_snapshot=True))
    assert "snapshot" in desk.client.post(f"{ORDERS}/whatif", {"orders": [wanted()]}).json["error"]
    desk.client.get("/iserver/marketdata/snapshot", conids=str(AAPL))
    assert desk.client.post(f"{ORDERS}/whatif", {"orders": [wanted()]}).json["error"] is None


def test_orders_and_cancellations_may_stay_unconfirmed_for_a_while() -> None:
    desk = make_order_desk(flavour=Flavour(pending_seconds=3))
    [placed] = desk.settle(desk.send(far(desk)))
    number = placed["order_id"]
    assert placed["order_status"] == desk.row(number)["status"] == "PendingSubmit"
    assert [row["orderId"] for row in desk.live(filters="pending_submit")] == [int(number)]
    desk.wait(seconds=3)
    assert desk.row(number)["status"] == "Submitted"
    desk.client.call("DELETE", f"/v1/api/iserver/account/{FIRST}/order/{number}")
    assert desk.client.get(f"/iserver/account/order/status/{number}").json["order_status"] == "PendingCancel"
    assert [row["orderId"] for row in desk.live(filters="pending_cancel")] == [int(number)]
    desk.wait(seconds=3)
    assert desk.row(number)["status"] == "Cancelled"


def test_an_index_cannot_be_ordered(desk: OrderDesk) -> None:
    assert desk.send(wanted(conid=11004968)).json == {"error": "Contract 11004968 is not available for trading"}


def test_an_id_of_the_clients_is_text(desk: OrderDesk) -> None:
    assert desk.send(wanted(cOID={"a": 1})).status == 400


def test_an_order_is_changed_by_sending_all_of_it_again(desk: OrderDesk) -> None:
    number = desk.settle(desk.send(far(desk, cOID="mine")))[0]["order_id"]
    path = f"/iserver/account/{FIRST}/order/{number}"
    [row] = desk.settle(desk.client.post(path, far(desk, quantity=7)))
    assert (row["order_id"], row["local_order_id"], row["order_status"]) == (number, "mine", "Submitted")
    assert desk.row(number)["totalSize"] == 7.0
    assert "error" in desk.client.post(path, far(desk, side="SELL")).json
    assert desk.client.post(path, [far(desk)]).status == 400


def test_a_filled_order_can_be_neither_changed_nor_cancelled(desk: OrderDesk) -> None:
    number = desk.place()
    desk.wait(minutes=2)
    path = f"/iserver/account/{FIRST}/order/{number}"
    assert "cannot be modified: Filled" in desk.client.post(path, wanted(quantity=3)).json["error"]
    assert "cannot be cancelled: Filled" in desk.client.call("DELETE", f"/v1/api{path}").json["error"]


def test_a_cancellation_is_taken_in_with_the_id_as_a_number(desk: OrderDesk) -> None:
    number = desk.place()
    answer = desk.client.call("DELETE", f"/v1/api/iserver/account/{FIRST}/order/{number}")
    expected = {"msg": "Request was submitted", "order_id": int(number), "conid": -1, "account": None}
    assert (answer.status, answer.json) == (200, expected)
    assert desk.row(number)["status"] == "Cancelled"
    desk.wait(minutes=5)
    assert desk.row(number)["filledQuantity"] == 0.0


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_an_unknown_order_does_not_exist(desk: OrderDesk, method: str) -> None:
    body = b"{}"
    path = f"/v1/api/iserver/account/{FIRST}/order/1"
    answer = desk.client.call(method, path, body, headers={"content-length": "2"})
    assert (answer.status, answer.json) == (400, {"error": "OrderID 1 doesn't exist"})


def test_minus_one_cancels_everything_that_works(desk: OrderDesk) -> None:
    numbers = [desk.place(), desk.settle(desk.send(far(desk)))[0]["order_id"]]
    desk.client.call("DELETE", f"/v1/api/iserver/account/{FIRST}/order/-1")
    assert [desk.row(number)["status"] for number in numbers] == ["Cancelled", "Cancelled"]


def test_the_first_list_of_each_brokerage_session_is_empty(desk: OrderDesk) -> None:
    desk.place()
    empty = {"orders": [], "snapshot": False}
    path = "/iserver/account/orders"
    assert desk.client.get(path).json == empty
    assert desk.client.get(path).json["snapshot"] is True
    assert len(desk.client.get(path).json["orders"]) == 1
    assert desk.client.get(path, force="true").json == empty
    assert len(desk.client.get(path).json["orders"]) == 1
    desk.simulation.session.initialise(compete=True)
    desk.prime()
    assert desk.client.get(path).json == empty


def test_a_row_of_the_list_has_the_gateways_odd_types(desk: OrderDesk) -> None:
    number = desk.place(orderType="LMT", price=round(desk.price() * 1.01, 2), quantity=3, tif="GTC")
    row = desk.row(number)
    assert (row["price"], row["sizeAndFills"], row["timeInForce"]) == (f"{desk.price() * 1.01:.2f}", "0/3", "GTC")
    assert (row["remainingQuantity"], row["filledQuantity"], row["totalSize"]) == (3.0, 0.0, 3.0)
    assert (row["origOrderType"], row["orderType"], row["listingExchange"]) == ("LIMIT", "Limit", "NASDAQ.NMS")
    assert "avgPrice" not in row
    assert "order_ref" not in row
    desk.wait(minutes=2)
    row = desk.row(number)
    assert (row["status"], row["sizeAndFills"], row["order_ccp_status"]) == ("Filled", "3", "Filled")
    assert re.fullmatch(r"\d+\.\d\d", row["avgPrice"])
    assert row["lastExecutionTime"] == datetime.fromtimestamp(row["lastExecutionTime_r"] / 1000, UTC).strftime(
        "%y%m%d%H%M%S"
    )
    assert row["orderDesc"] == f"Bought 3 AAPL Limit {row['price']}, GTC"
    market = desk.row(desk.place())
    assert (market["price"], market["timeInForce"], market["orderDesc"]) == ("", "CLOSE", "Buy 10 Market, Day")


def test_the_list_can_be_filtered_by_state(desk: OrderDesk) -> None:
    filled = desk.place()
    desk.wait(minutes=2)
    working = desk.settle(desk.send(far(desk)))[0]["order_id"]
    assert [row["orderId"] for row in desk.live(filters="filled")] == [int(filled)]
    assert [row["orderId"] for row in desk.live(filters="Submitted,pre_submitted")] == [int(working)]
    assert [row["orderId"] for row in desk.live(filters="sort_by_time")] == [int(working), int(filled)]
    assert not desk.live(filters="warn_state")


def test_the_list_is_of_the_selected_account_or_of_the_one_named() -> None:
    desk = make_order_desk(accounts=2)
    number = desk.place()
    desk.client.post("/iserver/account", {"acctId": "U9900002"})
    assert not [row for row in desk.live() if row["status"] != "Filled"]
    assert [row["orderId"] for row in desk.live(accountId=FIRST) if row["status"] != "Filled"] == [int(number)]
    assert desk.client.get("/iserver/account/orders", accountId="U1").status == 400


def test_orders_of_yesterday_leave_the_list_once_they_are_done(desk: OrderDesk) -> None:
    filled, working = desk.place(), desk.settle(desk.send(far(desk, tif="GTC")))[0]["order_id"]
    desk.wait(days=1)
    numbers = [row["orderId"] for row in desk.live()]
    assert int(working) in numbers
    assert int(filled) not in numbers
    assert desk.client.get(f"/iserver/account/order/status/{filled}").status == 503


def test_the_owners_own_trades_of_today_show_as_filled_orders() -> None:
    desk = make_order_desk(positions=60)
    book = desk.simulation.world.ledger(desk.account, NOON.date()).book
    told = 0
    for _ in range(20):
        today, now = day_begins(desk.simulation.desk.blotter.now()), desk.simulation.desk.blotter.now()
        own = [entry for entry in book.entries if entry.kind is Kind.TRADE and today <= entry.at <= now]
        rows = desk.live()
        assert sorted(row["lastExecutionTime_r"] // 1000 for row in rows) == sorted(entry.at for entry in own)
        assert all(row["status"] == "Filled" and row["remainingQuantity"] == 0.0 for row in rows)
        trades = {row["order_id"]: row["size"] for row in desk.trades()}
        assert {row["orderId"]: row["filledQuantity"] for row in rows} == trades
        told += len(rows)
        desk.wait(days=1)
    assert told >= 5


def test_the_status_of_an_order_has_its_numbers_as_text(desk: OrderDesk) -> None:
    number = desk.settle(desk.send(far(desk)))[0]["order_id"]
    found = desk.client.get(f"/iserver/account/order/status/{number}").json
    assert (found["order_id"], found["conid"], found["side"]) == (int(number), AAPL, "B")
    assert (found["size"], found["total_size"], found["cum_fill"]) == ("10.0", "10.0", "0.0")
    assert found["limit_price"] == desk.row(number)["price"]
    assert (found["order_status"], found["order_ccp_status"], found["editable_fields"]) == ("Submitted", "0", "\x1e")
    assert "average_price" not in found
    other = desk.place()
    desk.wait(minutes=2)
    found = desk.client.get(f"/iserver/account/order/status/{other}").json
    assert (found["order_status"], found["order_ccp_status"], found["cum_fill"]) == ("Filled", "2", "10.0")
    assert found["average_price"] == desk.row(other)["avgPrice"]
    assert found["order_not_editable"] is True


@pytest.mark.parametrize("number", ["1", "abc", "9" * 5000])
def test_the_status_of_an_unknown_order_is_not_found(desk: OrderDesk, number: str) -> None:
    answer = desk.client.get(f"/iserver/account/order/status/{number}")
    assert (answer.status, answer.json) == (503, {"error": f"Order {number} is not found", "statusCode": 503})


def test_an_order_placed_while_the_exchange_is_closed_waits_as_presubmitted() -> None:
    desk = make_order_desk(at=SATURDAY)
    number = desk.place()
    assert desk.row(number)["status"] == "PreSubmitted"
    desk.wait(days=2)
    assert desk.row(number)["status"] == "Filled"
