from pathlib import Path
from typing import Any

import orjson
import pytest

from resources.envelope import Request
from tests.assets.bent import DAY, Bent
from tests.nights import Nights
from tests.resources.gateway import crooked as scripted

OPTION = {
    "conid": 990000500, "currency": "USD", "time": 43, "chineseName": "&#x82F9;", "allExchanges": "AMEX,CBOE",
    "listingExchange": "CBOE", "countryCode": "US", "name": "SIM A INC", "assetClass": "OPT", "expiry": "20261218",
    "lastTradingDay": "20261218", "group": None, "putOrCall": "P", "sector": None, "sectorGroup": None,
    "strike": "150", "ticker": "SIMA", "undConid": 990000001, "multiplier": 100.0, "type": None, "hasOptions": True,
    "fullName": "SIMA 18DEC26 150 P", "isUS": True, "isEventContract": False, "pageSize": 100,
}  # fmt: skip


def _only(*rows: dict[str, Any]) -> Any:
    """The rows as definitions of the first contracts that were asked for."""

    def answer(request: Request, _: Any) -> Any:
        asked = request.query["conids"].split(",")
        return {"secdef": [{**row, "conid": int(conid)} for row, conid in zip(rows, asked, strict=False)]}

    return answer


def test_an_option_is_read_with_its_terms(bent: Bent) -> None:
    [row] = bent.bend("instruments", _only(OPTION)).build("instruments").rows("instruments").to_dict("records")
    assert (row["strike"], row["put_or_call"], row["underlying_conid"]) == (150.0, "P", 990000001)
    assert str(row["last_trading_day"]) == "2026-12-18"
    assert row["kind"] is None
    assert row["extra"] is None


@pytest.mark.parametrize("told", ["&#x82F9;&#x679C;", "\u82f9\u679c"])
def test_a_chinese_name_is_told_in_letters_or_in_numeric_entities_and_is_the_same_name(bent: Bent, told: str) -> None:
    built = bent.bend("instruments", _only({**OPTION, "chineseName": told})).build("instruments")
    assert built.rows("instruments")["chinese_name"].tolist() == ["\u82f9\u679c"]


def test_an_etf_has_no_sector_and_a_stock_neither_strike_nor_multiplier(bent: Bent) -> None:
    etf = {**OPTION, "assetClass": "STK", "type": "ETF", "strike": "0", "multiplier": 0.0, "putOrCall": None}
    [row] = bent.bend("instruments", _only(etf)).build("instruments").rows("instruments").to_dict("records")
    assert (row["sector"], row["strike"], row["multiplier"]) == (None, None, None)


def test_a_new_field_is_kept_and_an_unusable_right_is_rejected(bent: Bent) -> None:
    odd = {**OPTION, "putOrCall": "X"}
    built = bent.bend("instruments", _only(odd, {**OPTION, "novel": True})).build("instruments")
    assert built.reasons("instruments") == [["put_or_call: not one of ['C', 'P']"]]
    assert built.rows("instruments")["extra"].tolist() == ['{"novel":true}']


@pytest.mark.slow
def test_200_contracts_are_asked_for_at_once_and_what_is_left_out_once_more(tmp_path: Path) -> None:
    """An unknown contract is left out without a word; once a valid one was, in an empty list."""
    script = {
        **scripted.HEALTHY,
        "GET /trsrv/secdef": [
            scripted.answer(body=orjson.dumps({"secdef": [{**OPTION, "conid": conid} for conid in range(1, 200)]})),
            scripted.answer(body=b'{"secdef":[]}'),
            scripted.answer(body=b'{"secdef":[]}'),
            scripted.answer(body=orjson.dumps({"secdef": [{**OPTION, "conid": 201}]})),
        ],
    }
    with scripted.crooked(script) as gateway:
        nights = Nights(tmp_path, gateway, scope={"watchlist": [str(conid) for conid in range(1, 202)]})
        nights.materialize("raw/instruments", "instruments", day=DAY.isoformat())
    [landing] = nights.lake.raw.landings("instruments", DAY.isoformat())
    asked = [one.request.query["conids"].split(",") for one in nights.lake.raw.read(landing)]
    assert [(len(conids), conids[-1]) for conids in asked] == [(200, "200"), (1, "200"), (1, "201"), (1, "201")]
    assert nights.table("instruments")["conid"].tolist() == [*range(1, 200), 201]


def test_every_held_contract_is_known_after_an_undisturbed_night(bent: Bent) -> None:
    assert bent.build("positions", "instruments").verdict("every_held_contract_is_known").has_passed


def test_a_held_contract_that_was_left_out_fails(bent: Bent) -> None:
    dropped: list[int] = []

    def left_out(_: Request, reply: dict[str, Any]) -> Any:
        dropped.append(reply["secdef"][0]["conid"])
        return {"secdef": reply["secdef"][1:]}

    bent.bend("instruments", left_out).build("positions", "instruments")
    [offender] = bent.verdict("every_held_contract_is_known").offenders
    assert offender["conid"] == str(dropped[0])
