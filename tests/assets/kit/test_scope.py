from datetime import date

import pytest

from assets.kit.scope import Scope
from assets.kit.tolerance import Tolerance


@pytest.mark.parametrize(
    ("watchlist", "symbols", "conids"),
    [
        ([], [], []),
        (["AAPL"], [("AAPL", None)], []),
        (["AAPL@NASDAQ", "BRK B"], [("AAPL", "NASDAQ"), ("BRK B", None)], []),
        (["265598", "AAPL"], [("AAPL", None)], [265598]),
    ],
)
def test_an_entry_of_the_watchlist_is_a_symbol_or_a_contract_id(
    watchlist: list[str], symbols: list[tuple[str, str | None]], conids: list[int]
) -> None:
    scope = Scope(watchlist=watchlist)
    assert (scope.watched_symbols, scope.watched_conids) == (symbols, conids)


def test_the_exchange_decides_what_a_trading_day_is() -> None:
    thanksgiving = date(2026, 11, 26)
    assert thanksgiving not in Scope().calendar
    assert thanksgiving in Scope(exchange="XLON").calendar


@pytest.mark.parametrize(
    ("chosen", "tolerated"),
    [
        ({}, Tolerance(0.05, 1e-6)),
        ({"another": {"amount": 1.0}}, Tolerance(0.05, 1e-6)),
        ({"sums_agree": {"amount": 1.0}}, Tolerance(1.0, 1e-6)),
        ({"sums_agree": {"amount": 0.0, "share": 0.5}}, Tolerance(0.0, 0.5)),
    ],
)
def test_a_check_tolerates_what_the_owner_chose_and_else_its_own(
    chosen: dict[str, dict[str, float]], tolerated: Tolerance
) -> None:
    assert Scope(tolerances=chosen).tolerance("sums_agree", Tolerance(0.05, 1e-6)) == tolerated
