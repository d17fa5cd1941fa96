from datetime import UTC, datetime, timedelta

import pytest

from resources.simulator.clock import Clock, latest_evening, parse_instant
from tests.resources.simulator.conftest import EVENING, Hand


def test_it_ticks_with_real_time() -> None:
    hand = Hand()
    clock = Clock(EVENING, real=hand)
    hand.seconds = 90
    assert clock.now() == EVENING + timedelta(seconds=90)


def test_a_rate_lets_a_quarter_of_an_hour_pass_in_a_second() -> None:
    hand = Hand()
    clock = Clock(EVENING, real=hand, rate=900)
    hand.seconds = 1
    assert clock.now() == EVENING + timedelta(minutes=15)


def test_it_can_be_moved_ahead_but_never_back() -> None:
    clock = Clock(EVENING, real=Hand())
    clock.advance(timedelta(days=1))
    assert clock.now() == EVENING + timedelta(days=1)
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(timedelta(seconds=-1))


def test_it_can_be_moved_to_an_instant_ahead() -> None:
    clock = Clock(EVENING, real=Hand())
    clock.move_to(EVENING + timedelta(hours=3))
    assert clock.now() == EVENING + timedelta(hours=3)
    with pytest.raises(ValueError, match="it is 2026-11-25T02:30:00\\+00:00 already"):
        clock.move_to(EVENING)


def test_it_goes_no_further_than_the_calendars() -> None:
    clock = Clock(EVENING, real=Hand())
    for step in (timedelta(days=20 * 365), timedelta.max):
        with pytest.raises(ValueError, match="ends on 2040-01-01"):
            clock.advance(step)
    assert clock.now() == EVENING


def test_another_rate_holds_from_then_on_without_a_jump() -> None:
    hand = Hand()
    clock = Clock(EVENING, real=hand, rate=10)
    hand.seconds = 6
    clock.tick_at(60)
    assert clock.now() == EVENING + timedelta(minutes=1)
    hand.seconds = 7
    assert clock.now() == EVENING + timedelta(minutes=2)
    clock.tick_at(0)
    hand.seconds = 100
    assert (clock.now(), clock.elapsed()) == (EVENING + timedelta(minutes=2), 100)


@pytest.mark.parametrize("rate", [-1, 1e9, float("nan")])
def test_it_never_ticks_backwards_or_madly(rate: float) -> None:
    with pytest.raises(ValueError, match="choose 0"):
        Clock(EVENING, real=Hand()).tick_at(rate)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23T18:30", datetime(2026, 11, 23, 23, 30, tzinfo=UTC)),
        ("2026-07-01 18:30", datetime(2026, 7, 1, 22, 30, tzinfo=UTC)),
        ("2013-03-01", datetime(2013, 3, 1, 23, 30, tzinfo=UTC)),
        ("2026-11-23T18:30+00:00", datetime(2026, 11, 23, 18, 30, tzinfo=UTC)),
        ("2026-11-23T18:30Z", datetime(2026, 11, 23, 18, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_new_york_time_unless_it_says_otherwise(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize("text", ["9999-12-31T23:59", "0001-01-01T00:00:00+23:59"])
def test_an_instant_beyond_all_calendars_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="no calendar reaches that far"):
        parse_instant(text)


def test_a_bad_instant_is_told_in_one_line() -> None:
    with pytest.raises(ValueError, match="read the clock 'yesterday': not a date. Write 2026-11-23"):
        parse_instant("yesterday")


@pytest.mark.parametrize(
    ("real", "start"),
    [
        ("2026-11-24T14:30+00:00", "2026-11-23T23:00+00:00"),  # before the open: the evening before
        ("2026-11-24T21:30+00:00", "2026-11-24T21:30+00:00"),  # half an hour after the close: now
        ("2026-11-25T02:00+00:00", "2026-11-24T23:00+00:00"),  # late: two hours after the close
        ("2026-11-29T12:00+00:00", "2026-11-27T20:00+00:00"),  # Sunday after a half day on Friday
    ],
)
def test_it_starts_in_the_evening_of_the_latest_closed_session(real: str, start: str) -> None:
    assert latest_evening(datetime.fromisoformat(real)) == datetime.fromisoformat(start)
