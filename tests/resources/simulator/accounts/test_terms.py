from datetime import date

import pytest

from resources.simulator.accounts import terms
from resources.simulator.accounts.book import UNIT
from resources.simulator.accounts.tape import Tape
from resources.simulator.contracts.instruments import Instrument
from tests.resources.simulator.toy_market import ToyMarket, toy_universe

KINDS = {contract.asset_class: contract for contract in reversed(toy_universe(10))}


@pytest.mark.parametrize(
    ("kind", "units", "cents"),
    [
        ("STK", 10, 100),
        ("STK", 1_000, 500),
        ("OPT", 1, 100),
        ("OPT", 10, 650),
        ("FUT", 2, 450),
        ("BOND", 20_000, 2_000),
    ],
)
def test_commissions_depend_on_the_kind_of_contract(kind: str, units: int, cents: int) -> None:
    assert terms.commission(KINDS[kind], units * UNIT) == terms.commission(KINDS[kind], -units * UNIT) == cents


def test_amounts_take_the_multiplier_into_account() -> None:
    assert terms.amount(KINDS["OPT"], 2 * UNIT, 1.5) == 30_000
    assert terms.amount(KINDS["BOND"], 10_000 * UNIT, 98.5) == 985_000
    assert terms.amount(KINDS["STK"], -UNIT // 2, 10.0) == -500


def test_funds_and_bonds_are_never_sold_short() -> None:
    fund = next(contract for contract in toy_universe(10) if contract.kind == "ETF")
    assert terms.side(fund, 0.0) == terms.side(KINDS["BOND"], 0.0) == 1
    assert terms.side(KINDS["STK"], 0.0) == terms.side(KINDS["OPT"], 0.0) == -1


def test_bonds_pay_twice_a_year_and_some_stocks_four_times() -> None:
    def paying(contract: Instrument) -> int:
        return sum(terms.distribution(contract, date(2026, month, 15), 100.0) > 0 for month in range(1, 13))

    stocks = {paying(contract) for contract in toy_universe(60) if contract.asset_class == "STK"}
    assert paying(KINDS["BOND"]) == 2
    assert stocks == {0, 4}
    assert paying(KINDS["OPT"]) == paying(KINDS["FUT"]) == 0


def test_orders_fill_inside_the_range_of_their_day() -> None:
    market = ToyMarket(size=10)
    tape = Tape(market, date(2026, 1, 1), date(2026, 11, 30))
    track = tape.track(KINDS["STK"])
    for place, day in enumerate(track.days.tolist()):
        assert track.low[place] <= terms.fill(track, KINDS["STK"].conid, day) <= track.high[place]


def test_on_a_day_without_trading_orders_fill_at_the_last_close() -> None:
    market = ToyMarket(size=10)
    track = Tape(market, date(2026, 11, 2), date(2026, 11, 30)).track(KINDS["STK"])
    saturday = date(2026, 11, 21).toordinal()
    assert terms.fill(track, 1, saturday) == track.close[track.at_or_before(saturday)]
