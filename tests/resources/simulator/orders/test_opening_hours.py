from datetime import UTC, date, datetime

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.orders.opening_hours import current, current_or_next, end_of_life
from tests.resources.simulator.conftest import TODAY
from tests.resources.simulator.order_desk import AAPL, EURUSD, market

PRICES = market(7, TODAY)


def at(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp())


def contract(conid: int) -> Instrument:
    found = PRICES.instrument(conid)
    assert found is not None
    return found


def test_shares_trade_in_the_session_and_not_outside_it() -> None:
    for day, hour, minute, is_open in ((24, 14, 29, False), (24, 14, 30, True), (24, 20, 59, True), (24, 21, 0, False)):
        assert (current(PRICES, contract(AAPL), at(day, hour, minute)) is not None) is is_open


def test_after_the_close_comes_the_next_trading_day_over_holidays_and_early_closes() -> None:
    thanksgiving = current_or_next(PRICES, contract(AAPL), at(25, 21))
    assert thanksgiving is not None
    assert (thanksgiving.day, thanksgiving.closes) == (date(2026, 11, 27), at(27, 18))
    monday = current_or_next(PRICES, contract(AAPL), at(27, 18))
    assert monday is not None
    assert monday.day == date(2026, 11, 30)


def test_currencies_trade_through_the_night() -> None:
    assert current(PRICES, contract(EURUSD), at(25, 3)) is not None


def test_an_expiring_future_stops_when_positions_in_it_expire() -> None:
    future = next(c for c in PRICES.instruments() if c.symbol == "ES" and c.expiry and c.expiry > TODAY)
    ends = end_of_life(future)
    assert ends is not None
    assert current(PRICES, future, ends - 60) is not None
    assert current_or_next(PRICES, future, ends) is None
