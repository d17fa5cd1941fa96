"""When: the nightly run, in New York time, once for each trading day, while that day is over and no other has begun.

That is normally the evening. A time in the morning before the open is as good: it lands the day before. A time
while the exchange is open can land no day whole, so its ticks fail and say so instead of losing every day quietly.
Looks during the day come beside it, while the exchange is open, if the owner names times for them.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import dagster as dg

from pipelines.choices import Schedule
from resources.calendar.new_york import NEW_YORK
from resources.calendar.trading_days import CalendarError, TradingCalendar, trading_calendar

ONE_DAY = timedelta(days=1)
NOON = time(12)
EVENINGS, MORNINGS = "1-5", "2-6"  # of Monday to Friday, and the mornings after


def schedules(chosen: Schedule, exchange: str) -> list[dg.ScheduleDefinition]:
    """The nightly run, and the looks during the day."""
    looks = [intraday_schedule(chosen.intraday_at, exchange)] if chosen.intraday_at else []
    return [nightly_schedule(chosen.nightly_at, exchange), *looks]


def nightly_schedule(at: time, exchange: str) -> dg.ScheduleDefinition:
    """One run per trading day; the run key keeps a restarted daemon from starting a second."""

    @dg.schedule(
        job_name="nightly",
        cron_schedule=f"{at.minute} {at.hour} * * {EVENINGS if at >= NOON else MORNINGS}",
        execution_timezone=NEW_YORK.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="The nightly run of each trading day, after the close.",
    )
    def nightly_after_the_close(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        tick = context.scheduled_execution_time
        day = day_to_land(tick, trading_calendar(exchange))
        if day is None:
            return dg.SkipReason(f"{exchange} was closed since the tick before; there is nothing new to land.")
        return dg.RunRequest(run_key=day.isoformat(), partition_key=day.isoformat())

    return nightly_after_the_close


def intraday_schedule(times: Sequence[time], exchange: str) -> dg.ScheduleDefinition:
    """A run at each of the times on trading days, while the exchange is open."""

    @dg.schedule(
        job_name="intraday",
        cron_schedule=[f"{at.minute} {at.hour} * * *" for at in sorted(set(times))],
        execution_timezone=NEW_YORK.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks at what changes during a trading day, while the exchange is open.",
    )
    def looks_during_the_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        tick = context.scheduled_execution_time
        day = day_under_way(tick, trading_calendar(exchange))
        if day is None:
            return dg.SkipReason(f"{exchange} is closed at {tick:%H:%M %Z}; nothing changes.")
        return dg.RunRequest(run_key=f"{tick.astimezone(UTC):%Y-%m-%dT%H:%MZ}", partition_key=day.isoformat())

    return looks_during_the_day


def day_under_way(tick: datetime, calendar: TradingCalendar) -> date | None:
    """The trading day that has opened and not yet closed."""
    day = calendar.day_of(tick)
    return day if tick < calendar.close(day) else None


def day_to_land(tick: datetime, calendar: TradingCalendar) -> date | None:
    """The trading day that ended within the day before a tick; raises while one is under way."""
    day = calendar.latest_closed(tick)
    if calendar.day_of(tick) != day:
        raise CalendarError(
            f"The schedule's tick at {tick:%H:%M %Z}: {calendar.name} is open then, and what the gateway says still "
            "changes. Set nightly_at in the configuration to a time after the close."
        )
    return day if tick - calendar.close(day) < ONE_DAY else None
