from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator
from hypothesis import given
from hypothesis import strategies as st

from pipelines.choices import Schedule
from pipelines.schedules import intraday_schedule, nightly_schedule, schedules
from resources.calendar.trading_days import CalendarError, trading_calendar

NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = trading_calendar("XNYS")
SCHEDULE = nightly_schedule(time(18, 30), "XNYS")


def _ticks(first: date, last: date) -> list[datetime]:
    """The instants at which the daemon asks, in the order in which it would."""
    start = datetime.combine(first, time(), NEW_YORK)
    end = datetime.combine(last, time(23, 59), NEW_YORK)
    assert isinstance(SCHEDULE.cron_schedule, str)
    every = schedule_execution_time_iterator(start.timestamp(), SCHEDULE.cron_schedule, SCHEDULE.execution_timezone)
    return list(takewhile(lambda tick: tick <= end, every))


def _evaluated(tick: datetime, schedule: dg.ScheduleDefinition = SCHEDULE) -> dg.RunRequest | dg.SkipReason:
    context = dg.build_schedule_context(scheduled_execution_time=tick)
    found = schedule(context)
    assert isinstance(found, dg.RunRequest | dg.SkipReason)
    return found


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [
        (date(2026, 3, 5), date(2026, 3, 10), [23, 23, 22, 22]),
        (date(2026, 10, 29), date(2026, 11, 3), [22, 22, 23, 23]),
    ],
    ids=["into summer time", "into winter time"],
)
def test_it_stays_at_half_past_six_in_new_york_when_the_clocks_change(
    first: date, last: date, hours: list[int]
) -> None:
    ticks = _ticks(first, last)
    assert [tick.astimezone(NEW_YORK).time() for tick in ticks] == [time(18, 30)] * 4
    assert [tick.astimezone(UTC).hour for tick in ticks] == hours


def test_a_year_of_runs_is_one_per_trading_day_after_its_close() -> None:
    requested = []
    for tick in _ticks(date(2026, 1, 1), date(2026, 12, 31)):
        found = _evaluated(tick)
        if isinstance(found, dg.RunRequest):
            day = date.fromisoformat(str(found.partition_key))
            assert CALENDAR.close(day) < tick < CALENDAR.close(day) + timedelta(hours=6)
            requested.append(day)
    assert requested == CALENDAR.between(date(2026, 1, 1), date(2026, 12, 31)).tolist()


def test_no_tick_falls_on_a_weekend() -> None:
    assert {tick.astimezone(NEW_YORK).weekday() for tick in _ticks(date(2026, 1, 1), date(2026, 12, 31))} == set(
        range(5)
    )


@pytest.mark.parametrize("holiday", ["2026-01-01", "2026-04-03", "2026-11-26", "2026-12-25"])
def test_a_holiday_is_skipped_with_the_reason(holiday: str) -> None:
    found = _evaluated(datetime.fromisoformat(f"{holiday}T18:30").replace(tzinfo=NEW_YORK))
    assert isinstance(found, dg.SkipReason)
    assert found.skip_message == "XNYS was closed since the tick before; there is nothing new to land."


def test_the_holidays_are_those_of_the_configured_exchange() -> None:
    boxing_day = datetime(2025, 12, 26, 18, 30, tzinfo=NEW_YORK)
    assert isinstance(_evaluated(boxing_day), dg.RunRequest)
    assert isinstance(_evaluated(boxing_day, nightly_schedule(time(18, 30), "XLON")), dg.SkipReason)


@given(st.datetimes(datetime(2000, 1, 3), datetime(2026, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_run_key_and_partition_are_the_day_that_is_over_whatever_the_zone_of_the_tick(tick: datetime) -> None:
    if CALENDAR.day_of(tick) != CALENDAR.latest_closed(tick):
        with pytest.raises(CalendarError, match="is open then"):
            _evaluated(tick)
        return
    found = _evaluated(tick)
    if isinstance(found, dg.RunRequest):
        assert found.run_key == found.partition_key == CALENDAR.day_of(tick).isoformat()
        assert tick - CALENDAR.close(CALENDAR.day_of(tick)) < timedelta(days=1)
    else:
        assert tick - CALENDAR.close(CALENDAR.latest_closed(tick)) >= timedelta(days=1)


@pytest.mark.parametrize(("at", "cron"), [(time(19, 5), "5 19 * * 1-5"), (time(7, 30), "30 7 * * 2-6")])
def test_its_time_is_the_configured_one(at: time, cron: str) -> None:
    assert nightly_schedule(at, "XNYS").cron_schedule == cron


def test_a_run_in_the_morning_lands_the_day_before() -> None:
    morning = nightly_schedule(time(7, 30), "XNYS")
    found = _evaluated(datetime(2026, 11, 21, 7, 30, tzinfo=NEW_YORK), morning)  # a Saturday
    assert isinstance(found, dg.RunRequest)
    assert found.partition_key == "2026-11-20"


def test_a_time_at_which_the_exchange_is_open_fails_instead_of_losing_every_day_quietly() -> None:
    with pytest.raises(CalendarError, match=r"tick at 10:00 EST: XNYS is open then.*Set nightly_at"):
        _evaluated(datetime(2026, 11, 24, 10, tzinfo=NEW_YORK), nightly_schedule(time(10), "XNYS"))


def test_it_runs_the_nightly_job_and_is_on_from_the_start() -> None:
    assert SCHEDULE.job_name == "nightly"
    assert SCHEDULE.default_status == dg.DefaultScheduleStatus.RUNNING


LOOKS = intraday_schedule([time(12, 30), time(10)], "XNYS")


def test_a_look_during_the_day_is_of_the_day_that_is_under_way() -> None:
    found = _evaluated(datetime(2026, 11, 24, 12, 30, tzinfo=NEW_YORK), LOOKS)
    assert isinstance(found, dg.RunRequest)
    assert (found.partition_key, found.run_key) == ("2026-11-24", "2026-11-24T17:30Z")


@pytest.mark.parametrize(
    "moment",
    ["2026-11-24T09:29", "2026-11-24T16:00", "2026-11-26T12:30", "2026-11-27T13:00", "2026-11-28T12:30"],
    ids=["before the open", "at the close", "on a holiday", "after a half day", "on a Saturday"],
)
def test_there_is_no_look_while_the_exchange_is_closed(moment: str) -> None:
    found = _evaluated(datetime.fromisoformat(moment).replace(tzinfo=NEW_YORK), LOOKS)
    assert isinstance(found, dg.SkipReason)
    assert (found.skip_message or "").startswith("XNYS is closed at")


def test_looks_come_at_the_chosen_times_and_run_a_job_of_their_own() -> None:
    assert LOOKS.cron_schedule == ["0 10 * * *", "30 12 * * *"]
    assert (LOOKS.job_name, LOOKS.execution_timezone) == ("intraday", "America/New_York")


def test_without_times_there_is_only_the_night() -> None:
    assert [one.job_name for one in schedules(Schedule(), "XNYS")] == ["nightly"]
    assert [one.job_name for one in schedules(Schedule(intraday_at=[time(10)]), "XNYS")] == ["nightly", "intraday"]
