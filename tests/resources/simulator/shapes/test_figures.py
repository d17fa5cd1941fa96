import pytest

from resources.simulator.shapes import figures


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(201.25, 2, "201.25"), (201.2, 2, "201.20"), (1.0649, 5, "1.06490"), (1.2345, 2, "1.2345")],
)
def test_prices_have_the_digits_of_their_tick_and_lose_none(value: float, decimals: int, text: str) -> None:
    assert figures.price(value, decimals) == text
    assert float(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (999, "999"), (90_400, "90.4K"), (5_200_000, "5.2M"), (512.4e9, "512.4B"), (3.1e12, "3.1T")],
)
def test_large_amounts_are_short(value: float, text: str) -> None:
    assert figures.short(value) == text


def test_sizes_are_grouped_by_commas() -> None:
    assert [figures.grouped(value) for value in (400, 1300, 3_250_000)] == ["400", "1,300", "3,250,000"]


def test_percents_are_bare_or_signed() -> None:
    assert (figures.percent(0.0054, sign=False), figures.percent(-0.0054, sign=True)) == ("0.54", "-0.54%")
