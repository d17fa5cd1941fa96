"""Whatever is ordered and however time passes, all that the gateway tells fits together."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.accounts import book as books
from resources.simulator.accounts import marks
from resources.simulator.accounts.performance import net_values
from resources.simulator.orders.order import Kind
from resources.simulator.orders.trades import day_begins
from tests.resources.simulator.conftest import FIRST, NOON
from tests.resources.simulator.order_desk import AAPL, AZN, EURUSD, SPY, OrderDesk, Row, make_order_desk, market

pytestmark = pytest.mark.slow

LISTED = market(7, NOON.date()).instruments()
ALIVE = [c.conid for c in LISTED if c.expiry and 0 < (c.expiry - NOON.date()).days < 40]
DIFFERENCE = 992_000_000
CONIDS = (AAPL, SPY, AZN, EURUSD, DIFFERENCE, *ALIVE[:1], *ALIVE[-3:])
CENT = 0.006

orders = st.fixed_dictionaries(
    {
        "conid": st.sampled_from(CONIDS),
        "side": st.sampled_from(["BUY", "SELL"]),
        "orderType": st.sampled_from(["MKT", *Kind]),
        "tif": st.sampled_from(["GTC", "GTC", "DAY", "IOC", "OPG"]),
        "quantity": st.sampled_from([1, 2, 7, 60, 900]),
        "outsideRTH": st.booleans(),
        "away": st.sampled_from([0.97, 0.995, 1.0, 1.004, 1.03]),
    }
)
steps = st.one_of(
    st.tuples(st.just("place"), orders),
    st.tuples(st.just("place"), orders),
    st.tuples(st.just("bracket"), orders),
    st.tuples(st.just("modify"), orders),
    st.tuples(st.just("cancel"), st.booleans()),
    st.tuples(st.just("minutes"), st.integers(1, 400)),
    st.tuples(st.just("days"), st.integers(1, 20)),
)


def raw(desk: OrderDesk, order: Row) -> Row:
    """An order with prices on the tick around the market's."""
    contract = desk.contract(order["conid"])
    price = round(desk.price(contract.conid) * order["away"] * contract.ticks) / contract.ticks or 1 / contract.ticks
    rest = {key: value for key, value in order.items() if key != "away"}
    return {
        **rest,
        "price": price,
        "auxPrice": price,
        "trailingAmt": price / 100,
        "manualIndicator": True,
        "extOperator": "x",
    }


def say_yes(desk: OrderDesk, rows: object) -> None:
    while isinstance(rows, list) and "message" in rows[0]:
        rows = desk.client.post(f"/iserver/reply/{rows[0]['id']}", {"confirmed": True}).json


def act(desk: OrderDesk, what: str, how: object) -> None:
    working = [row for row in desk.live() if row["status"] not in {"Filled", "Cancelled"}]
    number = working[0]["orderId"] if working else 1
    path = f"/iserver/account/{FIRST}/order/{number}"
    match what, how:
        case "place", dict():
            say_yes(desk, desk.send(raw(desk, how)).json)
        case "bracket", dict():
            parent = raw(desk, how)
            name = f"b{desk.simulation.desk.blotter.now()}"
            turned = {**parent, "side": "SELL" if how["side"] == "BUY" else "BUY", "parentId": name, "tif": "GTC"}
            exits = [{**turned, "orderType": kind} for kind in ("LMT", "STP")]
            say_yes(desk, desk.send({**parent, "cOID": name}, *exits).json)
        case "modify", dict():
            order = desk.simulation.desk.blotter.order(number)
            same = (
                {"conid": order.ticket.contract.conid, "side": "BUY" if order.ticket.side > 0 else "SELL"}
                if order
                else {}
            )
            say_yes(desk, desk.client.post(path, raw(desk, {**how, **same})).json)
        case "cancel", every:
            desk.client.call("DELETE", f"/v1/api/iserver/account/{FIRST}/order/{-1 if every else number}")
        case _, int():
            desk.wait(**{what: how})


