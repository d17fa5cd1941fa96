from datetime import date
from typing import Any

import pytest

from assets.kit.scope import Scope
from assets.kit.verify import run_check
from resources.envelope import Request
from tests.assets.bent import CHECKS, DAY, TABLES, Bent

BEFORE = date(2026, 11, 20)
NAME = "every_watched_symbol_stands_for_one_contract"


def _listings(*contracts: tuple[int, str, bool]) -> Any:
    found = [{"conid": conid, "exchange": exchange, "isUS": is_us} for conid, exchange, is_us in contracts]
    company = {"name": "SIM A INC", "chineseName": None, "assetClass": "STK", "contracts": found}
    return lambda _request, _reply: {"AAPL": [company]}


def test_every_listing_of_every_company_is_a_candidate(bent: Bent) -> None:
    bent.bend("symbols", _listings((1, "NASDAQ", True), (2, "MEXI", False))).build("symbols")
    assert bent.rows("symbols")[["symbol", "conid", "listing_exchange", "is_us", "name"]].values.tolist() == [
        ["AAPL", 1, "NASDAQ", True, "SIM A INC"],
        ["AAPL", 2, "MEXI", False, "SIM A INC"],
    ]


@pytest.mark.parametrize(
    ("entry", "passes"), [("AAPL", True), ("AAPL@MEXI", True), ("AAPL@LSE", False), ("NOPE", False), ("265598", True)]
)
def test_an_entry_must_stand_for_exactly_one_listing(bent: Bent, entry: str, passes: bool) -> None:
    bent.scope = Scope(watchlist=[entry])
    bent.bend("symbols", _listings((1, "NASDAQ", True), (2, "MEXI", False))).build("symbols")
    assert bent.verdict(NAME).has_passed is passes


def test_two_listings_in_the_united_states_are_one_too_many(bent: Bent) -> None:
    bent.bend("symbols", _listings((1, "NASDAQ", True), (2, "NYSE", True))).build("symbols")
    [offender] = bent.verdict(NAME).offenders
    assert (offender["symbol"], offender["candidates"]) == ("AAPL", "2")


def test_one_listing_on_each_of_several_days_is_one_listing(bent: Bent) -> None:
    bent.bend("symbols", _listings((1, "NASDAQ", True))).again_on(BEFORE, "symbols")
    bent.build("symbols", day=BEFORE).build("symbols")
    verdict = run_check(CHECKS[NAME], [BEFORE, DAY], lake=bent.lake, scope=bent.scope, tables=TABLES)
    assert verdict.has_passed


@pytest.mark.parametrize("unknown", [{}, {"AAPL": []}])
def test_an_unknown_symbol_fails_whether_its_list_is_empty_or_missing(bent: Bent, unknown: dict[str, Any]) -> None:
    def nothing(_: Request, __: Any) -> Any:
        return unknown

    assert bent.bend("symbols", nothing).build("symbols").verdict(NAME).count == 1
