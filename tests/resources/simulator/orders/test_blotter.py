from datetime import UTC, date, datetime, timedelta

import pytest

from resources.simulator.accounts.book import Kind
from resources.simulator.orders.order import Status
from tests.resources.simulator.conftest import FIRST, NOON
from tests.resources.simulator.order_desk import AAPL, AZN, EURUSD, SPY, OrderDesk, make_order_desk, wanted

OPENING = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
CLOSING = datetime(2026, 11, 24, 21, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 2, tzinfo=UTC)  # 21:00 in New York
FRIDAY = datetime(2026, 11, 27, 16, tzinfo=UTC)  # closes at 13:00 in New York
OPTION = 991_000_000  # the first of the list, long expired


@pytest.fixture
def desk() -> OrderDesk:
    return make_order_desk()


def option(desk: OrderDesk) -> int:
    """A listed option that lives for some weeks."""
    today = desk.simulation.clock.now().date()
    for contract in desk.simulation.market.instruments():
        if contract.asset_class == "OPT" and contract.expiry and 10 < (contract.expiry - today).days < 60:
            return contract.conid
    raise AssertionError("no option")


def future(desk: OrderDesk, symbol: str = "ES") -> int:
    today = desk.simulation.clock.now().date()
    found = desk.simulation.market.instruments()
    return next(
        c.conid for c in found if c.symbol == symbol and c.asset_class == "FUT" and c.expiry and c.expiry > today
    )


def near(price: float, factor: float) -> float:
    return round(price * factor, 2)


def test_a_market_order_fills_at_the_next_minutes_first_price(desk: OrderDesk) -> None:
    before, number = desk.held(), desk.place()
    desk.wait(seconds=59)
    assert (desk.held(), desk.state(number)) == (before, "Submitted")
    desk.wait(seconds=1)
    assert desk.state(number) == "Filled"
    assert desk.held() == before + 10
    assert desk.row(number)["avgPrice"] == f"{desk.price():.2f}"


def test_a_fill_moves_cash_by_price_and_commission(desk: OrderDesk) -> None:
    cash = desk.cash()
    desk.place(quantity=2.5)
    desk.wait(minutes=1)
    assert desk.cash() == cash - round(250 * desk.price()) - 100
    assert desk.held() % 1 == 0.5


def test_an_order_placed_at_night_fills_at_the_next_opening() -> None:
    desk = make_order_desk(at=NIGHT)
    number = desk.place()
    assert desk.state(number) == "PreSubmitted"
    desk.wait(hours=12, minutes=29)
    assert desk.state(number) == "PreSubmitted"
    desk.wait(minutes=2)
    assert desk.state(number) == "Filled"
    day = date(2026, 11, 25)
    opening = desk.simulation.market.daily(desk.contract(AAPL), day, day)
    assert desk.row(number)["avgPrice"] == f"{opening.open[0]:.2f}"


def test_a_day_order_ends_with_its_session_and_a_gtc_order_does_not(desk: OrderDesk) -> None:
    low = near(desk.price(), 0.6)
    day, gtc = (desk.place(orderType="LMT", price=low, tif=tif) for tif in ("DAY", "GTC"))
    desk.wait(hours=3, minutes=59)
    assert desk.state(day) == "Submitted"
    desk.wait(minutes=2)
    assert (desk.state(day), desk.state(gtc)) == ("Cancelled", "PreSubmitted")
    ended = desk.row(day)
    assert ended["lastExecutionTime_r"] == int(CLOSING.timestamp()) * 1000
    assert "order_cancellation_by_system_reason" in ended


def test_a_future_pauses_for_an_hour_before_its_next_day() -> None:
    desk = make_order_desk(at=CLOSING + timedelta(minutes=70))  # 16:10 in Chicago
    words = {"manualIndicator": True, "extOperator": "somebody"}
    number = desk.place(conid=future(desk), quantity=1, tif="GTC", **words)
    desk.wait(minutes=49)
    assert desk.state(number) == "PreSubmitted"
    desk.wait(minutes=2)
    assert desk.state(number) == "Filled"


