"""When: the nightly run, in New York time, once for each trading day, while that day is over and no other has begun.

That is normally the evening. A time in the morning before the open is as good: it lands the day before. A time
while the exchange is open can land no day whole, so its ticks fail and say so instead of losing every day quietly.
"""

from datetime import date, datetime, time, timedelta

import dagster as dg

from assets.kit.partitions import NEW_YORK
from resources.calendar.trading_days import CalendarError, TradingCalendar, trading_calendar

ONE_DAY = timedelta(days=1)
NOON = time(12)
EVENINGS, MORNINGS = "1-5", "2-6"  # of Monday to Friday, and the mornings after


def nightly_schedule(at: time, exchange: str) -> dg.ScheduleDefinition:
    """One run per trading day; the run key keeps a restarted daemon from starting a second."""

    @dg.schedule(
        job_name="nightly",
        cron_schedule=f"{at.minute} {at.hour} * * {EVENINGS if at >= NOON else MORNINGS}",
        execution_timezone=NEW_YORK,
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


def day_to_land(tick: datetime, calendar: TradingCalendar) -> date | None:
    """The trading day that ended within the day before a tick; raises while one is under way."""
    day = calendar.latest_closed(tick)
    if calendar.day_of(tick) != day:
        raise CalendarError(
            f"The schedule's tick at {tick:%H:%M %Z}: {calendar.name} is open then, and what the gateway says still "
            "changes. Set nightly_at in the configuration to a time after the close."
        )
    return day if tick - calendar.close(day) < ONE_DAY else None
