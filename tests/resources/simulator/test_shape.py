from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.resources.simulator.shape import derive, differences, kind

names = st.text(alphabet="abcxyz", min_size=1, max_size=3)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))


def told(reply: Any, *samples: Any, keyed: tuple[str, ...] = ()) -> list[str]:
    return list(differences(derive([reply], keyed=keyed), derive(samples, keyed=keyed)))


@given(st.lists(values, min_size=1, max_size=4))
def test_every_sample_fits_the_shape_derived_from_all(samples: list[Any]) -> None:
    for sample in samples:
        assert told(sample, *samples) == []


@given(st.dictionaries(names, values, min_size=1, max_size=4), st.data())
def test_a_key_that_was_always_there_is_missed(sample: dict[str, Any], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(sample)))
    rest = {name: value for name, value in sample.items() if name != gone}
    assert told(rest, sample) == [f"reply.{gone}: missing"]


@given(st.dictionaries(names, values, min_size=1, max_size=4), st.data())
def test_a_key_that_was_never_there_is_told(sample: dict[str, Any], data: st.DataObject) -> None:
    new = data.draw(names.filter(lambda name: name not in sample))
    assert told({**sample, new: 1}, sample) == [f"reply.{new}: not known"]


@given(values, values)
def test_another_kind_is_told(sample: Any, other: Any) -> None:
    fits = kind(other) == kind(sample) or (kind(sample) == "text" and isinstance(other, str))
    found = [line for line in told(other, sample) if line.startswith("reply: ")]
    assert bool(found) is not fits


def test_a_key_that_comes_and_goes_is_not_missed() -> None:
    assert told({"a": 1}, {"a": 1, "b": 2}, {"a": 1}) == []
    assert told([{"a": 1}, {}], [{"a": 1}]) == ["reply[].a: sometimes missing"]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "boolean"),
        (5, "whole number"),
        (5.0, "decimal number"),
        ("", "empty text"),
        ("-5.25", "number as text"),
        ("5%", "text"),
        ([], "array"),
        ({}, "object"),
    ],
)
def test_kinds_are_what_a_strict_client_tells_apart(value: object, name: str) -> None:
    assert kind(value) == name


def test_null_has_to_be_known() -> None:
    assert told({"a": None}, {"a": "x"}) == ["reply.a: null where only text is known"]
    assert told({"a": None}, {"a": "x"}, {"a": None}) == []


def test_a_number_as_text_is_no_number_and_words_are_no_number_as_text() -> None:
    assert told({"a": 5}, {"a": "5"}) == ["reply.a: whole number where only number as text is known"]
    assert told({"a": "five"}, {"a": "5"}) == ["reply.a: text where only number as text is known"]
    assert told({"a": "5"}, {"a": "five"}) == []


def test_what_an_array_holds_is_compared_wherever_it_stands() -> None:
    assert told({"a": [1, 2.0]}, {"a": [1]}) == ["reply.a[]: decimal number where only whole number is known"]
    assert told([], [1]) == []
    assert told([1], []) == ["reply[]: not known"]


def test_objects_keyed_by_names_have_any_name_and_one_kind_of_entry() -> None:
    sample = {"USD": {"cash": 1.0}, "EUR": {"cash": 2.0}}
    assert told({"JPY": {"cash": 3.0}}, sample, keyed=("reply",)) == []
    assert told({"JPY": {"cash": None}}, sample, keyed=("reply",)) == [
        "reply.*.cash: null where only decimal number is known"
    ]
    assert told({}, sample, keyed=("reply",)) == []
    assert told({"JPY": {"cash": 3.0}}, {}, keyed=("reply",)) == ["reply.*: not known"]


def test_an_account_is_a_name_wherever_it_is_a_key() -> None:
    assert told({"U9900001": 1, "nd": 2}, {"DU1234567": 1, "nd": 2}) == []
    assert told({"nd": 2}, {"DU1234567": 1, "nd": 2}) == ["reply.<account>: missing"]