def check(desk: OrderDesk) -> None:
    ledger = desk.client.get(f"/portfolio/{FIRST}/ledger").json
    base = ledger.pop("BASE")
    valuation = desk.simulation.valuation(desk.account)
    rows = [row for row in valuation.rows if row.contract.asset_class != "FUT"]
    positions = sum(row.value / 100 * valuation.rates[row.contract.currency] for row in rows)
    assert base["netliquidationvalue"] == pytest.approx(
        base["cashbalance"] + positions + base["futuresonlypnl"], abs=CENT
    )
    shares = desk.client.get(f"/portfolio/{FIRST}/allocation").json["assetClass"]
    allocated = sum(shares["long"].values()) + sum(shares["short"].values())
    assert allocated == pytest.approx(base["cashbalance"] + positions, abs=CENT)
    told = {}
    for page in range(2):
        for row in desk.client.get(f"/portfolio/{FIRST}/positions/{page}").json:
            told[row["conid"]] = row["position"]
    assert told == {row.contract.conid: row.quantity for row in valuation.rows}


def check_trades(desk: OrderDesk, start: int, before: dict[int, float]) -> None:
    """What trades and expiries say has changed is what has changed."""
    now = desk.simulation.desk.blotter.now()
    signed: dict[int, float] = {}
    if day_begins(now, 6) <= start:
        for trade in desk.trades(days="7"):
            if trade["trade_time_r"] // 1000 > start and trade["sec_type"] != "CASH":
                change = trade["size"] if trade["side"] == "B" else -trade["size"]
                signed[trade["conid"]] = signed.get(trade["conid"], 0.0) + change
        book = desk.simulation.world.ledger(desk.account, desk.simulation.clock.now().date()).book
        for entry in book.entries:
            if entry.kind is books.Kind.EXPIRY and start < entry.at <= now:
                signed[entry.conid] = signed.get(entry.conid, 0.0) + entry.quantity / 10_000
        after = held(desk)
        changes = {conid: after.get(conid, 0.0) - before.get(conid, 0.0) for conid in {*after, *before}}
        assert {c: n for c, n in changes.items() if n} == pytest.approx(
            {c: n for c, n in signed.items() if abs(n) > 1e-9}
        )


def held(desk: OrderDesk) -> dict[int, float]:
    return {row.contract.conid: row.quantity for row in desk.simulation.valuation(desk.account).rows}


def check_evening(desk: OrderDesk) -> None:
    """Moves to the evening and compares what performance says with what the ledger says."""
    there = desk.simulation.clock.now()
    evening = marks.evening(marks.weekday_from(there.date() + timedelta(days=1))).at
    desk.simulation.clock.advance(evening - there)
    body = {"acctIds": [FIRST], "period": "1D"}
    found = desk.client.post("/pa/performance", body).json["nav"]["data"][0]["navs"][-1]
    ledger = desk.client.get(f"/portfolio/{FIRST}/ledger").json["BASE"]["netliquidationvalue"]
    assert found == pytest.approx(ledger, abs=CENT)


@settings(max_examples=20, deadline=None)
@given(plan=st.lists(steps, min_size=4, max_size=9), positions=st.sampled_from([0, 5, 30]))
def test_orders_and_time_keep_everything_consistent(plan: list[tuple[str, object]], positions: int) -> None:
    desk = make_order_desk(positions=positions)
    before_any = net_values(desk.simulation.world, desk.account, [marks.weekday_before(NOON.date())])
    start, before = desk.simulation.desk.blotter.now(), held(desk)
    for what, how in plan:
        act(desk, what, how)
        check(desk)
        check_trades(desk, start, before)
    check_evening(desk)
    assert net_values(desk.simulation.world, desk.account, [marks.weekday_before(NOON.date())]) == before_any
    book = desk.simulation.world.ledger(desk.account, desk.simulation.clock.now().date()).book
    filled = [entry for entry in book.entries if entry.order and entry.kind in books.TRADED]
    orders = {order.number: order for order in desk.simulation.desk.blotter.orders(FIRST)}
    for order in orders.values():
        done = sum(abs(entry.quantity) for entry in filled if entry.order == order.number)
        assert done == order.filled <= order.ticket.quantity
    assert all(datetime.fromtimestamp(entry.at, UTC) <= desk.simulation.clock.now() for entry in filled)
