from datetime import date
from typing import Any

import pandas as pd
import pytest

from resources.envelope import Request
from tests.assets.bent import CHECKS, Bent

BEFORE = date(2026, 11, 20)
WORKING: dict[str, Any] = {
    "acct": "U9900001", "account": "U9900001", "conidex": "990000123", "conid": 990000123, "orderId": 555000111,
    "cashCcy": "USD", "sizeAndFills": "3/45", "orderDesc": "Buy 45 Limit 12.50, GTC", "description1": "SIMA",
    "ticker": "SIMA", "secType": "STK", "listingExchange": "NYSE", "remainingQuantity": 42.0, "filledQuantity": 3.0,
    "totalSize": 45.0, "companyName": "SIM ALPHA", "status": "PreSubmitted", "order_ccp_status": "Submitted",
    "origOrderType": "LIMIT", "supportsTaxOpt": "1", "lastExecutionTime": "261123143005", "orderType": "Limit",
    "bgColor": "#FFFFFF", "fgColor": "#0000CC", "isEventTrading": "0", "price": "12.50", "timeInForce": "GTC",
    "lastExecutionTime_r": 1795444205000, "side": "BUY", "order_ref": "mine-1", "outsideRTH": False,
}  # fmt: skip
FILLED = {
    **WORKING, "orderId": 555000112, "sizeAndFills": "45", "remainingQuantity": 0.0, "filledQuantity": 45.0,
    "status": "Filled", "order_ccp_status": "Filled", "avgPrice": "1,012.25", "price": "", "orderType": "Market",
    "timeInForce": "CLOSE",
}  # fmt: skip


def _told(*orders: dict[str, Any], snapshot: Any = True) -> Any:
    """As the only reply."""
    first = iter((True,))
    return lambda _request, _reply: {"orders": list(orders), "snapshot": snapshot} if next(first, False) else None


def _row(bent: Bent, **changes: Any) -> dict[str, Any]:
    [row] = bent.bend("orders", _told({**WORKING, **changes})).build("orders").rows("orders").to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_a_working_order_is_read_with_its_price_as_text(bent: Bent) -> None:
    row = _row(bent)
    assert (row["order_id"], row["conid"], row["side"], row["order_reference"]) == (
        555000111,
        990000123,
        "BUY",
        "mine-1",
    )
    assert (row["price"], row["average_price"], row["currency"]) == (12.5, None, "USD")
    assert (row["total_quantity"], row["filled_quantity"], row["remaining_quantity"]) == (45.0, 3.0, 42.0)
    assert row["last_changed_at"] == row["written_at"] == pd.Timestamp("2026-11-23T14:30:05Z")
    assert (row["is_event_trading"], row["is_authoritative"], row["extra"]) == (False, True, None)


def test_a_filled_order_of_the_day_has_no_price_and_its_day_is_called_close(bent: Bent) -> None:
    row = _row(bent, **FILLED)
    assert (row["price"], row["average_price"], row["time_in_force"], row["status"]) == (None, 1012.25, "DAY", "Filled")


def test_every_price_of_an_order_is_text_and_blank_is_none(bent: Bent) -> None:
    row = _row(bent, price="", auxPrice="1,012.50", stop_price="12.45", avgPrice="12.4")
    names = ("price", "auxiliary_price", "stop_price", "average_price")
    assert [row[name] for name in names] == [None, 1012.5, 12.45, 12.4]


@pytest.mark.parametrize("order_id", [555000111, "555000111"])
def test_the_id_of_an_order_is_a_number_or_text(bent: Bent, order_id: Any) -> None:
    assert _row(bent, orderId=order_id)["order_id"] == 555000111


def test_what_only_some_orders_have_may_be_absent(bent: Bent) -> None:
    often = ("order_ref", "outsideRTH", "isEventTrading", "price", "listingExchange", "lastExecutionTime", "conid")
    lean = {name: value for name, value in WORKING.items() if name not in often}
    [row] = bent.bend("orders", _told(lean)).build("orders").rows("orders").to_dict("records")
    assert (row["order_reference"], row["is_event_trading"], row["written_at"], row["price"]) == (None,) * 4


def test_an_order_whose_two_times_differ_is_rejected(bent: Bent) -> None:
    built = bent.bend("orders", _told({**WORKING, "lastExecutionTime": "261123093005"}, FILLED)).build("orders")
    assert built.reasons("orders") == [["Both forms of the last execution's time are the same second"]]
    assert len(built.rows("orders")) == 1


def test_a_list_that_never_became_authoritative_is_kept_marked_and_fails(bent: Bent) -> None:
    built = bent.bend("orders", _told(WORKING, snapshot=False)).build("orders")
    assert built.rows("orders")["is_authoritative"].tolist() == [False]
    [offender] = built.verdict("every_list_is_authoritative").offenders
    assert offender["problem"].startswith("orders of the account: asked 1 times, and the gateway still says that its ")
    assert "the next night goes on without it" in offender["problem"]
    assert built.verdict("the_gateway_says_when_a_list_is_complete").has_passed


def test_a_gateway_that_never_says_so_blocks_its_first_night_only_and_is_told_of(bent: Bent) -> None:
    blocking, told = "every_list_is_authoritative", "the_gateway_says_when_a_list_is_complete"
    assert (CHECKS[blocking].is_blocking, CHECKS[told].is_blocking) == (True, False)
    bent.bend("orders", _told(WORKING, snapshot=False)).again_on(BEFORE, "orders")
    assert [bent.verdict(name, day=BEFORE).count for name in (blocking, told)] == [1, 0]
    assert [bent.verdict(name).count for name in (blocking, told)] == [0, 1]


