from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assets.kit.batch import Source
from assets.kit.conform import conform
from assets.kit.schema import Row, all_columns, column, rule
from assets.kit.shape import rows
from resources.envelope import Envelope, Request

DAY = date(2026, 11, 23)


class Sample(Row):
    """A row with one of everything."""

    known = frozenset({"ignored"})

    conid: int = column("conid", "Id.", gt=0)
    name: str | None = column("name", "Name.", pattern="^[a-z]+$")
    low: float | None = column("low", "Low.")
    high: float | None = column("high", "High.")

    @rule
    def low_is_not_above_high(values: Any) -> Any:
        """Low is not above high."""
        return ~(values["low"] > values["high"]).fillna(value=False).astype(bool)


def _source(*records: Any, **constants: Any) -> Source:
    envelope = Envelope(Request("GET", "/x", {}), 200, {}, b"[]", datetime(2026, 11, 23, 23, tzinfo=UTC), "run-1")
    return Source(rows(records, **constants), envelope, "raw/x.jsonl.gz", DAY)


def test_a_good_record_becomes_a_row_that_says_where_it_is_from() -> None:
    done = conform(Sample, [_source({"conid": "7", "name": "a", "ignored": 1})])
    [row] = done.accepted.to_pylist()
    assert (row["trading_day"], row["conid"], row["name"], row["low"]) == (DAY, 7, "a", None)
    assert (row["run_id"], row["extra"]) == ("run-1", None)
    assert row["raw_sha256"] == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    assert [field.name for field in done.accepted.schema] == [one.name for one in all_columns(Sample)]


def test_each_broken_rule_is_a_reason_of_its_own() -> None:
    done = conform(Sample, [_source({"conid": -1, "name": "A1", "low": 2, "high": 1}, {"name": 5})])
    assert [sorted(row["reasons"]) for row in done.rejected.to_pylist()] == [
        ["Low is not above high", "conid: not greater than 0", "name: not matching ^[a-z]+$"],
        ["conid: conid is missing", "name: name cannot be read as str"],
    ]
    assert done.rejected.to_pylist()[0]["record"] == '{"conid":-1,"high":1,"low":2,"name":"A1"}'


def test_unknown_fields_are_kept_and_reported_with_an_example() -> None:
    done = conform(Sample, [_source({"conid": 1}, {"conid": 2, "new": {"a": None}}, {"conid": 3})])
    assert [row["extra"] for row in done.accepted.to_pylist()] == [None, '{"new":{"a":null}}', None]
    assert done.unknown == {"new": '{"a":null}'}


def test_a_field_that_is_absent_is_null_as_one_that_is_told_as_null_and_neither_changes_its_neighbours() -> None:
    """Cold rows lack the key, warm ones of an ETF have it with null; a value that does not exist has no key."""
    told = [{"conid": 2**53 - 1, "name": None, "low": 1}, {"conid": 7}, {"conid": "8", "name": "a", "low": None}]
    done = conform(Sample, [_source(*told)])
    assert done.rejected.num_rows == 0
    names = ("conid", "name", "low", "high", "extra")
    assert [tuple(row[name] for name in names) for row in done.accepted.to_pylist()] == [
        (2**53 - 1, None, 1.0, None, None),
        (7, None, None, None, None),
        (8, "a", None, None, None),
    ]


def test_of_an_unknown_field_absent_and_null_are_told_apart() -> None:
    done = conform(Sample, [_source({"conid": 1, "new": None}, {"conid": 2})])
    assert done.accepted["extra"].to_pylist() == ['{"new":null}', None]


def test_a_required_field_is_missing_whether_it_is_absent_or_null() -> None:
    done = conform(Sample, [_source({"low": 1}, {"conid": None}, {"conid": 1})])
    assert done.rejected["reasons"].to_pylist() == [["conid: conid is missing"]] * 2


def test_constants_of_a_reply_are_columns_of_each_of_its_rows() -> None:
    done = conform(Sample, [_source({}, {}, conid=5), _source({}, conid=6)])
    assert done.accepted["conid"].to_pylist() == [5, 5, 6]


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=4), st.just([1]))
RECORDS = st.lists(
    st.dictionaries(st.sampled_from(["conid", "name", "low", "high", "ignored", "new"]), VALUES), max_size=8
)


@given(records=RECORDS)
def test_nothing_is_lost_whatever_comes(records: list[dict[str, Any]]) -> None:
    done = conform(Sample, [_source(*records)])
    assert done.accepted.num_rows + done.rejected.num_rows == len(records)
    assert all(row["conid"] > 0 for row in done.accepted.to_pylist())
    assert all(row["reasons"] for row in done.rejected.to_pylist())
