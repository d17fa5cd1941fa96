import pytest

from resources.simulator.accounts.book import UNIT
from resources.simulator.accounts.margin import INITIAL, MAINTENANCE, gross_value
from resources.simulator.orders.funds import impact, shortage
from resources.simulator.orders.order import Kind, Ticket
from tests.resources.simulator.conftest import FIRST
from tests.resources.simulator.order_desk import AAPL, OrderDesk, make_order_desk


@pytest.fixture
def desk() -> OrderDesk:
    return make_order_desk()


def ticket(desk: OrderDesk, conid: int, side: int, quantity: float) -> Ticket:
    return Ticket(FIRST, desk.contract(conid), side, round(quantity * UNIT), Kind.MARKET, "DAY")


def test_a_purchase_asks_for_margin_on_what_it_adds(desk: OrderDesk) -> None:
    valuation = desk.simulation.valuation(desk.account)
    found = impact(valuation, ticket(desk, AAPL, 1, 10), 200.0, 1.0)
    assert (found.amount, found.commission, found.total) == (2000.0, 1.0, 2001.0)
    assert found.initial.current == INITIAL * gross_value(valuation)
    assert found.initial.after - found.initial.current == pytest.approx(INITIAL * 2000)
    assert found.maintenance.after - found.maintenance.current == pytest.approx(MAINTENANCE * 2000)
    assert shortage(found) is None


def test_what_an_account_cannot_bear_is_told_unless_it_makes_it_safer(desk: OrderDesk) -> None:
    valuation = desk.simulation.valuation(desk.account)
    row = max(valuation.rows, key=lambda row: row.value if row.contract.asset_class == "STK" else 0)
    much = impact(valuation, ticket(desk, row.contract.conid, 1, 1_000_000), row.price, 1.0)
    assert "initial margin" in (shortage(much) or "")
    assert shortage(impact(valuation, ticket(desk, row.contract.conid, -1, row.quantity), row.price * 1e9, 1e9)) is None


def test_futures_are_limited_by_a_multiple_of_the_accounts_worth(desk: OrderDesk) -> None:
    valuation = desk.simulation.valuation(desk.account)
    conid = next(c.conid for c in desk.simulation.market.instruments() if c.symbol == "ES" and c.asset_class == "FUT")
    few, many = (impact(valuation, ticket(desk, conid, 1, number), 6000.0, 1.0) for number in (1, 1000))
    assert few.initial.after == few.initial.current
    assert shortage(few) is None
    assert "times your equity" in (shortage(many) or "")
