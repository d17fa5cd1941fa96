from typing import Any

import pytest

from resources.simulator.faults.fault import Exchange, Fault, Request, told
from resources.simulator.faults.values import AddedFields, Misdirected, MissingFields, NanLike, Retyped

ROWS = [{"acctId": "U9900001", "conid": 1, "mktPrice": 2.5}, {"acctId": "U9900001", "conid": 2, "mktPrice": 3.5}]
LEDGER = {"BASE": {"cash": 1.0}, "USD": {"cash": 2.0}}


def spoil(fault: Fault, value: Any, draw: float = 0.0) -> Any:
    return fault.strike(Exchange(Request("GET", "/x", draw=draw), told(200, value))).json


def test_missing_fields_are_gone_from_every_nth_record() -> None:
    assert spoil(MissingFields(fields=("conid",), every=2), ROWS) == [ROWS[0], {"acctId": "U9900001", "mktPrice": 3.5}]


def test_a_field_that_is_not_named_is_drawn_from_the_record() -> None:
    assert [set(ROWS[0]) - set(spoil(MissingFields(), ROWS, draw)[0]) for draw in (0.0, 0.5, 0.99)] == [
        {"acctId"},
        {"conid"},
        {"mktPrice"},
    ]


def test_added_fields_are_in_every_record_whatever_the_shape() -> None:
    added = AddedFields(fields={"new": 1})
    assert [row["new"] for row in spoil(added, ROWS)] == [1, 1]
    assert spoil(added, LEDGER) == {"BASE": {"cash": 1.0, "new": 1}, "USD": {"cash": 2.0, "new": 1}}
    assert spoil(added, {"rules": {}, "conid": 1}) == {"rules": {}, "conid": 1, "new": 1}
    assert spoil(added, {"secdef": [{"conid": 1}]}) == {"secdef": [{"conid": 1, "new": 1}]}


@pytest.mark.parametrize(
    ("to", "price", "account"),
    [
        ("other", "2.5", 8),
        ("text", "2.5", "U9900001"),
        ("null", None, None),
        ("list", [2.5], ["U9900001"]),
        ("object", {"value": 2.5}, {"value": "U9900001"}),
    ],
)
def test_values_change_their_type(to: str, price: object, account: object) -> None:
    fault = Retyped.model_validate({"fields": ["mktPrice", "acctId"], "to": to})
    assert spoil(fault, ROWS)[0] == {"acctId": account, "conid": 1, "mktPrice": price}


def test_text_that_is_a_number_becomes_one() -> None:
    assert spoil(Retyped(fields=("strike",)), [{"strike": "12.5"}]) == [{"strike": 12.5}]


@pytest.mark.parametrize(
    ("value", "shown"),
    [("NaN", "NaN"), ("Infinity", "Infinity"), ("empty", ""), ("dash", "-"), ("null", None), ("n/a", "N/A")],
)
def test_numbers_become_no_numbers(value: str, shown: object) -> None:
    fault = NanLike.model_validate({"value": value})
    assert spoil(fault, ROWS, draw=0.99)[0] == {"acctId": "U9900001", "conid": 1, "mktPrice": shown}


def test_chance_takes_only_numbers_for_no_numbers() -> None:
    assert spoil(NanLike(), [{"a": "text", "b": True, "c": 1}], draw=0.0) == [{"a": "text", "b": True, "c": "NaN"}]
    assert spoil(NanLike(), [{"a": "text"}]) == [{"a": "text"}]


def test_a_misdirected_answer_names_another_contract_in_the_type_of_the_first() -> None:
    assert spoil(Misdirected(), [{"conid": 1}, {"conid": "2"}, {"con_id": 3, "symbol": "AB"}]) == [
        {"conid": 2},
        {"conid": "3"},
        {"con_id": 4, "symbol": "ABX"},
    ]


def test_a_misdirected_answer_names_another_account_as_value_and_as_key() -> None:
    fault = Misdirected(what="account", account="U1")
    told_of = {"U9900001": {"id": "U9900001"}, "included": ["U9900001", "DU123456"], "name": "Union 55"}
    assert spoil(fault, told_of) == {"U1": {"id": "U1"}, "included": ["U1", "U1"], "name": "Union 55"}
