"""What a reader of the Dagster UI is told."""

import pytest

from assets.kit.describe import described, landing_metadata, markdown, table_metadata
from tests.assets.bent import TABLES


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("positions", "perishable: can only be asked for on the day itself"),
        ("nav", "windowed: can be asked for again while it is inside the gateway's window of 365 days"),
        ("bars_1d", "replayable: can be asked for again at any time"),
        ("requests", "local: is written by our own processes, the gateway is not asked"),
    ],
)
def test_a_dataset_tells_until_when_it_can_be_had(name: str, words: str) -> None:
    assert landing_metadata(TABLES[name].raw)["time"] == words


def test_a_dataset_tells_the_endpoints_it_is_from() -> None:
    told = landing_metadata(TABLES["nav"].raw)["endpoints"]
    assert told == "POST /pa/allperiods, POST /pa/performance, GET /pa/performance"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "positions",
            "- from `GET /portfolio/{account_id}/positions/{page}`, which wants a login; "
            "at most 10 per s with all others; in pages of 100\n- from `GET /portfolio/{account_id}/position/{conid}`",
        ),
        ("nav", "- from `POST /pa/performance`, which wants a login; at most 1 per 900 s, 10 per s with all others\n"),
        ("bars_1d", "which wants the brokerage session; at most 5 at once, 10 per s with all others\n"),
        ("requests", "- from `LOCAL /calls`, our own records\n"),
        ("ledger", "One row per `account_id`, `currency` and trading day.\n\n---\n\nLedger: cash, market values"),
    ],
)
def test_the_top_of_a_page_says_what_a_dataset_is_from_where_and_until_when(name: str, words: str) -> None:
    assert words in described(TABLES[name])


def test_the_page_of_replies_tells_where_they_are_from_too() -> None:
    told = described(TABLES["ledger"].raw)
    assert told.startswith(
        "Every account's ledger, as the gateway sent it.\n\n- from `GET /portfolio/{account_id}/ledger`"
    )


def test_a_table_tells_its_key_and_each_column_with_type_unit_nullability_and_rules() -> None:
    told = table_metadata(TABLES["positions"])
    assert told["key"] == "account_id, conid"
    columns = {one.name: one for one in told["dagster/column_schema"].columns}
    assert (columns["conid"].type, columns["conid"].constraints.nullable) == ("BIGINT", False)
    assert columns["conid"].constraints.other == ["greater than 0"]
    assert columns["strike"].constraints.nullable
    assert columns["price"].description.endswith("Unit: `currency` per unit.")


def test_records_are_shown_as_a_table_whatever_stands_in_them() -> None:
    assert markdown([{"a": "x|y", "b": "two\nlines"}, {"c": 1}]).splitlines() == [
        "| a | b | c |",
        "|---|---|---|",
        "| x\\|y | two lines | None |",
        "| None | None | 1 |",
    ]


def test_no_records_are_told_as_none() -> None:
    assert markdown([]) == "none"


def test_a_long_value_is_cut() -> None:
    assert len(markdown([{"a": "x" * 1000}]).splitlines()[-1]) < 130
