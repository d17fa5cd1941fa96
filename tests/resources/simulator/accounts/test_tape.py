from datetime import date

import numpy as np

from resources.simulator.accounts.tape import Tape
from tests.resources.simulator.toy_market import ToyMarket

FRIDAY, SATURDAY, MONDAY = (date(2026, 11, day).toordinal() for day in (20, 21, 23))


def test_a_weekend_has_the_close_of_friday() -> None:
    market = ToyMarket(size=10)
    tape = Tape(market, date(2026, 11, 2), date(2026, 11, 30))
    stock = market.instruments()[0]
    assert tape.close(stock, SATURDAY) == tape.close(stock, FRIDAY)
    assert tape.track(stock).trades_on(FRIDAY)
    assert not tape.track(stock).trades_on(SATURDAY)
    assert tape.track(stock).at_or_after(SATURDAY) == tape.track(stock).at_or_before(MONDAY)


def test_a_matrix_of_closes_says_what_single_closes_say() -> None:
    market = ToyMarket(size=10)
    tape = Tape(market, date(2026, 11, 2), date(2026, 11, 30))
    days = np.array([FRIDAY, SATURDAY, MONDAY])
    stocks = [contract for contract in market.instruments() if contract.asset_class == "STK"]
    expected = [[tape.close(stock, day) for day in days.tolist()] for stock in stocks]
    assert tape.closes(stocks, days).tolist() == expected


def test_before_its_first_day_a_contract_is_worth_nothing() -> None:
    market = ToyMarket(size=10)
    tape = Tape(market, date(2026, 11, 2), date(2026, 11, 30))
    early = np.array([date(2020, 1, 1).toordinal()])
    assert tape.closes(market.instruments()[:1], early).tolist() == [[0.0]]


def test_a_contract_that_never_traded_has_an_empty_track() -> None:
    market = ToyMarket(size=10)
    option = next(contract for contract in market.instruments() if contract.asset_class == "OPT")
    track = Tape(market, date(2020, 1, 1), date(2020, 6, 1)).track(option)
    assert len(track.days) == 0
    assert track.at_or_before(FRIDAY) == -1
