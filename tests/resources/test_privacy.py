import re
import traceback
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from resources.privacy import mask_error, masked, show_account_ids

IDS = st.from_regex(r"D?[UFI][A-Z]?[0-9]{5,8}[A-Z]?", fullmatch=True)


@pytest.fixture
def _shown() -> Iterator[None]:
    show_account_ids(True)
    yield
    show_account_ids(False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("GET /portfolio/U9900001/ledger", "GET /portfolio/U…0001/ledger"),
        ("U9900001 and U9900101", "U…0001 and U…0101"),
        ("U1234567, U12345678, U123456, U12345", "U…4567, U…5678, U…456, U…45"),
        ("DU1234567 and DUX123456", "DU…4567 and DUX…456"),
        ("F1234567 DF1234567 I1234567 F1234567A U1234567AB", "F…4567 DF…4567 I…4567 F…4567A U…4567AB"),
        ("IRA of Smith (U9900001)", "IRA of Smith (U…0001)"),
        ("acct_U9900001_x", "acct_U…0001_x"),
        ("?acctIds=%5B%22U9900001%22%2CU9900002", "?acctIds=%5B%22U…0001%22%2CU…0002"),
        ("%2FU9900001%2Fledger", "%2FU…0001%2Fledger"),
        (repr("first\nU9900001"), r"'first\nU…0001'"),
        ('{"U9900001":"U9900001"}', '{"U…0001":"U…0001"}'),
        ("'U9900001', b'F9900000'", "'U…0001', b'F…0000'"),
    ],
)
def test_of_an_account_id_its_kind_and_its_last_digits_are_told(text: str, told: str) -> None:
    assert masked(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "AAPL 265598, page 12",
        "US0378331005",
        "run f1234567-89ab-4def",
        "20261123T233000Z-01-f1234567.open.jsonl.gz",
        "a9u1234567",
        "FU2612 I18 U308",
        "SHA-256 9F12345678AB",
        "2026-11-23, 18:30",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert masked(text) == text


@given(
    account_id=IDS,
    before=st.sampled_from(["", "/", "'", " ", "=", "%2F", "(", "_", ":"]),
    after=st.sampled_from("/'&=_ )"),
)
def test_no_id_is_left_whole_wherever_it_stands(account_id: str, before: str, after: str) -> None:
    told = masked(f"{before}{account_id}{after}")
    assert account_id not in told
    assert masked(told) == told, "told again it stays the same"
    digits = re.sub(r"\D", "", account_id)
    assert len(digits) - len(re.sub(r"\D", "", told.removeprefix(before))) >= 3


@given(one=st.integers(0, 9999), other=st.integers(0, 9999))
def test_sister_accounts_of_one_adviser_are_told_apart(one: int, other: int) -> None:
    ids = f"U990{one:04}", f"U990{other:04}"
    assert (masked(ids[0]) == masked(ids[1])) == (one == other)


@pytest.mark.usefixtures("_shown")
def test_an_owner_who_wants_to_see_ids_sees_them() -> None:
    assert masked("GET /portfolio/U9900001/ledger") == "GET /portfolio/U9900001/ledger"


def test_an_error_is_masked_with_everything_that_it_came_from() -> None:
    try:
        try:
            dict[str, int]()["U9900001"]
        except KeyError as inner:
            inner.add_note("while U9900001 was read")
            raise requests.ConnectionError(ValueError("/portfolio/U9900001/ledger"), 7) from inner
    except requests.ConnectionError as error:
        mask_error(error)
        told = "".join(traceback.format_exception(error))
    told = "\n".join(line for line in told.splitlines() if not line.startswith("    "))  # the lines of this file
    assert "U9900001" not in told
    assert told.count("U…0001") == 3


def test_an_error_that_came_of_itself_is_masked_too() -> None:
    error = ValueError("U9900001")
    error.__context__ = other = KeyError("U9900002")
    other.__context__ = error
    mask_error(error)
    assert (error.args, other.args) == (("U…0001",), ("U…0002",))
