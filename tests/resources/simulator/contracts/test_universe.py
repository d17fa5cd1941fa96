from datetime import date

import pytest

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.contracts.universe import universe

TODAY = date(2026, 11, 24)
CORE = {
    "AAPL": 265598,
    "MSFT": 272093,
    "IBM": 8314,
    "GOOG": 208813720,
    "SPY": 756733,
    "QQQ": 320227571,
    "VOO": 136155102,
    "EUR.USD": 12087792,
    "GBP.USD": 12087797,
    "USD.CHF": 12087820,
}


def by_class(found: list[Instrument], asset_class: str) -> list[Instrument]:
    return [instrument for instrument in found if instrument.asset_class == asset_class]


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_the_core_exists_with_its_public_ids_whatever_the_size(size: int) -> None:
    conids = {instrument.conid: instrument.symbol for instrument in universe(1, size, TODAY)}
    assert all(conids[conid] == symbol for symbol, conid in CORE.items())


def test_the_size_is_met_and_ids_and_symbols_are_unique() -> None:
    found = universe(7, 5000, TODAY)
    assert len(found) == len({instrument.conid for instrument in found}) == 5000
    names = [(stock.symbol, stock.exchange) for stock in by_class(found, "STK")]
    assert len(set(names)) == len(names)


def test_the_same_seed_makes_the_same_world_and_a_larger_one_begins_with_the_smaller() -> None:
    assert universe(7, 2000, TODAY)[:900] == universe(7, 900, TODAY)
    assert universe(8, 900, TODAY) != universe(7, 900, TODAY)


def test_every_kind_of_contract_and_several_currencies_are_there() -> None:
    found = universe(7, 0, TODAY)
    assert {instrument.asset_class for instrument in found} == {"STK", "OPT", "FUT", "BOND", "CASH"}
    assert {stock.currency for stock in by_class(found, "STK")} == {"USD", "GBP", "EUR", "CHF"}


def test_funds_have_no_sector_and_some_groups_contain_commas() -> None:
    found = by_class(universe(7, 900, TODAY), "STK")
    assert all((stock.sector is None) == (stock.kind == "ETF") for stock in found)
    assert any("," in (stock.sector or "") for stock in found)


def test_invented_ids_start_high_enough_to_be_told_from_real_ones() -> None:
    known = {instrument.conid for instrument in universe(7, 0, TODAY)}
    invented = [stock for stock in universe(7, 900, TODAY) if stock.conid not in known]
    assert len(invented) == 900 - len(known)
    assert all(stock.conid >= 990_000_001 for stock in invented)


def test_contracts_keep_their_terms_as_the_year_turns() -> None:
    before = universe(7, 900, TODAY)
    after = {instrument.conid: instrument for instrument in universe(7, 1200, date(2027, 4, 1))}
    assert all(after[instrument.conid] == instrument for instrument in before)
