import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from assets.portfolio.positions import POSITIONS, contradictory
from resources.envelope import Envelope, Request
from resources.gateway.endpoint import Page
from tests.assets.bent import DAY, Bent
from tests.assets.conftest import EVENING
from tests.nights import Nights
from tests.resources.gateway import crooked as scripted

HOUR = timedelta(hours=1)

COLD = {
    "acctId": "U9900001", "conid": 990000123, "contractDesc": "SIMA   DEC2026 150 C", "position": -2.0,
    "mktPrice": 1.25, "mktValue": -250.0, "currency": "USD", "avgCost": 130.0, "avgPrice": 1.3, "realizedPnl": 0.0,
    "unrealizedPnl": 10.0, "exchs": None, "expiry": "20261218", "putOrCall": "C", "multiplier": 100.0,
    "strike": "150", "exerciseStyle": None, "conExchMap": [], "assetClass": "OPT", "undConid": 990000001, "model": "",
}  # fmt: skip


def _only(*rows: dict[str, Any]) -> Any:
    return lambda request, _: list(rows) if request.path.endswith("/0") else None


def test_a_cold_row_of_an_option_is_read_with_its_strike_as_text(bent: Bent) -> None:
    [row] = bent.bend("positions", _only(COLD)).build("positions").rows("positions").to_dict("records")
    assert (row["quantity"], row["strike"], row["multiplier"], row["put_or_call"]) == (-2.0, 150.0, 100.0, "C")
    assert row["expiry_day"].isoformat() == "2026-12-18"
    assert row["underlying_conid"] == 990000001
    assert row["extra"] is None


def test_terms_that_are_in_the_description_only_are_read_from_there(bent: Bent) -> None:
    bare = {**COLD, "expiry": None, "putOrCall": None, "multiplier": None, "strike": 0.0}
    bare["contractDesc"] = "SIMA   DEC2026 150 C [SIMA  261218C00150000 100]"
    built = bent.bend("positions", _only(bare)).build("positions")
    [row] = built.rows("positions").to_dict("records")
    assert (row["strike"], row["multiplier"], row["put_or_call"]) == (150.0, 100.0, "C")
    assert row["expiry_day"].isoformat() == "2026-12-18"
    assert built.verdict("market_value_is_quantity_times_price").has_passed


def test_terms_that_nothing_tells_stay_unknown(bent: Bent) -> None:
    bare = {**COLD, "expiry": None, "putOrCall": None, "strike": 0.0}
    [row] = bent.bend("positions", _only(bare)).build("positions").rows("positions").to_dict("records")
    assert (row["strike"], row["put_or_call"], row["expiry_day"]) == (None, None, None)


@pytest.mark.parametrize("nothing", ["0", 0.0, None])
def test_strike_and_multiplier_of_a_stock_are_null_however_the_wire_says_so(bent: Bent, nothing: Any) -> None:
    stock = {**COLD, "strike": nothing, "multiplier": nothing, "undConid": 0, "putOrCall": None, "expiry": None}
    stock |= {"mktValue": -2.5, "assetClass": "STK"}
    built = bent.bend("positions", _only(stock)).build("positions")
    [row] = built.rows("positions").to_dict("records")
    assert (row["strike"], row["multiplier"], row["underlying_conid"]) == (None, None, None)
    assert built.verdict("market_value_is_quantity_times_price").has_passed


def test_the_enrichment_of_a_warm_row_is_known_and_a_new_field_goes_to_extra(bent: Bent) -> None:
    warm = {**COLD, "ticker": "SIMA", "sector": None, "displayRule": {"magnification": 0}, "pageSize": 100, "new": 1}
    [row] = bent.bend("positions", _only(warm)).build("positions").rows("positions").to_dict("records")
    assert row["extra"] == '{"new":1}'


def test_a_cold_row_and_a_warm_one_are_read_alike(bent: Bent) -> None:
    """Symbols, sectors and rules come once definitions are loaded: absent before, null for an ETF after."""
    warm = {
        "incrementRules": [{"lowerEdge": 0.0, "increment": 0.01}], "displayRule": {"magnification": 0}, "time": 18,
        "chineseName": "&#x82F9;", "allExchanges": "AMEX,NYSE", "listingExchange": "NASDAQ", "countryCode": "US",
        "name": "SIM A INC", "lastTradingDay": None, "group": None, "sector": None, "sectorGroup": None,
        "ticker": "SIMA", "type": "ETF", "undComp": None, "undSym": "SIMA", "hasOptions": True, "fullName": "SIMA",
        "isUS": True, "isEventContract": False, "crossCurrency": False, "pageSize": 100, "baseMktValue": -250.0,
        "baseMktPrice": 1.25, "baseAvgCost": 130.0, "baseAvgPrice": 1.3, "baseRealizedPnl": 0.0,
        "baseUnrealizedPnl": 10.0,
    }  # fmt: skip
    bent.bend("positions", _only(COLD, {**COLD, **warm, "conid": 990000124})).build("positions")
    cold, warmed = bent.rows("positions").to_dict("records")
    assert {**cold, "conid": 990000124} == warmed
    assert warmed["extra"] is None


