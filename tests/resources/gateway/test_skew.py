from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resources.gateway.skew import NONE, RESOLUTION, WORTH_A_WORD, in_words, skew

TOLD = datetime(2026, 11, 23, 23, 30, 7, tzinfo=UTC)
SECONDS = st.floats(-200_000, 200_000, allow_nan=False).map(lambda seconds: timedelta(seconds=seconds))
WAYS = st.floats(0, 30, allow_nan=False).map(lambda seconds: timedelta(seconds=seconds))
WITHIN = st.integers(0, 999_999).map(lambda micros: timedelta(microseconds=micros))


@pytest.mark.parametrize(
    ("received", "ahead"),
    [(0.0, 0.0), (0.5, 0.0), (0.999999, 0.0), (1.0, 0.0), (1.5, 0.5), (-0.001, -0.001), (-90.0, -90.0), (91.0, 90.0)],
)
def test_whatever_lies_within_the_second_that_was_told_is_no_difference(received: float, ahead: float) -> None:
    assert skew(TOLD, received=TOLD + timedelta(seconds=received)) == timedelta(seconds=ahead)


def test_a_reply_that_was_long_on_its_way_does_not_make_the_clock_wrong() -> None:
    sent, received = TOLD - timedelta(seconds=4), TOLD + timedelta(seconds=11)
    assert skew(TOLD, sent=sent, received=received) == NONE
    assert skew(TOLD, received=received) == timedelta(seconds=10)


@given(ahead=SECONDS, there=WAYS, back=WAYS, within=WITHIN)
def test_the_skew_is_never_more_than_the_real_one_nor_less_than_what_the_way_leaves_open(
    ahead: timedelta, there: timedelta, back: timedelta, within: timedelta
) -> None:
    answered = TOLD + within  # by the gateway's clock
    found = skew(TOLD, sent=answered - there + ahead, received=answered + back + ahead)
    assert abs(found) <= abs(ahead)
    assert found == NONE or (found > NONE) == (ahead > NONE)
    assert abs(ahead) - abs(found) <= there + back + RESOLUTION


@given(ahead=SECONDS, hours=st.integers(-12, 14))
def test_it_does_not_depend_on_the_zone_an_instant_is_written_in(ahead: timedelta, hours: int) -> None:
    received = TOLD + ahead
    elsewhere = timezone(timedelta(hours=hours))
    assert skew(TOLD.astimezone(elsewhere), received=received) == skew(TOLD, received=received)
    assert skew(TOLD, received=received.astimezone(elsewhere)) == skew(TOLD, received=received)


@pytest.mark.parametrize("seconds", [0, 1, -1, 59.9, 60, -60])
def test_up_to_a_minute_nothing_is_said(seconds: float) -> None:
    assert in_words(timedelta(seconds=seconds)) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (61, "61 seconds ahead of"),
        (-75, "75 seconds behind"),
        (180, "3 minutes ahead of"),
        (-5400, "90 minutes behind"),
        (3 * 3600, "3 hours ahead of"),
        (-86400, "24 hours behind"),
        (3 * 86400, "3 days ahead of"),
    ],
)
def test_more_than_a_minute_is_one_line_for_a_person(seconds: float, words: str) -> None:
    line = in_words(timedelta(seconds=seconds))
    assert line is not None
    assert line.startswith(f"This machine's clock is {words} the gateway's. ")
    assert "\n" not in line


@given(ahead=SECONDS)
def test_a_line_says_ahead_exactly_when_the_clock_is(ahead: timedelta) -> None:
    assume(abs(ahead) > WORTH_A_WORD)
    assert ("ahead of" in (in_words(ahead) or "")) == (ahead > NONE)
