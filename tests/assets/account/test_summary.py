from typing import Any

import pytest

from resources.envelope import Request
from tests.assets.bent import Bent

CHECK = "net_liquidation_and_cash_are_the_ledgers"
ITEM = {"amount": 0.0, "currency": None, "isNull": False, "timestamp": 1702582422, "value": None, "severity": 0}


def _only(**tags: Any) -> Any:
    return lambda _request, _reply: {tag.replace("_", "-"): told for tag, told in tags.items()}


def _one(bent: Bent, **tags: Any) -> Any:
    [row] = bent.bend("summary", _only(**tags)).build("summary").rows("summary").to_dict("records")
    return row


@pytest.mark.parametrize(
    ("tag", "item", "segment"),
    [
        ("netliquidation", "netliquidation", None),
        ("netliquidation_s", "netliquidation", "securities"),
        ("netliquidation_c", "netliquidation", "commodities"),
        ("netliquidation_p", "netliquidation", "crypto-currencies"),
        ("netliquidation_x", "netliquidation", "x"),
        ("pre_market", "pre-market", None),
    ],
)
def test_the_suffix_of_a_tag_is_its_segment(bent: Bent, tag: str, item: str, segment: str | None) -> None:
    row = _one(bent, **{tag: {**ITEM, "amount": 12.5, "currency": "USD"}})
    assert (row["tag"], row["item"], row["segment"]) == (tag.replace("_", "-"), item, segment)
    assert (row["amount"], row["currency"], row["text"]) == (12.5, "USD", None)


@pytest.mark.parametrize("timestamp", [1702582422, 1702582422000])
def test_a_timestamp_is_in_seconds_live_and_in_milliseconds_in_the_docs(bent: Bent, timestamp: int) -> None:
    row = _one(bent, cushion={**ITEM, "amount": 0.25, "timestamp": timestamp})
    assert row["reckoned_at"].isoformat() == "2023-12-14T19:33:42+00:00"


def test_a_text_has_an_amount_of_zero_that_means_nothing(bent: Bent) -> None:
    row = _one(bent, accounttype={**ITEM, "value": "INDIVIDUAL"})
    assert (row["text"], row["amount"], row["extra"]) == ("INDIVIDUAL", None, None)


def test_a_count_of_zero_is_a_number_without_a_currency(bent: Bent) -> None:
    row = _one(bent, daytradesremaining=ITEM)
    assert (row["amount"], row["currency"], row["is_empty"]) == (0.0, None, False)


@pytest.mark.parametrize("word", ["isNull", "isNone"])
def test_no_value_is_said_in_two_words(bent: Bent, word: str) -> None:
    told = {name: value for name, value in ITEM.items() if name != "isNull"}
    row = _one(bent, billable={**told, word: True})
    assert (row["is_empty"], row["amount"]) == (True, None)


@pytest.mark.parametrize("told", ["12.5", None, {"severity": 0}, {**ITEM, "amount": None}])
def test_a_tag_that_tells_nothing_is_rejected_and_the_others_stay(bent: Bent, told: Any) -> None:
    built = bent.bend("summary", _only(billable=told, cushion={**ITEM, "amount": 0.25})).build("summary")
    assert built.rows("summary")["tag"].tolist() == ["cushion"]
    assert built.reasons("summary") == [["A tag has an amount or a text, or says that it has none"]]


def test_a_night_tells_a_hundred_tags_of_which_none_is_rejected(bent: Bent) -> None:
    built = bent.build("summary", "ledger")
    rows = built.rows("summary").set_index("tag")
    assert 45 <= len(rows) <= 135
    assert built.reasons("summary") == []
    assert rows.loc["accountcode", "text"] == "U9900001"
    assert built.verdict(CHECK).has_passed


@pytest.mark.parametrize("tag", ["netliquidation", "totalcashvalue"])
def test_an_amount_that_is_not_the_ledgers_is_told(bent: Bent, tag: str) -> None:
    def off(_: Request, reply: dict[str, Any]) -> Any:
        return {**reply, tag: {**reply[tag], "amount": reply[tag]["amount"] + reply["netliquidation"]["amount"] / 100}}

    assert bent.bend("summary", off).build("summary", "ledger").verdict(CHECK).count == 1


def test_a_summary_that_is_empty_is_told(bent: Bent) -> None:
    assert bent.bend("summary", _only()).build("summary", "ledger").verdict(CHECK).count == 2, "both amounts lack"