def test_the_average_cost_has_the_multiplier_in_it_and_the_average_price_has_not(bent: Bent) -> None:
    [row] = bent.bend("positions", _only(COLD)).build("positions").rows("positions").to_dict("records")
    assert (row["average_cost"], row["average_price"], row["multiplier"]) == (130.0, 1.3, 100.0)


@pytest.mark.parametrize(("reads", "passes"), [(1, False), (2, True)])
def test_a_first_page_without_rows_counts_once_it_was_read_twice(bent: Bent, reads: int, passes: bool) -> None:
    """Just after a login it can be empty though there are positions."""
    left = iter(range(reads))
    bent.bend(
        "positions", lambda request, _: [] if request.path.endswith("/0") and next(left, None) is not None else None
    )
    assert bent.verdict("pages_are_complete").has_passed is passes


def test_a_row_of_zero_units_that_lingers_after_a_close_is_kept(bent: Bent) -> None:
    lingering = {**COLD, "position": 0.0, "mktValue": 0.0}
    assert len(bent.bend("positions", _only(lingering)).build("positions").rows("positions")) == 1


def test_zero_units_worth_something_are_rejected(bent: Bent) -> None:
    strange = {**COLD, "position": 0.0, "mktValue": 99.0}
    built = bent.bend("positions", _only(strange, COLD)).build("positions")
    assert built.reasons("positions") == [["A position of zero units has a value of zero"]]


def _confirmed(bent: Bent, told: dict[str, Any], *answers: Any) -> Bent:
    """One page with one row, and what came when that row was asked for by itself."""
    bent.bend("positions", _only(told))
    [path] = bent.lake.raw.landings("positions", DAY.isoformat())
    page, *_ = bent.lake.raw.read(path)
    with bent.lake.raw.landing("positions", DAY.isoformat(), at=page.received_at + HOUR, run_id="again") as landing:
        landing.append(page)
        for answer in answers:
            asked = Request("GET", f"/portfolio/U9900001/position/{told['conid']}", {}, None)
            landing.append(replace(page, request=asked, body=orjson.dumps(answer), received_at=page.received_at + HOUR))
    return bent.build("positions")


WRONG = {**COLD, "mktPrice": 0.0, "mktValue": 0.0}


def test_a_row_that_was_confirmed_takes_the_place_of_the_doubtful_one_and_names_its_own_reply(bent: Bent) -> None:
    built = _confirmed(bent, WRONG, [COLD])
    [row] = built.rows("positions").to_dict("records")
    assert (row["price"], row["market_value"]) == (1.25, -250.0)
    assert row["raw_sha256"] == hashlib.sha256(orjson.dumps([COLD])).hexdigest()
    for name in ("pages_are_complete", "no_contract_stands_on_two_pages", "market_value_is_quantity_times_price"):
        assert built.verdict(name).has_passed, name
    assert built.generated("positions", "key_is_unique").has_passed


def test_a_doubtful_row_that_is_not_held_any_more_stands_as_it_was_told(bent: Bent) -> None:
    [row] = _confirmed(bent, WRONG, []).rows("positions").to_dict("records")
    assert (row["price"], row["market_value"]) == (0.0, 0.0)


def test_a_confirmation_that_breaks_the_schema_is_rejected_and_confirms_nothing(bent: Bent) -> None:
    built = _confirmed(bent, WRONG, [{**COLD, "position": "many"}])
    [row] = built.rows("positions").to_dict("records")
    assert (row["price"], row["market_value"]) == (0.0, 0.0)
    assert "quantity: position cannot be read as float" in built.reasons("positions")[0]


@pytest.mark.parametrize(
    ("changed", "is_in_doubt"),
    [
        ({}, False),
        ({"mktPrice": 0.0}, True),
        ({"mktValue": None}, True),
        ({"mktPrice": "1.25"}, False),
        ({"mktValue": -2.5}, True),
        ({"position": 0.0, "mktPrice": 0.0, "mktValue": 0.0}, False),
        ({"assetClass": "BOND", "multiplier": None, "mktValue": -0.025}, False),
    ],
)
def test_only_what_contradicts_itself_is_in_doubt(changed: Any, is_in_doubt: bool) -> None:
    other = {**COLD, "conid": 42}
    envelope = Envelope(Request("GET", "/", {}, None), 200, {}, orjson.dumps([other, {**COLD, **changed}]), EVENING, "")
    assert contradictory(Page(POSITIONS, envelope)) == (["990000123"] if is_in_doubt else [])


