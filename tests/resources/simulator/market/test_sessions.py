from datetime import date

import pytest

from resources.simulator.market.sessions import around, day_at, exceptions


@pytest.mark.parametrize(
    ("exchange", "day", "extended", "clock"),
    [
        ("NASDAQ", date(2026, 11, 24), True, ("0400", "0930", "1600", "2000")),
        ("NASDAQ", date(2026, 11, 27), True, ("0400", "0930", "1300", "1700")),  # the day after Thanksgiving
        ("AMEX", date(2026, 11, 24), False, ("0930", "0930", "1600", "1600")),
        ("LSE", date(2026, 11, 24), False, ("0800", "0800", "1630", "1630")),
    ],
)
def test_a_day_has_its_hours(exchange: str, day: date, extended: bool, clock: tuple[str, ...]) -> None:
    found = day_at(exchange, day, extended=extended)
    assert tuple(f"{at:%H%M}" for at in (found.begins, found.opens, found.closes, found.ends)) == clock


def test_holidays_and_short_days_are_exceptions_and_weekends_are_not() -> None:
    found = exceptions("NYSE", date(2026, 11, 24), date(2026, 12, 25))
    assert found == [
        (date(2026, 11, 26), False),
        (date(2026, 11, 27), True),
        (date(2026, 12, 24), True),
        (date(2026, 12, 25), False),
    ]


@pytest.mark.parametrize("today", [date(2026, 11, 26), date(2026, 11, 27)])  # a holiday, and the session after it
def test_days_around_a_day_are_sessions(today: date) -> None:
    days = around("NYSE", today, before=2, after=2)
    assert days == [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 27), date(2026, 11, 30)]
