from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.sizing import Size, Underlying, fitted, nearest, planned

A, B, C = (Underlying(conid, symbol) for conid, symbol in [(1, "A"), (2, "B"), (3, "C")])
WISHES = st.builds(Size, st.integers(0, 40), st.integers(1, 12), st.integers(1, 30))


def test_a_chain_costs_a_search_and_for_each_month_its_strikes_and_each_of_them() -> None:
    assert Size(1, 1, 1).requests == 3
    assert Size(4, 1, 3).requests == 4 * (1 + 1 + 3)
    assert Size(2, 3, 5).requests == 2 * (1 + 3 * 6)


@pytest.mark.parametrize(
    ("wished", "budget", "left"),
    [
        (Size(4, 1, 3), 20, Size(4, 1, 3)),
        (Size(4, 1, 3), 19, Size(4, 1, 2)),
        (Size(2, 3, 5), 14, Size(2, 3, 1)),
        (Size(2, 3, 5), 13, Size(2, 2, 1)),
        (Size(2, 3, 5), 5, Size(1, 1, 1)),
        (Size(2, 3, 5), 2, Size(0, 1, 1)),
    ],
)
def test_the_widest_is_cut_first_strikes_then_months_then_underlyings(wished: Size, budget: int, left: Size) -> None:
    assert fitted(wished, budget) == left


@pytest.mark.parametrize(
    ("wished", "budget", "left"),
    [
        (Size(40, 1, 3), 22, Size(4, 1, 3)),
        (Size(3, 1, 3), 22, Size(3, 1, 3)),
        (Size(40, 2, 9), 20, Size(1, 2, 8)),
        (Size(0, 1, 3), 22, Size(0, 1, 3)),
    ],
)
def test_an_open_wish_is_for_as_many_as_can_be_had_whole(wished: Size, budget: int, left: Size) -> None:
    assert fitted(wished, budget, is_open=True) == left


@given(wished=WISHES, budget=st.integers(0, 3000), is_open=st.booleans())
def test_no_budget_is_exceeded_and_no_wish_outdone(wished: Size, budget: int, is_open: bool) -> None:
    size = fitted(wished, budget, is_open=is_open)
    assert size.requests <= budget
    assert size.underlyings <= wished.underlyings
    assert size.months <= wished.months
    assert size.strikes <= wished.strikes
    assert size == wished or wished.requests > budget


@given(wished=WISHES, is_open=st.booleans())
def test_a_larger_budget_never_reaches_fewer_underlyings(wished: Size, is_open: bool) -> None:
    sizes = [fitted(wished, budget, is_open=is_open) for budget in range(0, 200, 7)]
    assert all(fewer.underlyings <= more.underlyings for fewer, more in pairwise(sizes))


@pytest.mark.parametrize(
    ("price", "count", "found"),
    [
        (101.0, 1, [100.0]),
        (101.0, 3, [95.0, 100.0, 105.0]),
        (500.0, 2, [105.0, 110.0]),
        (None, 3, [95.0, 100.0, 105.0]),
        (101.0, 99, [90.0, 95.0, 100.0, 105.0, 110.0]),
    ],
)
def test_strikes_are_taken_around_the_price(price: float | None, count: int, found: list[float]) -> None:
    assert nearest([110.0, 105.0, 100.0, 95.0, 90.0, 100.0], price, count) == found


def test_of_no_strikes_none_is_near() -> None:
    assert nearest([], None, 3) == []


def test_named_underlyings_are_taken_in_their_order_by_symbol_or_id_and_the_unknown_are_told() -> None:
    plan = planned([A, B, C], ["3", "A", "X"], months=1, strikes=1, budget=99)
    assert plan.underlyings == (C, A)
    assert plan.unknown == ("X",)
    assert plan.is_as_wished
    assert plan.cut is None


def test_what_was_named_and_does_not_fit_is_cut_and_told() -> None:
    plan = planned([A, B, C], ["A", "B"], months=1, strikes=3, budget=9)
    assert (plan.size, plan.is_as_wished) == (Size(2, 1, 2), False)
    assert plan.cut == (
        "2 underlyings x 1 months x 3 strikes would cost 10 requests; "
        "asked for are 2 underlyings x 1 months x 2 strikes"
    )


def test_when_none_is_named_the_foremost_that_fit_are_all_that_is_wished() -> None:
    plan = planned([A, B, C], [], months=1, strikes=3, budget=11)
    assert plan.underlyings == (A, B)
    assert plan.is_as_wished
    assert plan.cut is not None


def test_an_open_wish_of_which_not_one_underlying_fits_whole_is_not_met() -> None:
    plan = planned([A, B], [], months=1, strikes=3, budget=4)
    assert (plan.underlyings, plan.size.strikes, plan.is_as_wished) == ((A,), 2, False)


def test_a_budget_of_nothing_says_that_nothing_is_wished() -> None:
    plan = planned([A, B], ["X"], months=1, strikes=3, budget=0)
    assert (plan.underlyings, plan.unknown, plan.is_as_wished) == ((), (), True)
