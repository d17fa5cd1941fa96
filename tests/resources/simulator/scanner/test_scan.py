from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.calendars import hours
from resources.simulator.contracts import shares
from resources.simulator.market.charts import chart
from resources.simulator.market.halts import halt
from resources.simulator.market.market import SeededMarket
from resources.simulator.market.periods import Size, Span
from resources.simulator.market.views import Views
from resources.simulator.scanner.filters import FILTERS
from resources.simulator.scanner.places import KINDS, LOCATIONS, Location
from resources.simulator.scanner.scan import Hit, Question, ScanError, run
from resources.simulator.scanner.scans import SCANS, amount
from resources.simulator.scanner.sheet import Sheets

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
SEED = 7
MARKET = SeededMarket(SEED, 700, NOON.date())
SHEETS, VIEWS = Sheets(MARKET, SEED), Views(MARKET)


def hits(
    scan: str, instrument: str = "STK", location: str = "STK", at: datetime = NOON, **filters: object
) -> list[Hit]:
    return run(SHEETS, Question(instrument, location, scan, tuple(filters.items())), at)[1]


@settings(max_examples=15, deadline=None)
@given(st.integers(-4 * 1440, 3 * 1440))
def test_a_row_is_ranked_by_the_price_that_the_market_tells(minutes: int) -> None:
    at = NOON + timedelta(minutes=minutes)
    found = hits("TOP_OPEN_PERC_GAIN", at=at)
    sheet = SHEETS.sheet(("STK", True), at)
    for hit in (*found[:3], *found[-3:]):
        row = sheet.contracts.index(hit.contract)
        price = MARKET.price(hit.contract, at)
        assert sheet.measures["last"][row] == price
        assert hit.value == pytest.approx((price / sheet.measures["open"][row] - 1) * 100)
    assert [hit.value for hit in found] == sorted((hit.value for hit in found), reverse=True)


@pytest.mark.parametrize("hour", [12, 17, 23])
def test_a_sheet_agrees_with_the_day_that_a_chart_shows(hour: int) -> None:
    at = NOON.replace(hour=hour)
    sheet = SHEETS.sheet(("STK", True), at)
    for row, contract in enumerate(sheet.contracts[:6]):
        bars = chart(VIEWS, contract, span=Span(1, "y"), size=Size(86_400, 86_400), now=at, end=None).bars
        told = [sheet.measures[name][row] for name in ("open", "high", "low", "last", "volume", "close")]
        assert told == [side[-1] for side in (bars.open, bars.high, bars.low, bars.close, bars.volume)] + [
            bars.close[-2]
        ]
        assert sheet.measures["average_volume"][row] == pytest.approx(bars.volume[-91:-1].mean())


def test_going_back_in_time_and_forth_again_tells_the_same() -> None:
    first = [(hit.contract.conid, hit.value) for hit in hits("TOP_PERC_GAIN")]
    assert [(hit.contract.conid, hit.value) for hit in hits("TOP_PERC_GAIN", at=NOON - timedelta(days=5))] != first
    assert [(hit.contract.conid, hit.value) for hit in hits("TOP_PERC_GAIN")] == first


def test_the_other_end_of_a_ranking_is_its_reverse() -> None:
    gainers, losers = hits("TOP_PERC_GAIN"), hits("TOP_PERC_LOSE")
    assert [hit.value for hit in gainers] == [hit.value for hit in losers][::-1]
    assert gainers[0].value > 0 > losers[0].value


@pytest.mark.parametrize("weeks", [13, 26, 52])
def test_a_price_stands_between_the_low_and_the_high_of_some_weeks(weeks: int) -> None:
    found = hits(f"HIGH_VS_{weeks}W_HL")
    assert all(0 <= hit.value <= 100 for hit in found)
    best = found[0].contract
    bars = MARKET.daily(best, NOON.date() - timedelta(days=weeks * 7), NOON.date() - timedelta(days=1))
    assert MARKET.price(best, NOON) == pytest.approx(bars.high.max(), rel=0.05)


def test_before_a_market_opens_nothing_has_traded_and_afterwards_everything() -> None:
    early = hits("NOT_YET_TRADED_TODAY", at=NOON.replace(hour=12))
    assert len(early) == len(hits("TOP_PERC_GAIN"))
    assert hits("NOT_YET_TRADED_TODAY") == []


def test_after_the_close_there_is_no_rate_of_trading() -> None:
    assert hits("TOP_VOLUME_RATE")[0].value > 0
    assert {hit.value for hit in hits("TOP_VOLUME_RATE", at=NOON.replace(hour=23))} == {0.0}


def test_thresholds_cut_on_both_sides_and_combine() -> None:
    for hit in (found := hits("MOST_ACTIVE", priceAbove=50, priceBelow="150", volumeAbove="100,000")):
        assert 50 <= MARKET.price(hit.contract, NOON) <= 150
        assert hit.value >= 100_000
    assert 0 < len(found) < len(hits("MOST_ACTIVE"))
    assert hits("MOST_ACTIVE", priceAbove=1e9) == []


