import re
from datetime import UTC, datetime

import pytest

from resources.simulator.accounts.book import Kind
from resources.simulator.orders.trades import day_begins
from tests.resources.simulator.conftest import FIRST
from tests.resources.simulator.order_desk import AAPL, OrderDesk, make_order_desk

PATH = "/iserver/account/trades"


@pytest.fixture
def desk() -> OrderDesk:
    return make_order_desk(positions=60)


def test_the_first_call_of_each_brokerage_session_is_empty(desk: OrderDesk) -> None:
    desk.place()
    desk.wait(minutes=2)
    assert desk.client.get(PATH).json == []
    assert desk.client.get(PATH).json
    desk.simulation.session.initialise(compete=True)
    desk.prime()
    assert desk.client.get(f"{PATH}/").json == []


def test_a_fill_is_told_with_the_gateways_odd_types(desk: OrderDesk) -> None:
    number = desk.place(quantity=3, cOID="mine")
    desk.wait(minutes=2)
    row = desk.trades()[0]
    price = float(desk.row(number)["avgPrice"])
    assert (row["order_id"], row["order_ref"], row["conid"], row["conidEx"]) == (int(number), "mine", AAPL, str(AAPL))
    assert (row["side"], row["size"], row["price"], row["commission"]) == ("B", 3.0, f"{price:.2f}", "1.0")
    assert row["net_amount"] == round(3 * price, 2)
    assert row["position"] == f"{desk.held():.10g}"
    assert row["order_description"] == f"Bot 3 @ {price:.2f} on {row['exchange']}"
    assert re.fullmatch(r"[0-9a-f]{8}\.[0-9a-f]{8}\.01\.01", row["execution_id"])
    at = datetime.fromtimestamp(row["trade_time_r"] / 1000, UTC)
    assert row["trade_time"] == f"{at:%Y%m%d-%H:%M:%S}"


def test_a_sale_has_a_positive_net_amount_too(desk: OrderDesk) -> None:
    desk.place(quantity=3, side="SELL")
    desk.wait(minutes=2)
    row = desk.trades()[0]
    assert row["side"] == "S"
    assert row["size"] == 3.0
    assert row["net_amount"] > 0


@pytest.mark.parametrize(("asked", "days"), [("1", 1), ("3", 3), ("7", 7), ("30", 7), ("0", 1)])
def test_the_window_is_today_and_up_to_six_days_before_it_in_new_york(desk: OrderDesk, asked: str, days: int) -> None:
    desk.place()
    desk.wait(minutes=2)
    rows = desk.trades(days=asked)
    now = desk.simulation.desk.blotter.now()
    since = day_begins(now, days - 1)
    entries = desk.simulation.world.ledger(desk.account, desk.simulation.clock.now().date()).book.entries
    expected = [entry.at for entry in entries if entry.kind is Kind.TRADE and since <= entry.at <= now]
    assert [row["trade_time_r"] // 1000 for row in rows] == expected[::-1]
    assert len({row["execution_id"] for row in rows}) == len(rows)


def test_a_trade_keeps_its_id_as_time_passes_and_in_another_simulator(desk: OrderDesk) -> None:
    before = {row["execution_id"]: row["trade_time_r"] for row in desk.trades(days="7")}
    desk.wait(days=2)
    after = {row["execution_id"]: row["trade_time_r"] for row in desk.trades(days="7")}
    assert set(before.items()) & set(after.items())
    assert {**after, **before} == {**before, **after}
    other = make_order_desk(positions=60)
    assert {row["execution_id"]: row["trade_time_r"] for row in other.trades(days="7")} == before


def test_trades_are_of_the_selected_account_or_of_the_one_named() -> None:
    desk = make_order_desk(accounts=2)
    desk.place()
    desk.wait(minutes=2)
    desk.client.post("/iserver/account", {"acctId": "U9900002"})
    assert AAPL not in [row["conid"] for row in desk.trades() if row["account"] == FIRST]
    assert desk.trades(accountId=FIRST)[0]["account"] == FIRST
    assert desk.client.get(PATH, accountId="U1").status == 400
    assert desk.client.get(PATH, days="many").status == 400
