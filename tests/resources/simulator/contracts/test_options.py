from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.contracts import derivatives, expiries, options
from resources.simulator.contracts.options import contract, option
from resources.simulator.contracts.strikes import LADDER

fridays = st.dates(date(2000, 1, 1), date(2060, 1, 1)).map(lambda day: expiries.expiry(expiries.week(day)))


@settings(deadline=None)
@given(st.sampled_from(options.UNDERLYINGS), fridays, st.sampled_from(LADDER[1:]), st.sampled_from("CP"))
def test_an_id_tells_the_terms_and_the_terms_the_id(underlying: int, expiry: date, strike: float, right: str) -> None:
    found = option(underlying, expiry, strike, right)
    assert found
    assert (found.underlying, found.expiry, found.strike, found.right) == (underlying, expiry, strike, right)
    assert (contract(found.conid) or derivatives.contract(found.conid)) == found
    assert found.conid < 2**31 - 1


@settings(deadline=None)
@given(st.integers(options.FIRST, options.FIRST + options.IDS - 1))
def test_no_id_stands_for_terms_that_have_another(conid: int) -> None:
    found = contract(conid)
    if found and found.expiry and found.right:
        again = option(found.underlying, found.expiry, found.strike, found.right)
        assert again == found


def test_what_books_hold_is_the_contract_of_its_terms() -> None:
    held = [each for each in derivatives.listed(date(2026, 11, 24)) if each.asset_class == "OPT"]
    for each in held:
        assert each.expiry
        assert each.right
        assert option(each.underlying, each.expiry, each.strike, each.right) == each


def test_terms_that_no_exchange_lists_are_no_contract() -> None:
    friday = date(2026, 12, 4)
    assert option(265598, friday, 200.0, "C")
    assert option(265598, friday - timedelta(days=1), 200.0, "C") is None
    assert option(265598, friday, 201.0, "C") is None
    assert option(265598, friday, 200.0, "X") is None
    assert option(990_000_002, friday, 200.0, "C") is None
    assert contract(options.FIRST - 1) is None
    assert contract(options.FIRST) is None  # a strike of nothing
    assert contract(options.FIRST + options.IDS) is None
