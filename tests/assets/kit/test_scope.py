from datetime import date

import pytest

from assets.kit.scope import Scope


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