def test_a_list_that_is_incomplete_after_one_that_was_complete_fails(bent: Bent) -> None:
    bent.again_on(BEFORE, "orders").bend("orders", _told(WORKING, snapshot=False))
    assert bent.verdict("every_list_is_authoritative").count == 1
    assert bent.verdict("the_gateway_says_when_a_list_is_complete").has_passed


def test_the_first_list_of_a_session_is_asked_again_and_the_last_one_counts(bent: Bent) -> None:
    [landed] = bent.lake.raw.landings("orders", "2026-11-23")
    replies = list(bent.lake.raw.read(landed))
    assert [b'"snapshot":true' in reply.body.replace(b" ", b"") for reply in replies] == [False, True]
    assert {str(reply.request) for reply in replies} == {"GET /iserver/account/orders"}, "no filters, never force"
    assert (replies[1].received_at - replies[0].received_at).total_seconds() >= 5
    assert bent.verdict("every_list_is_authoritative").has_passed


def test_a_list_that_is_as_long_as_lists_get_is_told_of(bent: Bent) -> None:
    assert bent.verdict("no_list_is_as_long_as_lists_get").has_passed
    many = [{**WORKING, "orderId": number} for number in range(1000)]
    assert bent.bend("orders", _told(*many)).verdict("no_list_is_as_long_as_lists_get").count == 1


def test_orders_as_the_gateway_sent_them_pass_every_check(bent: Bent) -> None:
    built = bent.build("orders", "accounts")
    for name in (
        "every_order_is_of_a_known_account",
        "filled_and_remaining_make_the_total",
        "every_status_is_understood",
    ):
        assert built.verdict(name).has_passed, name
    assert built.generated("orders", "observed_on_its_trading_day").has_passed
    assert built.reasons("orders") == []
    assert sorted(built.rows("orders")["status"]) == ["Filled", "PreSubmitted"]


def test_an_order_of_an_account_that_the_login_does_not_see_fails(bent: Bent) -> None:
    stranger = {**WORKING, "account": "U7654321", "acct": "U7654321"}
    bent.bend("orders", _told(stranger, {**WORKING, "account": None}))
    assert bent.verdict("every_order_is_of_a_known_account").has_passed, "nobody knows the accounts yet"
    [offender] = bent.build("accounts").verdict("every_order_is_of_a_known_account").offenders
    assert offender["problem"] == "the list is of U…4321, which is none of the login's accounts"


def test_an_account_that_was_opened_since_the_last_list_of_accounts_is_no_stranger(bent: Bent) -> None:
    opened = {**WORKING, "account": "U9900002", "acct": "U9900002"}
    bent.again_on(BEFORE, "accounts").build("accounts", day=BEFORE)
    bent.ask_as("orders", lambda asked: Request(asked.method, asked.path, {"accountId": "U9900002"}))
    assert bent.bend("orders", _told(opened)).verdict("every_order_is_of_a_known_account").has_passed


def test_an_account_that_only_an_earlier_login_saw_is_a_stranger(bent: Bent) -> None:
    def another(_: Request, reply: Any) -> Any:
        return [{**one, "id": "U7654321", "accountId": "U7654321"} for one in reply]

    bent.again_on(BEFORE, "accounts").bend("accounts", another, day=BEFORE).build("accounts", day=BEFORE)
    bent.build("accounts").bend("orders", _told({**WORKING, "account": "U7654321", "acct": "U7654321"}))
    assert bent.verdict("every_order_is_of_a_known_account").count == 1


@pytest.mark.parametrize(
    ("changes", "offenders"),
    [
        ({}, 0),
        (FILLED, 0),
        ({"sizeAndFills": "0/1,045", "totalSize": 1045, "remainingQuantity": 1045, "filledQuantity": 0}, 0),
        ({"totalSize": None, "totalCashSize": 500.0}, 0),
        ({"remainingQuantity": 41.0}, 1),
        ({"sizeAndFills": "4/45"}, 1),
        ({"sizeAndFills": "3/46"}, 1),
        ({"sizeAndFills": "3/46", "status": "Cancelled"}, 0),
    ],
)
def test_sizes_that_contradict_each_other_are_told_of(bent: Bent, changes: dict[str, Any], offenders: int) -> None:
    built = bent.bend("orders", _told({**WORKING, **changes})).build("orders")
    assert built.verdict("filled_and_remaining_make_the_total").count == offenders


def test_a_new_status_lands_and_is_told_of(bent: Bent) -> None:
    built = bent.bend("orders", _told({**WORKING, "status": "Dreaming"})).build("orders")
    assert built.rows("orders")["status"].tolist() == ["Dreaming"]
    assert built.verdict("every_status_is_understood").count == 1


@pytest.mark.parametrize("reply", [{"snapshot": True}, {"orders": None, "snapshot": True}, [], {"orders": [7]}])
def test_a_reply_of_another_shape_is_rejected_whole(bent: Bent, reply: Any) -> None:
    def other(_: Request, __: Any) -> Any:
        return reply

    assert "shape is not known" in bent.bend("orders", other).build("orders").reasons("orders")[0][0]
