from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from resources.simulator.accounts.book import UNIT
from resources.simulator.market.bars import seconds
from resources.simulator.market.market import Bars
from resources.simulator.orders.matching import Matcher, first
from resources.simulator.orders.order import Kind, Order, Ticket
from tests.resources.simulator.conftest import FIRST, NOON
from tests.resources.simulator.order_desk import AAPL, market

BUY, SELL = 1, -1
START = datetime(2026, 11, 24, 17, tzinfo=UTC)


def bars(*rows: tuple[float, float, float, float]) -> Bars:
    """Minutes of open, high, low, close."""
    opening, high, low, closing = np.array(rows, dtype=np.float64).T
    starts = [START + timedelta(minutes=row) for row in range(len(rows))]
    return Bars(starts, opening, high, low, closing, np.full(len(rows), 1000.0))


def order(kind: Kind, side: int, *, stop: float | None = None, tif: str = "DAY", **terms: float | bool) -> Order:
    contract = market(7, NOON.date()).instrument(AAPL)
    assert contract is not None
    ticket = Ticket(FIRST, contract, side, 10 * UNIT, kind, tif, stop=stop, **terms)  # type: ignore[arg-type]
    return Order(1, ticket, 0, 0, 0, stop=stop)


DAY = bars((100, 101, 99, 100), (100, 102, 98, 101), (103, 104, 103, 104), (95, 96, 94, 95))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (order(Kind.MARKET, BUY), (0, 100.0)),
        (order(Kind.LIMIT, BUY, price=98.5), (1, 98.5)),
        (order(Kind.LIMIT, BUY, price=97.0), (3, 95.0)),
        (order(Kind.LIMIT, BUY, price=90.0), None),
        (order(Kind.LIMIT, SELL, price=101.5), (1, 101.5)),
        (order(Kind.LIMIT, SELL, price=102.5), (2, 103.0)),
        (order(Kind.STOP, BUY, stop=101.5), (1, 101.5)),
        (order(Kind.STOP, BUY, stop=102.5), (2, 103.0)),
        (order(Kind.STOP, SELL, stop=98.5), (1, 98.5)),
        (order(Kind.STOP, SELL, stop=97.0), (3, 95.0)),
        (order(Kind.STOP_LIMIT, SELL, stop=98.5, price=98.0), (2, 103.0)),
        (order(Kind.STOP_LIMIT, BUY, stop=101.5, price=96.0), (3, 95.0)),
        (order(Kind.STOP_LIMIT, SELL, stop=94.5, price=94.0), None),
        (order(Kind.MIDPRICE, BUY), (0, 100.0)),
        (order(Kind.MIDPRICE, BUY, price=96.0), (3, 95.0)),
        (order(Kind.MARKET_ON_CLOSE, BUY), (0, 100.0)),
        (order(Kind.LIMIT_ON_CLOSE, SELL, price=102.0), (2, 104.0)),
        (order(Kind.LIMIT, BUY, price=99.0, tif="OPG"), (3, 95.0)),
        (order(Kind.TRAIL, SELL, stop=99.0, trail=1.0), (0, 99.0)),
        (order(Kind.TRAIL, SELL, stop=95.0, trail=3.0), (1, 98.0)),
        (order(Kind.TRAIL, SELL, stop=90.0, trail=5.0), (3, 95.0)),
        (order(Kind.TRAIL, BUY, stop=110.0, trail=4.0), (2, 103.0)),
        (order(Kind.TRAIL, SELL, stop=90.0, trail=4.0, trail_percent=True), (3, 95.0)),
        (order(Kind.TRAIL_LIMIT, SELL, stop=97.0, price=96.0, trail=3.0), (2, 103.0)),
    ],
    ids=str,
)
def test_each_type_fills_in_the_first_minute_that_it_may(wanted: Order, expected: tuple[int, float] | None) -> None:
    assert first(wanted, DAY) == expected


def test_a_trailing_stop_remembers_where_it_stands() -> None:
    wanted = order(Kind.TRAIL, SELL, stop=90.0, trail=7.0)
    assert first(wanted, bars((100, 101, 99, 100), (100, 102, 98, 101))) is None
    assert wanted.stop == 95.0
    assert first(wanted, bars((97, 97.5, 96, 96))) is None
    assert first(wanted, bars((96, 96.5, 94, 95))) == (0, 95.0)


def test_a_stop_limit_that_was_triggered_stays_so() -> None:
    wanted = order(Kind.STOP_LIMIT, SELL, stop=98.5, price=100.0)
    assert first(wanted, bars((99, 99, 98, 98))) is None
    assert wanted.triggered
    assert first(wanted, bars((98, 100.5, 97, 99))) == (0, 100.0)


def test_a_limit_fills_inside_a_minute_that_began_after_the_order_and_has_ended() -> None:
    matcher, now = Matcher(market(7, NOON.date())), int(NOON.timestamp())
    wanted = order(Kind.LIMIT, BUY, price=10_000.0)
    wanted.cursor = now + 10
    assert matcher.next_event(wanted, now + 119) is None
    event = matcher.next_event(wanted, now + 120)
    assert event is not None
    assert event.fill is not None
    assert now + 60 <= event.fill.at < now + 120 == event.resumes


def test_a_market_order_fills_as_the_next_minute_begins() -> None:
    matcher, now = Matcher(market(7, NOON.date())), int(NOON.timestamp())
    wanted = order(Kind.MARKET, BUY)
    wanted.cursor = now + 10
    assert matcher.next_event(wanted, now + 59) is None
    event = matcher.next_event(wanted, now + 60)
    assert event is not None
    assert event.fill is not None
    assert event.fill.at == now + 60
    assert event.fill.price == market(7, NOON.date()).price(wanted.ticket.contract, NOON + timedelta(minutes=1))


def test_a_large_order_takes_a_share_of_each_minutes_volume() -> None:
    prices = market(7, NOON.date())
    minutes = prices.minutes(order(Kind.MARKET, BUY).ticket.contract, NOON.date())
    row = int(np.searchsorted(seconds(minutes.start), int(NOON.timestamp())))
    volume = float(minutes.volume[row])
    wanted = order(Kind.MARKET, BUY)
    wanted = Order(1, Ticket(FIRST, wanted.ticket.contract, 1, int(volume) * UNIT, Kind.MARKET, "DAY"), 0, 0, 0)
    wanted.cursor = int(NOON.timestamp())
    event = Matcher(prices).next_event(wanted, wanted.cursor + 600)
    assert event is not None
    assert event.fill is not None
    assert event.fill.quantity == int(volume * 0.25) * UNIT


def test_days_out_of_reach_are_skipped_without_a_difference() -> None:
    """Looking at every day or over many at once finds the same minute."""
    prices, start = market(7, NOON.date()), int(NOON.timestamp())
    close = prices.price(order(Kind.MARKET, BUY).ticket.contract, NOON)
    for distance in (0.97, 0.93, 0.85):
        slow, fast = (order(Kind.LIMIT, BUY, price=round(close * distance, 2), tif="GTC") for _ in range(2))
        slow.cursor = fast.cursor = start
        days = range(start, start + 200 * 86_400, 86_400)
        found = next((event for now in days if (event := Matcher(prices).next_event(slow, now))), None)
        at_once = Matcher(prices).next_event(fast, days[-1])
        assert (found and found.fill) == (at_once and at_once.fill)