def test_what_a_difference_is_worth_is_among_the_shares_of_the_ledger(desk: OrderDesk) -> None:
    desk.place(conid=992_000_000)
    desk.wait(minutes=1)
    assert desk.held(992_000_000) == 10
    ledger = desk.client.get(f"/portfolio/{FIRST}/ledger").json["USD"]
    values = sum(ledger[name] for name in ledger if name.endswith("marketvalue"))
    parts = ledger["cashbalance"] + values + ledger["futuresonlypnl"]
    assert parts == pytest.approx(ledger["netliquidationvalue"], abs=0.01)


def test_both_sides_of_an_exchange_are_settled_at_once(desk: OrderDesk) -> None:
    desk.place(conid=EURUSD, quantity=1000)
    desk.wait(minutes=1)
    before = desk.client.get(f"/portfolio/{FIRST}/ledger").json
    desk.place(conid=EURUSD, quantity=5000)
    desk.wait(minutes=1)
    after = desk.client.get(f"/portfolio/{FIRST}/ledger").json
    for currency in ("EUR", "USD"):
        moved = {name: after[currency][name] - before[currency][name] for name in ("cashbalance", "settledcash")}
        assert moved["settledcash"] == pytest.approx(moved["cashbalance"])
        assert moved["cashbalance"]


def test_an_order_with_outside_rth_fills_after_the_close_at_the_prices_of_the_chart() -> None:
    desk = make_order_desk(at=CLOSING + timedelta(minutes=5))
    limit = near(desk.price(), 1.02)
    inside, outside = (desk.place(orderType="LMT", price=limit, outsideRTH=flag) for flag in (False, True))
    assert (desk.state(inside), desk.state(outside)) == ("PreSubmitted", "Submitted")
    desk.wait(minutes=3)
    assert (desk.state(inside), desk.state(outside)) == ("PreSubmitted", "Filled")
    query = {"conid": str(AAPL), "period": "1d", "bar": "1min", "outsideRth": "true"}
    bars = desk.client.get("/iserver/marketdata/history", **query).json["data"]
    [trade] = [trade for trade in desk.trades() if trade["order_id"] == int(outside)]
    minute = next(bar for bar in bars if bar["t"] <= trade["trade_time_r"] < bar["t"] + 60_000)
    assert minute["l"] <= float(trade["price"]) <= minute["h"]


@pytest.mark.parametrize(
    ("order", "state"),
    [({}, "PreSubmitted"), ({"orderType": "MOC"}, "PreSubmitted"), ({"conid": AZN}, "PreSubmitted")],
)
def test_what_needs_a_market_or_has_one_session_waits_in_spite_of_outside_rth(
    order: dict[str, object], state: str
) -> None:
    desk = make_order_desk(at=CLOSING + timedelta(minutes=5))
    number = desk.place(outsideRTH=True, **order)
    desk.wait(minutes=30)
    assert desk.state(number) == state


def test_a_day_order_with_outside_rth_lives_until_eight_in_the_evening() -> None:
    desk = make_order_desk(at=CLOSING + timedelta(minutes=5))
    number = desk.place(orderType="LMT", price=near(desk.price(), 0.6), outsideRTH=True)
    desk.wait(hours=3, minutes=54)
    assert desk.state(number) == "Submitted"
    desk.wait(minutes=2)
    assert desk.state(number) == "Cancelled"


def test_an_order_for_the_morning_fills_before_the_opening() -> None:
    desk = make_order_desk(at=datetime(2026, 11, 24, 8, tzinfo=UTC))  # 03:00 in New York
    number = desk.place(orderType="LMT", price=near(desk.price(), 1.1), outsideRTH=True, tif="GTC")
    assert desk.state(number) == "PreSubmitted"
    desk.wait(hours=1, minutes=5)
    assert desk.state(number) == "Filled"


