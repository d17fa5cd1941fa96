import json
from datetime import date

import pytest

from resources.simulator.contracts import cfds
from resources.simulator.contracts.derivatives import contract, spot
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.shapes.definitions import contract_info, full_name, futures, secdef_row
from tests.resources.simulator.seeded_desk import seeded_market

MARKET = seeded_market()
EVERYTHING = list(MARKET.instruments())


def one(asset_class: str, **traits: object) -> Instrument:
    return next(
        each
        for each in EVERYTHING
        if each.asset_class == asset_class and all(getattr(each, name) == value for name, value in traits.items())
    )


APPLE = one("STK", symbol="AAPL")
OPTION = one("OPT", expiry=date(2026, 12, 18), right="C", symbol="AAPL")
FUTURE = one("FUT", symbol="ES", expiry=date(2026, 12, 18))
BOND, PAIR, FUND = one("BOND"), one("CASH"), one("STK", kind="ETF")
INDEX, DIFFERENCE = spot(11004968), cfds.of(265598)


def test_a_share_is_described_as_the_wire_does() -> None:
    row = secdef_row(APPLE)
    assert (row["strike"], row["multiplier"], row["type"], row["undConid"]) == ("0", 0.0, "COMMON", 0)
    assert (row["sector"], row["listingExchange"], row["isUS"], row["hasOptions"]) == (
        "Technology",
        "NASDAQ",
        True,
        True,
    )
    assert row["incrementRules"] == [{"lowerEdge": 0.0, "increment": 0.01}]
    assert "undSym" not in row


def test_funds_have_no_sector() -> None:
    row = secdef_row(FUND)
    assert (row["type"], row["sector"], row["group"], row["sectorGroup"]) == ("ETF", None, None, None)


def test_derivatives_name_their_underlying_and_their_end() -> None:
    row = secdef_row(OPTION)
    assert (row["undConid"], row["undSym"], row["undComp"]) == (265598, "AAPL", "APPLE INC")
    assert (row["expiry"], row["lastTradingDay"], row["putOrCall"]) == ("20261218", "20261218", "C")
    assert (row["strike"], row["multiplier"]) == (f"{OPTION.strike:g}", 100.0)
    assert secdef_row(FUTURE)["undComp"] == "E-mini S&P 500"


@pytest.mark.parametrize(
    ("instrument", "name"),
    [
        (APPLE, "AAPL"),
        (OPTION, f"AAPL 18DEC26 {OPTION.strike:g} C"),
        (FUTURE, "ESZ6"),
        (BOND, "US TREASURY N/B 4 1/4 11/15/34"),
        (PAIR, "EUR.USD"),
    ],
)
def test_full_names_tell_contracts_apart(instrument: Instrument, name: str) -> None:
    assert full_name(instrument) == name


def test_every_definition_has_the_same_keys_apart_from_the_underlying() -> None:
    keys = {frozenset(secdef_row(each)) - {"undComp", "undSym"} for each in EVERYTHING}
    assert len(keys) == 1
    assert {frozenset(contract_info(each)) for each in EVERYTHING} == {frozenset(contract_info(APPLE))}
    assert json.dumps([secdef_row(each) for each in EVERYTHING])


def test_what_a_future_is_of_and_a_contract_for_difference_are_described_like_anything_else() -> None:
    assert INDEX
    assert DIFFERENCE
    assert set(secdef_row(INDEX)) == set(secdef_row(APPLE)) == set(secdef_row(DIFFERENCE))
    assert (secdef_row(INDEX)["assetClass"], secdef_row(INDEX)["ticker"]) == ("IND", "ES")
    assert (secdef_row(DIFFERENCE)["undConid"], contract_info(DIFFERENCE)["valid_exchanges"]) == (265598, "SMART")


def test_only_what_the_broker_routes_can_be_sent_to_its_router() -> None:
    assert str(contract_info(APPLE)["valid_exchanges"]).startswith("SMART,AMEX,")
    assert contract_info(FUTURE)["valid_exchanges"] == contract_info(FUTURE)["exchange"] == "CME"
    assert (contract_info(OPTION)["exchange"], contract_info(OPTION)["smart_available"]) == ("SMART", True)


def test_crude_is_named_after_the_month_of_delivery_and_cut_off_two_weekdays_early() -> None:
    january = contract(990_502_845 - 1)
    assert january
    [row] = futures([january])
    assert contract_info(january)["contract_month"] == "202701"
    assert (row["expirationDate"], row["ltd"], row["longFuturesCutOff"]) == (20261221, 20261221, 20261217)
    [index] = futures([FUTURE])
    assert index["shortFuturesCutOff"] == index["expirationDate"] == 20261218
