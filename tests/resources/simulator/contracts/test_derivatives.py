from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.contracts import derivatives
from resources.simulator.contracts.derivatives import contract, crude_expiry, life, listed, third_friday

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("year", "month", "expiry"),
    [
        (2026, 12, date(2026, 12, 18)),
        (2027, 3, date(2027, 3, 19)),
        (2026, 6, date(2026, 6, 18)),  # the Friday is Juneteenth
        (2020, 6, date(2020, 6, 19)),  # which was no holiday then
    ],
)
def test_options_end_on_the_third_friday(year: int, month: int, expiry: date) -> None:
    assert third_friday(year, month) == expiry


@settings(deadline=None)
@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_crude_ends_on_a_weekday_before_the_25th_of_the_month_before(day: date) -> None:
    expiry = crude_expiry(day.year, day.month)
    assert expiry.weekday() < 5
    assert 18 <= expiry.day <= 22
    assert expiry < date(day.year, day.month, 1)


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
