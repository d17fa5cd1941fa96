from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market import chains
from resources.simulator.market.bars import whole
from resources.simulator.market.market import NoPriceError, SeededMarket
from resources.simulator.market.market_file import FileMarket
from resources.simulator.market.price_file import PriceFileError

TODAY = date(2013, 3, 1)
HEADER = "date,open,high,low,close,volume,symbol\n"
AAPL, META = 265598, 107113386
ROWS = """2013-02-27,448.43,452.44,440.65,444.57,20976800,AAPL
2013-02-28,444.05,447.87,441.4,441.4,11518400,AAPL
2013-03-01,438.123456,438.18,429.98,430.47,19730300,AAPL
2013-02-28,26.84,27.3,26.34,27.25,83027800,FB
2013-03-02,1.5,1.75,1.25,1.625,10.5,Odd Co
"""


@pytest.fixture
def market(tmp_path: Path) -> FileMarket:
    file = tmp_path / "prices.csv"
    file.write_text(HEADER + ROWS)
    return FileMarket(file, SeededMarket(7, 500, TODAY))


def contract(market: FileMarket, conid: int) -> Instrument:
    found = market.instrument(conid)
    assert found is not None
    return found


def test_prices_and_volumes_are_those_of_the_file(market: FileMarket) -> None:
    bars = market.daily(contract(market, AAPL), date(2013, 1, 1), TODAY)
    assert bars.open.tolist() == [448.43, 444.05, 438.123456]
    assert bars.close.tolist() == [444.57, 441.4, 430.47]
    assert bars.volume.tolist() == [20976800, 11518400, 19730300]
    assert [f"{start:%m-%d %H:%M}" for start in bars.start] == ["02-27 14:30", "02-28 14:30", "03-01 14:30"]


def test_trading_days_are_the_files(market: FileMarket) -> None:
    days = market.trading_days(contract(market, AAPL), date(2000, 1, 1), date(2026, 1, 1))
    assert days == [date(2013, 2, 27), date(2013, 2, 28), date(2013, 3, 1)]


def test_known_symbols_keep_their_ids_and_attributes(market: FileMarket) -> None:
    apple, facebook = contract(market, AAPL), contract(market, META)
    assert (apple.name, apple.sector, apple.exchange) == ("APPLE INC", "Technology", "NASDAQ")
    assert market.daily(facebook, TODAY - timedelta(days=9), TODAY).close.tolist() == [27.25]


def test_an_unknown_symbol_is_a_stock_with_an_id_of_its_own_for_ever(market: FileMarket, tmp_path: Path) -> None:
    [odd] = [each for each in market.instruments() if each.symbol == "ODD CO"]
    (tmp_path / "again.csv").write_text("date,open,high,low,close,volume,symbol\n2020-01-02,1,1,1,1,1,odd co\n")
    [again] = FileMarket(tmp_path / "again.csv").instruments()
    assert odd == again
    assert 995_000_000 <= odd.conid < 999_000_000
    assert (odd.asset_class, odd.currency, odd.sector) == ("STK", "USD", None)


def test_minutes_of_a_files_day_add_up_to_it_even_on_a_saturday(market: FileMarket) -> None:
    for instrument in market.instruments()[:3]:
        for day in market.trading_days(instrument, date(2013, 1, 1), date(2014, 1, 1)):
            total, daily = whole(market.minutes(instrument, day)), market.daily(instrument, day, day)
            for side in ("open", "high", "low", "close", "volume"):
                assert np.array_equal(getattr(total, side), getattr(daily, side))


def test_the_price_follows_the_file_long_after_its_end(market: FileMarket) -> None:
    apple = contract(market, AAPL)
    assert market.price(apple, datetime(2013, 2, 28, 23, tzinfo=UTC)) == 441.4
    assert market.price(apple, datetime(2026, 1, 1, tzinfo=UTC)) == 430.47
    with pytest.raises(NoPriceError, match="has not traded yet"):
        market.price(apple, datetime(2012, 1, 1, tzinfo=UTC))


def test_what_the_files_do_not_speak_of_is_the_fallbacks(market: FileMarket) -> None:
    seeded = SeededMarket(7, 500, TODAY)
    assert {each.conid for each in seeded.instruments()} < {each.conid for each in market.instruments()}
    spy, at = contract(market, 756733), datetime(2013, 2, 28, 16, tzinfo=UTC)
    assert market.price(spy, at) == seeded.price(spy, at)
    assert market.trading_days(spy, date(2013, 1, 1), TODAY) == seeded.trading_days(spy, date(2013, 1, 1), TODAY)
    assert np.array_equal(market.minutes(spy, TODAY).close, seeded.minutes(spy, TODAY).close)
    assert market.fx("EUR", "USD", at) == seeded.fx("EUR", "USD", at)


def test_options_follow_the_files_of_their_underlying(market: FileMarket) -> None:
    call = next(
        each
        for each in market.instruments()
        if each.underlying == AAPL and each.right == "C" and each.expiry == date(2013, 3, 15)
    )
    assert market.trading_days(call, date(2000, 1, 1), TODAY)[0] == date(2013, 2, 27)
    assert market.daily(call, TODAY, TODAY).close[0] == pytest.approx(430.47 - call.strike, abs=2)


def test_alone_it_knows_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text("date,open,high,low,close,volume\n2013-03-01,1,1,1,1,1\n")
    alone = FileMarket(tmp_path)
    assert [each.conid for each in alone.instruments()] == [AAPL]
    assert alone.instrument(756733) is None
    [spy] = [each for each in SeededMarket(7, 0, TODAY).instruments() if each.conid == 756733]
    with pytest.raises(NoPriceError, match="the files have no prices of it"):
        alone.price(spy, datetime(2013, 3, 1, tzinfo=UTC))


def test_two_symbols_of_one_contract_are_refused(tmp_path: Path) -> None:
    for name in ("FB", "META"):
        (tmp_path / f"{name}.csv").write_text("date,open,high,low,close,volume\n2013-03-01,1,1,1,1,1\n")
    with pytest.raises(PriceFileError, match="two symbols stand for one contract"):
        FileMarket(tmp_path)


def test_whole_chains_follow_the_files_too(tmp_path: Path) -> None:
    days = [date(2026, 10, 1) + timedelta(days=count) for count in range(60)]
    rows = [f"{day},50,51,49,50,1000,AAPL" for day in days if day.weekday() < 5]
    file = tmp_path / "prices.csv"
    file.write_text(HEADER + "\n".join(rows))
    market, at = FileMarket(file, SeededMarket(7, 100, date(2026, 11, 24))), datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    strikes = chains.month_strikes(market, AAPL, "JAN27", at)
    assert strikes[0] < 50 < strikes[-1] < 90
    [call, *_] = chains.listed_options(market, AAPL, "JAN27", 40.0, at)
    assert market.price(call, at) == pytest.approx(10.0, abs=0.5)
    assert market.price(contract(market, 992_000_000), at) == 50.0


def test_a_files_day_has_other_minutes_under_another_seed(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(HEADER + ROWS)
    one, again, other = (FileMarket(file, seed=seed) for seed in (1, 1, 2))
    apple, day = contract(one, AAPL), date(2013, 2, 28)
    minutes = [market.minutes(apple, day).close.tolist() for market in (one, again, other)]
    assert minutes[0] == minutes[1] != minutes[2]
    assert minutes[0][-1] == minutes[2][-1] == 441.4
