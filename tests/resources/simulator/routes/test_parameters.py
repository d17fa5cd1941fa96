import pytest

from resources.simulator.routes.parameters import items, number, text, truth


def test_the_first_spelling_that_says_something_counts() -> None:
    assert text({"secType": "", "sectype": " OPT "}, "secType", "sectype") == "OPT"
    assert text({"conid": None}, "conid") == ""


@pytest.mark.parametrize(
    ("given", "found"), [("7", 7), (7, 7), ("-7", None), ("7.0", None), ("", None), ("9" * 30, None), ("\u0663", None)]
)
def test_a_number_is_a_row_of_digits(given: object, found: int | None) -> None:
    assert number({"conid": given}, "conid") == found


@pytest.mark.parametrize(("given", "found"), [("true", True), ("True", True), (True, True), ("1", True), ("no", False)])
def test_flags_have_several_words_for_true(given: object, found: bool) -> None:
    assert truth({"name": given}, "name") is found


def test_lists_have_no_blanks() -> None:
    assert items(" a, ,b,") == ["a", "b"]