def test_a_company_is_worth_its_shares_at_their_price() -> None:
    found = {hit.contract.symbol for hit in hits("MOST_ACTIVE", marketCapAbove1e6=1_000_000)}
    assert "AAPL" in found
    for hit in hits("MOST_ACTIVE"):
        worth = shares.outstanding(SEED, hit.contract) * MARKET.price(hit.contract, NOON) / 1e6
        assert (hit.contract.symbol in found) is (worth >= 1_000_000)


def test_choices_keep_what_a_word_describes() -> None:
    funds = {hit.contract.kind for hit in hits("MOST_ACTIVE", stkTypes="inc:ETF")}
    others = {hit.contract.kind for hit in hits("MOST_ACTIVE", stkTypes="exc:ETF")}
    assert (funds, others) == ({"ETF"}, {"COMMON", "ADR"})
    europe = hits("MOST_ACTIVE", "STOCK.EU", "STOCK.EU", issuerCountryIs="DE")
    assert {hit.contract.exchange for hit in europe} == {"IBIS"}


def test_of_each_root_one_future_leads() -> None:
    futures = hits("MOST_ACTIVE", "FUT.US", "FUT.US")
    lead = hits("MOST_ACTIVE", "FUT.US", "FUT.US", leadFutOnly="true")
    assert len(futures) > len(lead) == len({hit.contract.symbol for hit in futures})
    assert all(hit.contract.expiry and hit.contract.expiry >= NOON.date() for hit in futures)


def test_volumes_of_options_are_those_of_the_options_themselves() -> None:
    best = hits("OPT_VOLUME_MOST_ACTIVE")[0]
    options = SHEETS.sheet(("OPT", True), NOON)
    rows = [row for row, option in enumerate(options.contracts) if option.underlying == best.contract.conid]
    assert best.value == options.measures["volume"][rows].sum() > 0
    assert {hit.contract.symbol for hit in hits("MOST_ACTIVE", optVolumeAbove=1)} == {"AAPL", "MSFT", "IBM", "SPY"}


def test_a_location_of_another_kind_holds_nothing() -> None:
    assert hits("TOP_PERC_GAIN", "STK", "STK.EU.LSE") == []
    assert {hit.contract.exchange for hit in hits("TOP_PERC_GAIN", "STOCK.EU", "STK.EU.LSE")} == {"LSE"}


@pytest.mark.parametrize(
    ("instrument", "location", "scan", "filters", "wrong"),
    [
        ("STK", "STK", "NOTHING", {}, "scan type NOTHING"),
        ("XXX", "STK", "TOP_PERC_GAIN", {}, "instrument XXX"),
        ("STK", "MARS", "TOP_PERC_GAIN", {}, "location MARS"),
        ("STK", "STK", "FAR_MATURITY_DATE", {}, "instrument STK for scan"),
        ("STK", "STK", "TOP_PERC_GAIN", {"fooAbove": 1}, "filter fooAbove"),
        ("STK", "STK", "TOP_PERC_GAIN", {"priceAbove": "much"}, "value much of filter priceAbove"),
    ],
)
def test_a_wrong_word_is_named(
    instrument: str, location: str, scan: str, filters: dict[str, object], wrong: str
) -> None:
    with pytest.raises(ScanError, match=wrong):
        run(SHEETS, Question(instrument, location, scan, tuple(filters.items())), NOON)


def test_every_filter_can_be_used_with_every_kind_that_has_contracts() -> None:
    for kind in KINDS.values():
        scan = next(scan.code for scan in SCANS.values() if kind.code in scan.instruments)
        everything = {hit.contract for hit in run(SHEETS, Question(kind.code, kind.code, scan, []), NOON)[1]}
        for code in FILTERS:
            left = run(SHEETS, Question(kind.code, kind.code, scan, [(code, "1")]), NOON)[1]
            assert {hit.contract for hit in left} <= everything, (kind.code, code)


def test_halted_shares_are_those_whose_minutes_stand_still() -> None:
    shares = [each for each in MARKET.instruments() if each.asset_class == "STK" and each.is_us]
    days = (NOON - timedelta(days=step) for step in range(60))
    share, still, day = next(
        (share, halted, at.date()) for at in days for share in shares if (halted := halt(share, at.date(), 390))
    )
    opening = hours(share.exchange).session(day)[0]
    during = datetime.fromtimestamp(opening + 60 * still.start, UTC)
    for at, is_halted in ((during - timedelta(seconds=1), False), (during, True)):
        assert (share in [hit.contract for hit in hits("HALTED", at=at)]) is is_halted
        among = [hit.contract for hit in hits("TOP_PERC_GAIN", at=at, haltedIs="true")]
        assert (share in among) is is_halted


def test_codes_of_locations_are_used_once() -> None:
    nodes = [code for kind in KINDS.values() for code in _codes(kind.location)]
    assert sorted(nodes) == sorted(LOCATIONS)


def _codes(location: Location) -> list[str]:
    return [location.code, *(code for below in location.below for code in _codes(below))]


def test_amounts_are_short() -> None:
    assert [amount(value) for value in (87, 163_773, 52_013_400, 1.2e9)] == ["87", "163.773K", "52.013M", "1.200B"]


def test_what_is_not_known_is_never_a_hit() -> None:
    for scan in SCANS.values():
        assert not any(np.isnan(hit.value) for hit in hits(scan.code, scan.instruments[0], scan.instruments[0]))
