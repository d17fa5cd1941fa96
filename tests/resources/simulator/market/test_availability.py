import pytest

from resources.simulator.market import availability


@pytest.mark.parametrize(
    ("exchange", "trading", "letters"),
    [
        ("NASDAQ", True, "RpB"),
        ("NASDAQ", False, "ZpB"),
        ("LSE", True, "RPB"),
        ("EBS", True, "DPB"),
        ("EBS", False, "YPB"),
        ("AEB", True, "N"),
        ("AEB", False, "N"),
    ],
)
def test_letters_tell_what_a_quote_is_worth(exchange: str, trading: bool, letters: str) -> None:
    assert availability.letters(exchange, trading=trading, american=exchange == "NASDAQ") == letters


def test_what_is_not_paid_for_comes_late() -> None:
    assert [availability.delay(exchange) for exchange in ("NASDAQ", "LSE", "EBS", "SBF", "AEB")] == [
        0,
        0,
        900,
        900,
        900,
    ]
