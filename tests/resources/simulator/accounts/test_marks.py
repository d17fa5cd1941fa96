from datetime import UTC, date, datetime

import pytest

from resources.simulator.accounts import marks


@pytest.mark.parametrize(
    ("at", "closed"),
    [
        ("2026-11-24T23:00+00:00", date(2026, 11, 24)),  # 18:00 in New York
        ("2026-11-25T07:59+00:00", date(2026, 11, 24)),  # 02:59
        ("2026-11-25T08:00+00:00", None),
        ("2026-11-24T22:59+00:00", None),  # 17:59
        ("2026-11-28T15:00+00:00", date(2026, 11, 27)),  # Saturday
        ("2026-11-30T07:00+00:00", date(2026, 11, 27)),  # Monday before Europe opens
    ],
)
def test_the_closes_hold_from_the_evening_until_europe_opens(at: str, closed: date | None) -> None:
    assert marks.mark(datetime.fromisoformat(at)).closed == closed


def test_while_markets_move_a_mark_lasts_a_minute() -> None:
    first = marks.mark(datetime(2026, 11, 24, 15, 0, 1, tzinfo=UTC))
    assert first == marks.mark(datetime(2026, 11, 24, 15, 0, 59, tzinfo=UTC))
    assert first != marks.mark(datetime(2026, 11, 24, 15, 1, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "before"),
    [(date(2026, 11, 24), date(2026, 11, 23)), (date(2026, 11, 23), date(2026, 11, 20))]
    + [(date(2026, 11, day), date(2026, 11, 20)) for day in (21, 22)],
)
def test_the_weekday_before_skips_the_weekend(day: date, before: date) -> None:
    assert marks.weekday_before(day) == before


@pytest.mark.parametrize(("day", "then"), [(21, 23), (22, 23), (23, 23), (20, 20)])
def test_a_weekend_gives_way_to_monday(day: int, then: int) -> None:
    assert marks.weekday_from(date(2026, 11, day)) == date(2026, 11, then)


def test_a_day_is_known_from_its_evening_on() -> None:
    assert marks.last_evening(datetime(2026, 11, 24, 22, 59, tzinfo=UTC)) == date(2026, 11, 23)
    assert marks.last_evening(datetime(2026, 11, 24, 23, 0, tzinfo=UTC)) == date(2026, 11, 24)
