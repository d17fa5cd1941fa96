"""When: the nightly run, in New York time, after the close, on trading days."""

from datetime import time
from zoneinfo import ZoneInfo

import dagster as dg

from assets.kit.partitions import NEW_YORK
from assets.kit.scope import Scope


def nightly_schedule(at: time, exchange: str) -> dg.ScheduleDefinition:
    """One run per trading day; the run key keeps a restarted daemon from starting a second."""

    @dg.schedule(
        job_name="nightly",
        cron_schedule=f"{at.minute} {at.hour} * * 1-5",
        execution_timezone=NEW_YORK,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="The nightly run of each trading day, after the close.",
    )
    def nightly_after_the_close(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.astimezone(ZoneInfo(NEW_YORK)).date()
        if day not in Scope(exchange=exchange).calendar:
            return dg.SkipReason(f"{day}: {exchange} is closed.")
        return dg.RunRequest(run_key=day.isoformat(), partition_key=day.isoformat())

    return nightly_after_the_close