def test_what_contradicts_itself_is_asked_for_before_what_is_worthless_on_an_earlier_page() -> None:
    worthless = [{**WRONG, "conid": number} for number in range(1, 41)]
    pages = [
        Page(POSITIONS, Envelope(Request("GET", "/", {}, None), 200, {}, orjson.dumps(rows), EVENING, ""))
        for rows in (worthless, [{**COLD, "mktValue": -2.5}])
    ]
    assert contradictory(*pages) == ["990000123", *(str(number) for number in range(1, 41))]


@pytest.mark.parametrize(
    "page", [[], [{}], [{"conid": None, "position": 3}], [7, "x"], {"error": 1}, None, [{**WRONG, "conid": [1]}]]
)
def test_what_has_no_contract_to_ask_for_is_not_in_doubt(page: Any) -> None:
    envelope = Envelope(Request("GET", "/", {}, None), 200, {}, orjson.dumps(page), EVENING, "")
    assert contradictory(Page(POSITIONS, envelope)) == []


def test_a_row_in_doubt_is_asked_for_by_itself_and_no_other_is(tmp_path: Path) -> None:
    page = scripted.answer(body=orjson.dumps([WRONG, {**COLD, "conid": 42}]))
    script = {
        **scripted.HEALTHY,
        "GET /portfolio/U9900001/positions/0": page,
        "GET /portfolio/U9900001/position/990000123": scripted.answer(body=orjson.dumps([COLD])),
    }
    with scripted.crooked(script) as gateway:
        Nights(tmp_path, gateway).materialize("raw/positions", day=DAY.isoformat())
    asked = [one for one in gateway.asked if "/position" in one]
    assert asked == ["GET /portfolio/U9900001/positions/0", "GET /portfolio/U9900001/position/990000123"]


def test_pages_as_the_gateway_sent_them_pass_every_check(bent: Bent) -> None:
    built = bent.build("positions")
    for name in (
        "pages_are_complete",
        "no_contract_stands_on_two_pages",
        "market_value_is_quantity_times_price",
    ):
        assert built.verdict(name).has_passed, name
    assert len(built.rows("positions")) == 115


def test_a_missing_last_page_fails(bent: Bent) -> None:
    bent.bend("positions", lambda request, reply: None if request.path.endswith("/1") else reply)
    [offender] = bent.verdict("pages_are_complete").offenders
    assert offender["problem"] == "page 0 of U…0001 is full, and the next was not read"


def test_a_full_page_that_changed_when_it_was_read_again_fails(bent: Bent) -> None:
    reads = iter(range(9))

    def moved(request: Request, reply: list[dict[str, Any]]) -> Any:
        if request.path.endswith("/0") and next(reads) == 1:
            return [*reply[1:], {**reply[0], "conid": 42}]
        return reply

    [offender] = bent.bend("positions", moved).verdict("pages_are_complete").offenders
    assert "held other contracts when it was read again" in offender["problem"]


def test_a_full_page_that_was_read_only_once_fails(bent: Bent) -> None:
    reads = iter(range(9))
    bent.bend("positions", lambda _, reply: reply if next(reads) < 2 else None)
    assert not bent.verdict("pages_are_complete").has_passed


@pytest.mark.parametrize("strange", [3, {"rows": []}, "page", False])
def test_a_page_that_is_no_list_is_rejected_whole_and_the_others_stand(bent: Bent, strange: Any) -> None:
    bent.bend("positions", lambda request, reply: strange if request.path.endswith("/1") else reply)
    assert len(bent.build("positions").rows("positions")) == 100
    [[why]] = bent.reasons("positions")
    assert why.startswith("the reply's shape is not known: a list was due")
    assert bent.verdict("no_contract_stands_on_two_pages").has_passed


def test_a_contract_on_two_pages_fails(bent: Bent) -> None:
    first: list[dict[str, Any]] = []

    def slid(request: Request, reply: list[dict[str, Any]]) -> Any:
        if request.path.endswith("/0"):
            first[:] = reply
            return reply
        return [*reply, first[0]]

    bent.bend("positions", slid).build("positions")
    assert bent.verdict("no_contract_stands_on_two_pages").count == 1
    assert bent.generated("positions", "key_is_unique").count == 1


def test_a_wrong_market_value_fails(bent: Bent) -> None:
    def wrong(_: Request, reply: list[dict[str, Any]]) -> Any:
        return [{**reply[0], "mktValue": reply[0]["mktValue"] + 5.0}, *reply[1:]]

    verdict = bent.bend("positions", wrong).build("positions").verdict("market_value_is_quantity_times_price")
    assert verdict.count == 2, "one on each page"


def test_the_second_reading_of_a_page_is_the_one_that_counts(bent: Bent) -> None:
    reads = iter(range(9))

    def dearer(request: Request, reply: list[dict[str, Any]]) -> Any:
        again = request.path.endswith("/0") and next(reads) == 1
        return [{**row, "realizedPnl": 7.0} for row in reply] if again else reply

    rows = bent.bend("positions", dearer).build("positions").rows("positions")
    assert (rows["realized_pnl"] == 7.0).sum() >= 100
    assert len(rows) == 115
