from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.warehouse import read_marts
from tests.assets.bent import TABLES
from tests.assets.marts.made import mart

MON, TUE, WED, FRI = (date(2026, 11, day) for day in (16, 17, 18, 20))
SPAN = "version, valid_from_day, valid_to_day, last_told_day, changed"
KEY = {"conid"}
DEFINED = [one.name for one in TABLES["instruments"].row.columns if one.name not in KEY]


def _told(day: date, **terms: Any) -> dict[str, Any]:
    return {"trading_day": day, "conid": 7, "symbol": "SIMA", "currency": "USD", **terms}


def _versions(*rows: dict[str, Any], columns: str = SPAN) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in mart("instruments_history", columns, instruments=rows)]


def test_what_never_changes_is_one_version_that_holds_now() -> None:
    assert _versions(_told(MON), _told(TUE), _told(WED)) == [(1, MON, None, WED, [])]


def test_a_change_begins_a_version_that_names_what_changed() -> None:
    renamed = {"symbol": "SIMB", "name": "SIM B INC"}
    assert _versions(_told(MON), _told(TUE), _told(WED, **renamed), _told(FRI, **renamed)) == [
        (1, MON, TUE, TUE, []),
        (2, WED, None, FRI, ["symbol", "name"]),
    ]


def test_what_becomes_known_and_what_is_lost_are_changes() -> None:
    versions = _versions(_told(MON), _told(TUE, sector="Technology"), _told(WED), columns="changed, sector")
    assert versions == [([], None), (["sector"], "Technology"), (["sector"], None)]


def test_what_turns_back_is_a_version_of_its_own() -> None:
    versions = _versions(_told(MON), _told(TUE, symbol="SIMB"), _told(WED), columns="version, symbol")
    assert versions == [(1, "SIMA"), (2, "SIMB"), (3, "SIMA")]


def test_a_contract_that_was_not_held_for_a_while_has_not_changed() -> None:
    assert _versions(_told(MON), _told(FRI)) == [(1, MON, None, FRI, [])]


def test_of_the_days_on_which_nobody_asked_a_version_tells_nothing() -> None:
    assert [row[:3] for row in _versions(_told(MON), _told(FRI, symbol="SIMB"))] == [(1, MON, MON), (2, FRI, None)]


def test_the_order_of_exchanges_and_the_time_of_the_reply_are_no_definition() -> None:
    one = _told(MON, all_exchanges="AMEX,NYSE,CBOE", raw_sha256="a", run_id="a", extra='{"novel":1}')
    other = _told(TUE, all_exchanges="CBOE,AMEX,NYSE", raw_sha256="b", run_id="b")
    assert _versions(one, other) == [(1, MON, None, TUE, [])]
    another = {**other, "trading_day": WED, "all_exchanges": "AMEX,NYSE"}
    assert _versions(one, other, another)[1] == (2, WED, None, WED, ["all_exchanges"])


def test_contracts_have_versions_of_their_own() -> None:
    other = {"conid": 8, "symbol": "SIMC"}
    versions = _versions(_told(MON), _told(MON, **other), _told(TUE), _told(TUE, **other), columns="conid, version")
    assert versions == [(7, 1), (8, 1)]


@pytest.mark.parametrize("name", DEFINED)
def test_each_column_of_a_definition_makes_versions(name: str) -> None:
    [kind] = [one.kind for one in TABLES["instruments"].row.columns if one.name == name]
    value = {str: "ZZZ", int: 42, float: 4.2, bool: True, date: FRI}[kind]
    assert [row[-1] for row in _versions(_told(MON), _told(TUE, **{name: value}))] == [[], [name]]


def test_the_columns_are_those_of_instruments() -> None:
    [told] = [one.column_docs for one in read_marts() if one.name == "instruments_history"]
    spans = ["conid", "version", "valid_from_day", "valid_to_day", "last_told_day", "changed"]
    assert [name for name, _ in told] == [*spans, *DEFINED]


@settings(max_examples=30)
@given(symbols=st.lists(st.sampled_from(["A", "B", None]), min_size=1, max_size=12))
def test_versions_follow_each_other_and_tell_each_day_as_it_was_told(symbols: list[str | None]) -> None:
    days = [date(2026, 10, day) for day in range(1, len(symbols) + 1)]
    told = [_told(day, symbol=symbol) for day, symbol in zip(days, symbols, strict=True)]
    rows = mart("instruments_history", instruments=told)
    assert [row["version"] for row in rows] == list(range(1, len(rows) + 1))
    for day, symbol in zip(days, symbols, strict=True):
        [of_day] = [row for row in rows if row["valid_from_day"] <= day <= (row["valid_to_day"] or days[-1])]
        assert of_day["symbol"] == symbol
