"""Each value of the wire that looks like one thing and is another."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit import parse

UNUSABLE = object()
PARSERS: list[Callable[..., parse.Parsed]] = [
    parse.text,
    parse.unescaped,
    parse.number,
    parse.whole,
    parse.zero_is_null,
    parse.figure,
    parse.figure_if_any,
    parse.after_letter,
    parse.begins_with("C"),
    parse.boolean,
    parse.day,
    parse.java_day,
    parse.epoch,
    parse.month,
    parse.named_month,
    parse.epoch_ms,
    parse.epoch_s,
    parse.instant,
    parse.instant_as("%y%m%d%H%M%S"),
    parse.worded(parse.SIDES),
    parse.flag,
]


def _read(parser: parse.Parser, value: Any) -> Any:
    values, unusable = parser(pd.Series([value], dtype=object))
    if unusable.iloc[0]:
        return UNUSABLE
    found = values.iloc[0]
    return None if pd.isna(found) else found


@pytest.mark.parametrize(
    ("parser", "wire", "meaning"),
    [
        (parse.number, "1,300", 1300.0),
        (parse.number, "-0.5", -0.5),
        (parse.number, 12, 12.0),
        (parse.number, "", None),
        (parse.number, None, None),
        (parse.number, "NaN", UNUSABLE),
        (parse.number, "Infinity", UNUSABLE),
        (parse.number, True, UNUSABLE),
        (parse.number, "many", UNUSABLE),
        (parse.number, {"amount": 1}, UNUSABLE),
        (parse.number, [1], UNUSABLE),
        (parse.whole, 265598, 265598),
        (parse.whole, "265598", 265598),
        (parse.whole, 265598.0, 265598),
        (parse.whole, 1.5, UNUSABLE),
        (parse.whole, 2**60, UNUSABLE),
        (parse.zero_is_null, "0", None),
        (parse.zero_is_null, 0.0, None),
        (parse.zero_is_null, "150", 150.0),
        (parse.flag, "1", True),
        (parse.flag, "0", False),
        (parse.flag, False, False),
        (parse.flag, None, None),
        (parse.flag, "2", UNUSABLE),
        (parse.flag, "no", UNUSABLE),
        (parse.worded(parse.SIDES), "B", "BUY"),
        (parse.worded(parse.SIDES), "SLD", "SELL"),
        (parse.worded(parse.SIDES), "BUY", "BUY"),
        (parse.worded(parse.SIDES), "SSHORT", "SSHORT"),
        (parse.worded(parse.SIDES), "", None),
        (parse.worded(parse.SIDES), 1, UNUSABLE),
        (parse.instant_as("%y%m%d%H%M%S"), "240103201041", pd.Timestamp("2024-01-03T20:10:41Z")),
        (parse.instant_as("%Y%m%d-%H:%M:%S"), "20260908-13:58:11", pd.Timestamp("2026-09-08T13:58:11Z")),
        (parse.instant_as("%Y%m%d-%H:%M:%S"), "20260908 13:58:11", UNUSABLE),
        (parse.instant_as("%y%m%d%H%M%S"), 240103201041, UNUSABLE),
        (parse.instant_as("%y%m%d%H%M%S"), "", None),
        (parse.figure, "90.4K", 90_400.0),
        (parse.figure, "163.773K", 163_773.0),
        (parse.figure, "5.2M", 5_200_000.0),
        (parse.figure, "512.4B", 512.4e9),
        (parse.figure, "3.1T", 3.1e12),
        (parse.figure, "+12.5%", 12.5),
        (parse.figure, "0.54", 0.54),
        (parse.figure, "-.5%", -0.5),
        (parse.figure, "1,300", 1300.0),
        (parse.figure, 7, 7.0),
        (parse.figure, "", None),
        (parse.figure, "K", UNUSABLE),
        (parse.figure, "1.2X", UNUSABLE),
        (parse.figure, "1.2MK", UNUSABLE),
        (parse.after_letter, "C193.18", 193.18),
        (parse.after_letter, "H1,193.18", 1193.18),
        (parse.after_letter, "193.18", 193.18),
        (parse.after_letter, "X193.18", UNUSABLE),
        (parse.begins_with("C"), "C193.18", True),
        (parse.begins_with("C"), "193.18", False),
        (parse.begins_with("H"), None, None),
        (parse.figure_if_any, "12.4M", 12_400_000.0),
        (parse.figure_if_any, "Strong Buy", None),
        (parse.text, "  ", None),
        (parse.text, "USD", "USD"),
        (parse.text, 7, UNUSABLE),
        (parse.unescaped, "&#x82F9;&#x679C; 500 ETF", "\u82f9\u679c 500 ETF"),
        (parse.unescaped, "\u82f9\u679c", "\u82f9\u679c"),
        (parse.unescaped, "Apple Inc", "Apple Inc"),
        (parse.unescaped, " ", None),
        (parse.unescaped, 7, UNUSABLE),
        (parse.boolean, False, False),
        (parse.boolean, "true", UNUSABLE),
        (parse.boolean, 1, UNUSABLE),
        (parse.day, "20261218", pd.Timestamp("2026-12-18")),
        (parse.day, 20261218, pd.Timestamp("2026-12-18")),
        (parse.day, "2026-12-18", pd.Timestamp("2026-12-18")),
        (parse.day, "20261318", UNUSABLE),
        (parse.day, "DEC26", UNUSABLE),
        (parse.day, "", None),
        (parse.java_day, "Tue Mar 31 00:00:00 EDT 2026", pd.Timestamp("2026-03-31")),
        (parse.java_day, "Thu Nov 5 00:00:00 EST 2026", pd.Timestamp("2026-11-05")),
        (parse.java_day, "Wed Jul 01 00:00:00 GMT+01:00 2026", pd.Timestamp("2026-07-01")),
        (parse.java_day, "20261105", pd.Timestamp("2026-11-05")),
        (parse.java_day, "Tue Foo 31 00:00:00 EDT 2026", UNUSABLE),
        (parse.java_day, "Tue Feb 31 00:00:00 EDT 2026", UNUSABLE),
        (parse.java_day, "", None),
        (parse.month, "202603", pd.Timestamp("2026-03-01")),
        (parse.month, "2026", UNUSABLE),
        (parse.named_month, "JAN27", pd.Timestamp("2027-01-01")),
        (parse.named_month, "202701", UNUSABLE),
        (parse.named_month, "JUM27", UNUSABLE),
        (parse.named_month, None, None),
        (parse.epoch_ms, 1775136600000, pd.Timestamp("2026-04-02T13:30Z")),
        (parse.epoch_s, 1701198108, pd.Timestamp("2023-11-28T19:01:48Z")),
        (parse.epoch_s, 1775136600000, UNUSABLE),
        (parse.epoch_ms, -1, UNUSABLE),
        (parse.epoch, 1702582422, pd.Timestamp("2023-12-14T19:33:42Z")),
        (parse.epoch, 1702582422000, pd.Timestamp("2023-12-14T19:33:42Z")),
        (parse.epoch, "yesterday", UNUSABLE),
        (parse.epoch, -1, UNUSABLE),
        (parse.epoch, None, None),
        (parse.instant, "2026-11-23T18:30:00.25-05:00", pd.Timestamp("2026-11-23T23:30:00.25Z")),
        (parse.instant, "2026-11-23T23:30:00Z", pd.Timestamp("2026-11-23T23:30Z")),
        (parse.instant, "2026-11-23T23:30:00", UNUSABLE),
        (parse.instant, "yesterday", UNUSABLE),
        (parse.instant, 1775136600000, UNUSABLE),
        (parse.instant, None, None),
    ],
)
def test_a_value_of_the_wire_is_read_as_what_it_means(parser: parse.Parser, wire: Any, meaning: Any) -> None:
    assert _read(parser, wire) == meaning


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)  # fmt: skip


@pytest.mark.parametrize("parser", PARSERS, ids=lambda one: one.__name__)
@given(values=st.lists(JUNK, min_size=1, max_size=6))
def test_no_value_breaks_a_parser_and_none_is_both_read_and_unusable(parser: parse.Parser, values: list[Any]) -> None:
    read, unusable = parser(pd.Series(values, dtype=object))
    assert len(read) == len(unusable) == len(values)
    assert not (read.notna() & unusable).any()


def test_a_column_that_is_numbers_already_is_read_the_same_as_one_by_one() -> None:
    floats = pd.Series([1.5, float("nan"), float("inf")])
    values, unusable = parse.number(floats)
    assert values.tolist()[:1] == [1.5]
    assert unusable.tolist() == [False, False, True]
    assert parse.whole(pd.Series([1, 2])).values.tolist() == [1, 2]


@pytest.mark.parametrize("parser", [parse.number, parse.whole, parse.epoch_ms, parse.epoch_s, parse.epoch])
@given(
    told=st.one_of(
        st.lists(st.floats(), min_size=1),
        st.lists(st.integers(-(2**53), 2**53), min_size=1),
        st.lists(st.integers(0, 253_402_300_800_000), min_size=1),
    )
)
def test_numbers_that_lie_in_an_array_are_read_as_those_that_are_objects(
    parser: parse.Parser, told: list[float]
) -> None:
    quick, slow = parser(pd.Series(told)), parser(pd.Series(told, dtype=object))
    pd.testing.assert_series_equal(quick.values, slow.values)
    assert quick.unusable.tolist() == slow.unusable.tolist()
