import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from resources.simulator.accounts.book import UNIT, Book, Entry, Kind


def trade(at: int, quantity: int, price: float, commission: int = 0) -> Entry:
    paid = round(quantity * price * 100) + commission
    return Entry(at, Kind.TRADE, "USD", -paid, 1, quantity * UNIT, price, paid, commission)


def test_buying_more_adds_to_the_cost_with_its_commission() -> None:
    held = Book([trade(1, 10, 5.0, 100), trade(2, 10, 7.0, 100)]).holdings(2)
    assert (held.quantity[0], held.cost[0], held.realized[0]) == (20 * UNIT, 12_200, 0)


def test_selling_a_part_realises_its_share_of_the_cost() -> None:
    held = Book([trade(1, 10, 5.0), trade(2, -4, 6.0)]).holdings(2)
    assert (held.quantity[0], held.cost[0], held.realized[0]) == (6 * UNIT, 3_000, 400)


def test_a_short_sale_that_is_bought_back_lower_gains() -> None:
    book = Book([trade(1, -10, 5.0, 100), trade(2, 10, 4.0, 100)])
    assert book.holdings(1).cost[0] == -4_900
    assert (book.holdings(2).cost[0], book.holdings(2).realized[0]) == (0, 800)


def test_the_past_does_not_know_later_entries() -> None:
    book = Book([trade(5, 10, 5.0), trade(9, -10, 6.0)])
    assert [book.holdings(at).quantity[0] for at in (4, 5, 8, 9)] == [0, 10 * UNIT, 10 * UNIT, 0]
    assert book.cash("USD", np.array([4, 5, 9])).tolist() == [0, -5_000, 1_000]


def test_an_empty_book_holds_nothing() -> None:
    book = Book([])
    assert len(book.holdings(1).quantity) == 0
    assert book.cash("USD", np.array([1])).tolist() == [0]


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(1, 500), st.booleans()), min_size=1, max_size=30))
def test_cash_plus_cost_less_gains_is_always_nothing(moves: list[tuple[int, float, bool]]) -> None:
    """What was paid is still there as cost, or has come back as a gain or a loss."""
    held, entries = 0, []
    for at, (quantity, price, buys) in enumerate(moves):
        change = quantity if buys or quantity > held else -quantity
        held += change
        entries.append(trade(at, change, round(price, 2), 100))
    book = Book(entries)
    for at in range(len(moves)):
        now = book.holdings(at)
        assert book.cash("USD", np.array([at]))[0] + now.cost[0] - now.realized[0] == 0


def test_selling_more_than_is_held_realises_the_long_side_and_opens_the_short_one() -> None:
    book = Book(
        [
            Entry(1, Kind.TRADE, "USD", -10_100, 7, 10 * UNIT, 10.0, 10_100, 100),
            Entry(2, Kind.TRADE, "USD", 17_900, 7, -15 * UNIT, 12.0, -17_900, 100),
        ]
    )
    now = book.holdings(2)
    assert (now.quantity[0], now.cost[0], now.realized[0]) == (-5 * UNIT, -5_967, 11_933 - 10_100)
    times, before, gains = book.gains(7)
    assert (times.tolist(), before.tolist(), gains.tolist()) == ([1, 2], [0, 10 * UNIT], [0, 1_833])


def test_a_trade_in_a_pair_moves_cash_and_holds_nothing() -> None:
    book = Book(
        [Entry(1, Kind.EXCHANGE, "USD", -11_700, 7, 100 * UNIT, 1.15), Entry(1, Kind.CONVERSION, "EUR", 10_000)]
    )
    assert book.conids == []
    assert book.cash("EUR", np.array([1])).tolist() == [10_000]
    assert book.gains(7)[0].tolist() == []