def test_an_ioc_order_with_outside_rth_looks_at_the_evenings_price() -> None:
    desk = make_order_desk(at=CLOSING + timedelta(minutes=90))
    good = desk.place(tif="IOC", orderType="LMT", price=near(desk.price(), 1.05), outsideRTH=True)
    bad = desk.place(tif="IOC", orderType="LMT", price=near(desk.price(), 0.9), outsideRTH=True)
    assert (desk.state(good), desk.state(bad)) == ("Submitted", "Cancelled")
    desk.wait(minutes=2)
    assert desk.state(good) == "Filled"


def test_a_day_order_knows_of_early_closes() -> None:
    desk = make_order_desk(at=FRIDAY)
    number = desk.place(orderType="LMT", price=near(desk.price(), 0.6))
    desk.wait(hours=2)
    assert desk.state(number) == "Cancelled"


def test_an_ioc_order_fills_in_the_next_minute_or_is_cancelled_at_once(desk: OrderDesk) -> None:
    good = desk.place(tif="IOC", orderType="LMT", price=near(desk.price(), 1.02))
    bad = desk.place(tif="IOC", orderType="LMT", price=near(desk.price(), 0.98))
    assert (desk.state(good), desk.state(bad)) == ("Submitted", "Cancelled")
    desk.wait(minutes=2)
    assert desk.state(good) == "Filled"


def test_what_an_ioc_order_does_not_fill_in_its_minute_is_cancelled(desk: OrderDesk) -> None:
    number = desk.place(tif="IOC", conid=small(desk), quantity=4000)
    desk.wait(minutes=3)
    row = desk.row(number)
    assert row["status"] == "Cancelled"
    assert 0 < row["filledQuantity"] < 4000
    assert row["sizeAndFills"] == f"{row['filledQuantity']:g}/4000"


def small(desk: OrderDesk) -> int:
    """A company that hardly trades."""
    stocks = [c for c in desk.simulation.market.instruments() if c.conid > 990_001_000 and c.is_us and not c.expiry]
    day = NOON.date()
    return min(stocks, key=lambda contract: desk.simulation.market.daily(contract, day, day).volume[0]).conid


def test_a_large_order_fills_in_parts_and_pays_the_least_commission_once(desk: OrderDesk) -> None:
    conid = small(desk)
    number = desk.place(conid=conid, quantity=400, tif="GTC")
    desk.wait(minutes=3)
    assert 0 < desk.row(number)["filledQuantity"] < 400
    assert desk.state(number) == "Submitted"
    desk.wait(minutes=30)
    assert desk.state(number) == "Filled"
    trades = [trade for trade in desk.trades() if trade["conid"] == conid]
    assert len(trades) > 1
    assert sum(trade["size"] for trade in trades) == 400
    assert sum(float(trade["commission"]) for trade in trades) == pytest.approx(2.0)
    assert len({trade["execution_id"] for trade in trades}) == len(trades)
    assert {trade["order_id"] for trade in trades} == {int(number)}


def test_the_opening_and_the_close_have_prices_of_their_own() -> None:
    desk = make_order_desk(at=OPENING - timedelta(hours=1))
    opg, moc, loc = desk.place(tif="OPG"), desk.place(orderType="MOC"), desk.place(orderType="LOC", price=1.0)
    desk.wait(hours=8)
    bar = desk.simulation.market.daily(desk.contract(AAPL), NOON.date(), NOON.date())
    assert desk.row(opg)["avgPrice"] == f"{bar.open[0]:.2f}"
    assert desk.row(moc)["avgPrice"] == f"{bar.close[0]:.2f}"
    assert desk.state(loc) == "Cancelled"


