from datetime import UTC, date, datetime, timedelta

import pytest

from resources.simulator.contracts import derivatives, options
from resources.simulator.market import chains
from tests.resources.simulator.conftest import EVENING
from tests.resources.simulator.seeded_desk import seeded_market

MARKET = seeded_market()
APPLE = 265598


@pytest.mark.parametrize("underlying", options.UNDERLYINGS)
def test_every_share_of_the_core_has_strikes_around_its_price(underlying: int) -> None:
    share = MARKET.instrument(underlying)
    assert share
    price = MARKET.price(share, EVENING)
    for expiry in chains.option_expiries(underlying, EVENING):
        strikes = chains.option_strikes(MARKET, underlying, expiry, EVENING)
        assert 20 <= len(strikes) <= 80
        assert sum(strike < price for strike in strikes) >= 8
        assert sum(strike > price for strike in strikes) >= 8


def test_a_listed_strike_stays_until_the_end() -> None:
    expiry, today = date(2026, 12, 18), datetime(2026, 3, 2, 23, tzinfo=UTC)
    before: set[float] = set()
    while today < EVENING:
        strikes = set(chains.option_strikes(MARKET, APPLE, expiry, today))
        assert strikes >= before
        before, today = strikes, today + timedelta(days=9)


def test_the_contract_that_books_hold_is_in_the_chain() -> None:
    held = [each for each in MARKET.instruments() if each.asset_class == "OPT"]
    held = [each for each in held if each.expiry == date(2026, 12, 18) and each.right == "C"]
    assert held
    for each in held:
        listed = chains.listed_options(MARKET, each.underlying, "DEC26", each.strike, EVENING)
        assert each in listed
        assert len({(other.expiry, other.strike, other.right) for other in listed}) == len(listed)


def test_every_contract_of_a_chain_is_known_and_has_a_price() -> None:
    for underlying in (APPLE, 4815747):
        for month in ("NOV26", "DEC26", "JAN27"):
            strikes = chains.month_strikes(MARKET, underlying, month, EVENING)
            for strike in (strikes[0], strikes[len(strikes) // 2], strikes[-1]):
                for option in chains.listed_options(MARKET, underlying, month, strike, EVENING):
                    assert MARKET.instrument(option.conid) == option
                    assert MARKET.price(option, EVENING) >= 0.01


def test_dearer_calls_have_lower_strikes() -> None:
    strikes = chains.option_strikes(MARKET, APPLE, date(2026, 12, 4), EVENING)
    calls = [options.option(APPLE, date(2026, 12, 4), strike, "C") for strike in strikes]
    prices = [MARKET.price(call, EVENING) for call in calls if call]
    assert len(prices) == len(strikes)
    assert prices == sorted(prices, reverse=True)


def test_options_leave_the_list_when_their_last_session_ends() -> None:
    friday = date(2026, 12, 4)
    closing = datetime(2026, 12, 4, 21, tzinfo=UTC)
    assert friday in chains.option_expiries(APPLE, closing - timedelta(minutes=1))
    assert friday not in chains.option_expiries(APPLE, closing)
    option = options.option(APPLE, friday, 215.0, "C")
    assert option
    assert MARKET.instrument(option.conid) == option
    assert MARKET.trading_days(option, friday - timedelta(days=1), friday + timedelta(days=7))[-1] == friday


def test_a_share_without_options_has_no_chain() -> None:
    assert chains.option_expiries(990_000_002, EVENING) == []
    assert chains.month_strikes(MARKET, 990_000_002, "DEC26", EVENING) == []


def test_futures_move_with_what_they_are_futures_of() -> None:
    for root in derivatives.ROOTS:
        index = MARKET.instrument(root.underlying)
        assert index
        now = MARKET.price(index, EVENING)
        for future in chains.listed_futures(root, EVENING):
            assert MARKET.instrument(future.conid) == future
            assert MARKET.price(future, EVENING) == pytest.approx(now, rel=0.06)


def test_crude_is_asked_for_by_its_month_of_delivery() -> None:
    crude = next(root for root in derivatives.ROOTS if root.symbol == "CL")
    first = chains.listed_futures(crude, EVENING)[0]
    assert (first.expiry, chains.named_month(first)) == (date(2026, 12, 21), "JAN27")


def test_a_contract_for_difference_costs_what_its_share_costs() -> None:
    share, difference = MARKET.instrument(APPLE), MARKET.instrument(992_000_000)
    assert share
    assert difference
    assert MARKET.price(difference, EVENING) == MARKET.price(share, EVENING)
