from datetime import UTC, date, datetime

import pytest

from resources.simulator.calendars import hours, midnight, venue


def utc(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("exchange", "day", "opens", "closes"),
    [
        ("NASDAQ", date(2026, 11, 24), "2026-11-24 14:30", "2026-11-24 21:00"),
        ("NYSE", date(2026, 7, 2), "2026-07-02 13:30", "2026-07-02 20:00"),
        ("NYSE", date(2026, 11, 27), "2026-11-27 14:30", "2026-11-27 18:00"),  # the day after Thanksgiving
        ("LSE", date(2026, 11, 24), "2026-11-24 08:00", "2026-11-24 16:30"),
        ("EBS", date(2026, 7, 2), "2026-07-02 07:00", "2026-07-02 15:30"),
        ("CME", date(2026, 11, 23), "2026-11-22 23:00", "2026-11-23 22:00"),
        ("NYMEX", date(2026, 7, 1), "2026-06-30 22:00", "2026-07-01 21:00"),
        ("CME", date(2026, 11, 26), "2026-11-25 23:00", "2026-11-26 18:00"),  # Thanksgiving
        ("IDEALPRO", date(2026, 11, 23), "2026-11-22 22:15", "2026-11-23 22:00"),  # from Sunday evening
        ("IDEALPRO", date(2026, 7, 7), "2026-07-06 21:15", "2026-07-07 21:00"),
        ("IDEALPRO", date(2026, 10, 30), "2026-10-29 21:15", "2026-10-30 21:00"),
        ("IDEALPRO", date(2026, 11, 2), "2026-11-01 22:15", "2026-11-02 22:00"),  # the clocks changed that Sunday
        ("IDEALPRO", date(2025, 11, 28), "2025-11-27 22:15", "2025-11-28 22:00"),  # no half day of currencies
        ("CME", date(2025, 11, 28), "2025-11-27 23:00", "2025-11-28 18:00"),
    ],
)
def test_sessions_are_those_of_the_real_exchange(exchange: str, day: date, opens: str, closes: str) -> None:
    assert tuple(map(utc, hours(exchange).session(day))) == (opens, closes)


def test_holidays_are_not_days() -> None:
    found = hours("NASDAQ").days[hours("NASDAQ").between(date(2026, 11, 25), date(2026, 11, 30))]
    assert found == [date(2026, 11, 25), date(2026, 11, 27), date(2026, 11, 30)]


@pytest.mark.parametrize(
    ("exchange", "opens", "closes"),
    [
        ("NYSE", "1985-07-01 13:30", "1985-07-01 20:00"),
        ("IDEALPRO", "1985-06-30 21:15", "1985-07-01 21:00"),
        ("CME", "1985-06-30 22:00", "1985-07-01 21:00"),
    ],
)
def test_a_day_outside_the_calendar_has_the_usual_hours(exchange: str, opens: str, closes: str) -> None:
    assert tuple(map(utc, hours(exchange).session(date(1985, 7, 1)))) == (opens, closes)


def test_the_local_day_is_the_wall_clocks() -> None:
    assert hours("NASDAQ").local_day(datetime(2026, 11, 24, tzinfo=UTC)) == date(2026, 11, 23)
    assert hours("LSE").local_day(datetime(2026, 11, 24, tzinfo=UTC)) == date(2026, 11, 24)


def test_usual_sessions_have_their_minutes() -> None:
    assert [venue(code).minutes for code in ("ARCA", "LSE", "IDEALPRO", "CME")] == [390, 510, 1425, 1380]


def test_the_wall_clock_is_ahead_or_behind() -> None:
    assert hours("NASDAQ").offset(date(2026, 7, 1)) == -4 * 3600
    assert hours("IBIS").offset(date(2026, 1, 5)) == 3600


def test_midnight_is_utc() -> None:
    assert utc(midnight(date(2026, 11, 24))) == "2026-11-24 00:00"
