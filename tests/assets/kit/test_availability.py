import re

import pandas as pd
import pytest

from assets.kit.availability import TIMELINESS, UNDERSTOOD, is_consolidated, timeliness

CODES = pd.DataFrame({"code": pd.Series(["RpB", "ZP", "N", "?", None], dtype=pd.StringDtype())})


def test_the_first_letter_tells_how_timely_data_are_and_an_unknown_one_nothing() -> None:
    told = timeliness("code")(CODES)
    assert told.astype(object).where(told.notna(), None).tolist() == [
        "real time",
        "frozen",
        "not subscribed",
        None,
        None,
    ]


def test_the_second_letter_tells_whether_they_are_of_all_markets() -> None:
    told = is_consolidated("code")(CODES).astype(object)
    assert told.where(told.notna(), None).tolist() == [True, False, None, None, None]


@pytest.mark.parametrize("code", [*TIMELINESS, "RpB", "RPBd", "DP", "ipBd"])
def test_a_code_of_known_letters_in_their_places_is_understood(code: str) -> None:
    assert re.fullmatch(UNDERSTOOD, code)


@pytest.mark.parametrize("code", ["", "p", "RB p", "BR", "RpBB", "r"])
def test_any_other_is_not(code: str) -> None:
    assert not re.fullmatch(UNDERSTOOD, code)
