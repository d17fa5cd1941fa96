"""What Dagster's page of a table is told of a build: how much, where it lies, what was strange, what it looks like.

Belongs here: the metadata of a materialization. Does not: making it (`tabulate.py`).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dagster as dg

from assets.kit.describe import markdown
from assets.kit.tabulate import Built
from resources.privacy import masked


def told(built: Sequence[Built], *, without: Sequence[date]) -> dg.MaterializeResult[None]:
    """The result of a build of some partitions; `without` are the days that no replies were landed of."""
    unknown = {name: example for one in built for name, example in one.unknown.items()}
    metadata: dict[str, Any] = {
        "rows": sum(one.rows for one in built),
        "rejected": sum(one.rejected for one in built),
        "unknown_fields": dg.MetadataValue.md(
            markdown([{"field": name, "example": example} for name, example in unknown.items()])
        ),
        "dagster/uri": built[-1].files[-1] if built and built[-1].files else "",
    }
    if built:
        metadata |= _newest(built[-1])
    if without:
        metadata["days_without_replies"] = ", ".join(day.isoformat() for day in without)
    return dg.MaterializeResult(metadata=metadata | _if_any(built))


def _newest(built: Built) -> dict[str, Any]:
    """What the last of the partitions looks like, and how fresh it is."""
    found: dict[str, Any] = {}
    if built.preview:
        found["preview"] = dg.MetadataValue.md(markdown(built.preview))
    if built.observed_at:
        found["observed_at"] = dg.MetadataValue.timestamp(built.observed_at)
    return found


def _if_any(built: Sequence[Built]) -> dict[str, Any]:
    """What is told only where there is some of it."""
    counts = {
        "rows_of_days_not_closed": sum(one.unfinished for one in built),
        "rows_replaced": sum(one.replaced for one in built),
        "rows_told_before": sum(one.told_before for one in built),
    }
    texts = {
        "held_back": [one.held for one in built if one.held],
        "accepted": [one.accepted for one in built if one.accepted],
    }
    return {name: count for name, count in counts.items() if count} | {
        name: masked(" ".join(lines)) for name, lines in texts.items() if lines
    }
