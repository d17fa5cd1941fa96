from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.contracts import derivatives
from resources.simulator.contracts.derivatives import contract, life, listed

TODAY = date(2026, 11, 24)


@settings(deadline=None)
@given(st.dates(date(2001, 1, 1), date(2040, 1, 1)))
def test_an_id_tells_its_contract_and_two_expiries_are_always_alive(today: date) -> None:
    found = list(listed(today))
    assert all(contract(each.conid) == each for each in found)
    for root in derivatives.ROOTS:
        alive = {each.expiry for each in found if each.symbol == root.symbol and each.expiry and each.expiry >= today}
        assert len(alive) >= 2
    assert any(each.right == "P" and each.expiry and each.expiry > today + timedelta(days=200) for each in found)


@pytest.mark.parametrize("conid", [0, 265598, 990_500_000, 991_000_000, 999_999_999])
def test_other_ids_are_no_derivatives(conid: int) -> None:
    assert contract(conid) is None


def test_a_derivative_lives_until_its_expiry_and_a_share_for_ever() -> None:
    option = next(each for each in listed(TODAY) if each.asset_class == "OPT")
    assert life(option)[1] == option.expiry
    assert life(derivatives.OPTIONABLE[265598].instrument) == (date.min, date.max)


def test_terms_find_the_contract_that_books_hold_and_no_other() -> None:
    option = next(each for each in listed(TODAY) if each.asset_class == "OPT" and each.expiry == date(2026, 12, 18))
    assert option.expiry
    assert option.right
    terms = (option.underlying, option.expiry, option.strike, option.right)
    assert derivatives.option(*terms) == option
    assert derivatives.option(option.underlying, option.expiry - timedelta(weeks=1), option.strike, "C") is None
    assert derivatives.option(option.underlying, option.expiry, option.strike + 1, "C") is None
    assert derivatives.option(4815747, option.expiry, option.strike, "C") is None


def test_crude_has_a_future_every_month_and_indices_every_quarter() -> None:
    months = {root.symbol: [each.expiry for each in derivatives.futures(root, TODAY)] for root in derivatives.ROOTS}
    assert (len(months["CL"]), len(months["ES"])) == (14, 5)
    assert all(contract(each.conid) == each for root in derivatives.ROOTS for each in derivatives.futures(root, TODAY))


def test_a_future_is_of_an_index_that_is_a_contract_too() -> None:
    index = derivatives.spot(11004968)
    assert index
    assert (index.symbol, index.asset_class, derivatives.root_of(index).symbol) == ("ES", "IND", "ES")
    assert derivatives.spot(265598) is None