def bracket(desk: OrderDesk, entry: float, target: float, stop: float) -> list[str]:
    parent = wanted(orderType="LMT", price=entry, cOID="parent", tif="GTC")
    exits = {"side": "SELL", "tif": "GTC", "parentId": "parent"}
    rows = desk.settle(
        desk.send(
            parent,
            wanted(orderType="LMT", price=target, **exits),
            wanted(orderType="STP", price=stop, **exits),
        )
    )
    return [row["order_id"] for row in rows]


def test_a_bracket_sleeps_until_its_parent_fills_and_its_exits_exclude_each_other(desk: OrderDesk) -> None:
    price, before = desk.price(), desk.held()
    parent, target, stop = bracket(desk, near(price, 1.01), near(price, 1.03), near(price, 0.97))
    assert [desk.state(number) for number in (target, stop)] == ["PreSubmitted", "PreSubmitted"]
    desk.wait(minutes=2)
    assert [desk.state(number) for number in (parent, target, stop)] == ["Filled", "Submitted", "PreSubmitted"]
    desk.wait(days=60)
    assert sorted([desk.state(target), desk.state(stop)]) == ["Cancelled", "Filled"]
    assert desk.held() == before


def test_a_bracket_that_is_walked_at_once_ends_as_one_watched_by_the_hour(desk: OrderDesk) -> None:
    watched, price = make_order_desk(), desk.price()
    ends = []
    for each, step in ((desk, 24 * 20), (watched, 1)):
        numbers = bracket(each, near(price, 0.995), near(price, 1.02), near(price, 0.98))
        for _ in range(24 * 20 // step):
            each.wait(hours=step)
            each.simulation.desk.blotter.catch_up()
        found = [each.simulation.desk.blotter.order(int(number)) for number in numbers]
        ends.append([(order.ended, order.changed_at, order.fills) for order in found if order])
    assert ends[0] == ends[1]


def test_children_end_with_their_parent(desk: OrderDesk) -> None:
    price = desk.price()
    numbers = bracket(desk, near(price, 0.7), near(price, 1.1), near(price, 0.6))
    desk.client.call("DELETE", f"/v1/api/iserver/account/{FIRST}/order/{numbers[0]}")
    assert [desk.state(number) for number in numbers] == ["Cancelled"] * 3


def test_of_a_group_only_one_fills(desk: OrderDesk) -> None:
    price = desk.price()
    group = {"orderType": "LMT", "isSingleGroup": True}
    far = wanted(price=near(price, 0.975), **group)
    rows = desk.settle(desk.send(far, wanted(conid=SPY, price=near(desk.price(SPY), 1.01), **group)))
    desk.wait(minutes=3)
    assert [desk.state(row["order_id"]) for row in rows] == ["Cancelled", "Filled"]


def test_several_orders_that_have_nothing_to_do_with_each_other_are_refused(desk: OrderDesk) -> None:
    assert "must be a bracket" in desk.send(wanted(), wanted()).json["error"]


def test_a_changed_order_follows_its_new_terms(desk: OrderDesk) -> None:
    number = desk.place(orderType="LMT", price=near(desk.price(), 0.98))
    desk.wait(minutes=2)
    path = f"/iserver/account/{FIRST}/order/{number}"
    desk.settle(desk.client.post(path, wanted(orderType="LMT", price=near(desk.price(), 1.01))))
    desk.wait(minutes=2)
    assert desk.state(number) == "Filled"


def test_selling_more_than_is_held_turns_the_position_short(desk: OrderDesk) -> None:
    desk.place(quantity=20)
    desk.wait(minutes=2)
    held = desk.held()
    assert held >= 20
    desk.place(side="SELL", quantity=held + 5)
    desk.wait(minutes=2)
    assert desk.held() == -5


def test_a_position_that_is_sold_whole_disappears(desk: OrderDesk) -> None:
    desk.place(quantity=20)
    desk.wait(minutes=2)
    assert AAPL in [row["conid"] for row in desk.client.get(f"/portfolio/{FIRST}/positions/0").json]
    desk.place(side="SELL", quantity=desk.held())
    desk.wait(minutes=2)
    assert AAPL not in [row["conid"] for row in desk.client.get(f"/portfolio/{FIRST}/positions/0").json]


def test_currencies_change_hands_and_leave_no_position(desk: OrderDesk) -> None:
    euros, dollars, net = desk.cash("EUR"), desk.cash("USD"), desk.simulation.valuation(desk.account).net
    desk.place(conid=EURUSD, quantity=10_000)
    desk.wait(minutes=2)
    assert desk.held(EURUSD) == 0
    assert desk.cash("EUR") == euros + 1_000_000
    assert desk.cash("USD") < dollars - 1_000_000
    assert desk.simulation.valuation(desk.account).net == pytest.approx(net, rel=0.003)
    [trade] = [trade for trade in desk.trades() if trade["conid"] == EURUSD]
    assert (trade["size"], trade["side"], trade["sec_type"]) == (10_000.0, "B", "CASH")


def test_a_future_costs_its_commission_and_is_settled_in_the_evening(desk: OrderDesk) -> None:
    conid, cash = future(desk), desk.cash()
    desk.place(conid=conid, quantity=1, manualIndicator=True, extOperator="me")
    desk.wait(minutes=2)
    assert (desk.held(conid), desk.cash()) == (1.0, cash - 225)
    bought = float(desk.trades()[0]["price"])
    desk.wait(hours=7)
    close = desk.simulation.market.daily(desk.contract(conid), NOON.date(), NOON.date()).close[0]
    assert desk.cash() == cash - 225 + round((close - bought) * 5000)


def test_options_from_orders_expire_at_their_last_close(desk: OrderDesk) -> None:
    conid = option(desk)
    before = desk.held(conid)
    desk.place(conid=conid, quantity=3, side="SELL")
    desk.wait(minutes=2)
    assert desk.held(conid) == before - 3
    expiry = desk.contract(conid).expiry
    assert expiry is not None
    desk.wait(days=(expiry - NOON.date()).days + 1)
    assert desk.held(conid) == 0
    entries = desk.simulation.world.ledger(desk.account, expiry).book.entries
    last = [entry for entry in entries if entry.conid == conid and entry.kind is Kind.EXPIRY]
    close = desk.simulation.market.daily(desk.contract(conid), expiry, expiry).close[0]
    assert (30_000, close) in [(entry.quantity, entry.price) for entry in last]


def test_shares_from_orders_earn_dividends() -> None:
    desk = make_order_desk(positions=0)
    conid = next(c.conid for c in desk.simulation.market.instruments() if c.conid % 5 < 3 and c.asset_class == "STK")
    desk.client.post("/iserver/questions/suppress", {"messageIds": ["o383", "o354"]})
    desk.place(conid=conid, quantity=100)
    desk.wait(days=100)
    assert desk.held(conid) == 100
    entries = desk.simulation.world.ledger(desk.account, desk.simulation.clock.now().date()).book.entries
    now = desk.simulation.desk.blotter.now()
    assert [entry.kind.value for entry in entries if entry.conid == conid and entry.at <= now][:2] == [
        "trade",
        "dividend",
    ]


def test_what_is_bought_in_the_night_is_held_at_once() -> None:
    desk = make_order_desk(at=NIGHT)
    conid = future(desk)
    number = desk.place(conid=conid, quantity=1, manualIndicator=True, extOperator="me")
    desk.wait(minutes=2)
    assert desk.state(number) == Status.FILLED
    assert desk.held(conid) == 1.0


def test_the_same_orders_fill_in_the_same_way_in_another_simulator() -> None:
    ends = []
    for _ in range(2):
        desk = make_order_desk()
        desk.place()
        desk.place(orderType="LMT", price=near(desk.price(), 0.99), tif="GTC")
        desk.wait(days=5)
        ends.append((desk.live(), desk.trades(days="7")))
    assert ends[0] == ends[1]
