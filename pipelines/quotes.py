"""What a history would ask, for somebody at a terminal who has not started it.

Belongs here: the dry run. Does not: the numbers (`assets/kit/quote.py`), which the run itself begins with, by the same
planner from the same tables. The gateway is asked for the time, which says what has closed.
"""

from datetime import date

import dagster as dg
from rich.console import Console
from rich.text import Text

from assets.kit.partitions import trading_days
from assets.kit.quoted import prepared
from pipelines.watch import Watch
from resources.privacy import masked


def print_quotes(watch: Watch, instance: dg.DagsterInstance, first: date, last: date, console: Console) -> int:
    """A quote for each planned landing; the exit code."""
    span = dg.PartitionKeyRange(first.isoformat(), last.isoformat())
    days = [date.fromisoformat(key) for key in trading_days.get_partition_keys_in_range(span)]
    days = [day for day in days if day in watch.scope.calendar]
    if not days:
        console.print(f"{first} to {last}: {watch.scope.calendar.name} is closed, there is nothing to do.")
        return 0
    try:
        for landing in watch.landings.values():
            if landing.plan is None:
                continue
            ready = prepared(
                landing,
                days,
                gateway=watch.gateway,
                lake=watch.lake,
                scope=watch.scope,
                instance=instance,
                say=watch.tell,
            )
            assert ready.quote is not None
            console.print(landing.name, style="bold", highlight=False)
            for about, told in ready.quote.lines:
                console.print(Text.assemble((f"  {about:<28}", "dim"), masked(told)), soft_wrap=True)
    finally:
        watch.gateway.close()
    console.print("Nothing was asked for. Without the dry run it is.", highlight=False)
    return 0
