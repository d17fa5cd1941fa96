from datetime import date

import pytest

from resources.simulator.market.periods import Size, Span, parse_bar, parse_period

DAY = Span(1, "d")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30min", Span(30, "min")),
        ("8h", Span(8, "h")),
        ("880h", Span(880, "h")),
        ("1d", DAY),
        ("1000d", Span(1000, "d")),
        ("5000d", Span(1000, "d")),
        ("2w", Span(2, "w")),
        ("6m", Span(6, "m")),
        ("15y", Span(15, "y")),
        (None, Span(1, "w")),
        ("", Span(1, "w")),
    ],
)
def test_periods_are_counts_of_lower_case_units(text: str | None, span: Span) -> None:
    assert parse_period(text) == span


@pytest.mark.parametrize("text", ["1D", "2W", "1M", "1Y", "0d", "d", "1.5d", "-1d", "ever"])
def test_other_periods_become_about_84_bars(text: str) -> None:
    assert parse_period(text) == Span(84, "bars")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1min", Size(60, 60)),
        ("4h", Size(14_400, 14_400)),
        ("1d", Size(86_400, 86_400)),
        ("1w", Size(604_800, 604_800)),
        ("1m", Size(2_678_400, 2_678_400)),
        ("30s", Size(60, 30)),
        ("7min", Size(60, 60, known=False)),
        ("1D", Size(60, 60, known=False)),
    ],
)
def test_bars_are_known_sizes(text: str, size: Size) -> None:
    assert parse_bar(text, DAY) == size


@pytest.mark.parametrize(
    ("period", "seconds"),
    [("30min", 60), ("1h", 60), ("1d", 60), ("1w", 900), ("1m", 1800), ("3m", 86_400), ("2y", 86_400), ("3y", 604_800)],
)
def test_the_default_bar_depends_on_the_period(period: str, seconds: int) -> None:
    assert parse_bar(None, parse_period(period)).seconds == seconds


@pytest.mark.parametrize(
    ("period", "first"),
    [("1w", date(2026, 5, 25)), ("1m", date(2026, 5, 1)), ("3m", date(2026, 3, 1)), ("1y", date(2025, 6, 1))],
)
def test_weeks_months_and_years_end_with_their_last_day(period: str, first: date) -> None:
    assert parse_period(period).begins(date(2026, 5, 31)) == first


def test_a_count_of_bars_has_no_first_day_by_the_calendar() -> None:
    with pytest.raises(ValueError, match="counts no calendar days"):
        DAY.begins(date(2026, 5, 31))
