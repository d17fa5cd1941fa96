from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.terms import completed, described_terms

PUT = "SIMX AUG2027 5555 P [SIMX 270820P05555000 100]"
TERMS = {"expiry": "20270820", "strike": 5555.0, "putOrCall": "P", "multiplier": 100.0}
BARE = {"assetClass": "OPT", "contractDesc": PUT, "expiry": None, "putOrCall": None, "multiplier": None, "strike": 0.0}


@pytest.mark.parametrize(
    ("description", "terms"),
    [
        (PUT, TERMS),
        (
            "SIMA   DEC2026 152.5 C [SIMA  261218C00152500 100]",
            {"expiry": "20261218", "strike": 152.5, "putOrCall": "C"},
        ),
        ("SIM B AUG2027 5555 P [SIMB  270820P05555000 100]", TERMS),
        ("SIMX AUG2027 5555 P [SIMXW 270831P05555000 10]", {"expiry": "20270831", "multiplier": 10.0}),
    ],
    ids=["as it was seen", "with the root filled up to six", "of a symbol in two words", "of another trading class"],
)
def test_the_terms_of_an_option_are_read_out_of_its_description(description: str, terms: dict[str, Any]) -> None:
    assert terms.items() <= described_terms(description).items()


@pytest.mark.parametrize(
    "description",
    [
        "SIMX AUG2027 5555 P [SIMX 270820C05555000 100]",
        "SIMX AUG2027 5560 P [SIMX 270820P05555000 100]",
        "SIMX SEP2027 5555 P [SIMX 270820P05555000 100]",
        "SIMX AUG2026 5555 P [SIMX 270820P05555000 100]",
        "SIMX FEB2027 5555 P [SIMX 270230P05555000 100]",
        "SIMX AUG2027 5555 P",
        "SIMX 20AUG27 5555 P",
        "SIMX",
        "",
        None,
        7,
        ["SIMX"],
    ],
)
def test_nothing_is_taken_from_a_description_that_contradicts_itself_or_has_another_form(description: Any) -> None:
    assert described_terms(description) == {}


def test_a_row_without_terms_gets_them() -> None:
    assert completed(BARE, "contractDesc") == {**BARE, **TERMS}


@pytest.mark.parametrize("nothing", [None, "", 0, 0.0, "0"])
def test_only_what_is_lacking_is_filled_in(nothing: Any) -> None:
    row = {**BARE, "strike": nothing, "multiplier": "100", "expiry": "20270820"}
    assert completed(row, "contractDesc") == {**row, "strike": 5555.0, "putOrCall": "P"}


@pytest.mark.parametrize(
    "row",
    [
        {**BARE, "expiry": "20270917"},
        {**BARE, "strike": "5560"},
        {**BARE, "putOrCall": "C"},
        {**BARE, "assetClass": "FOP"},
        {"assetClass": "STK", "contractDesc": "SIMX"},
        {},
    ],
)
def test_a_row_that_contradicts_its_description_or_is_no_option_stays_as_it_came(row: dict[str, Any]) -> None:
    assert completed(row, "contractDesc") == row


@given(description=st.from_regex(r"[A-Z]{1,4} [A-Z]{3}20\d\d \d{1,4} [CP] \[[A-Z]{1,4} \d{6}[CP]\d{8} \d{1,3}\]"))
def test_no_description_breaks_it(description: str) -> None:
    assert set(described_terms(description)) in ({*TERMS}, set())
