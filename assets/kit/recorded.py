"""A check's result as it is written down, beside what Dagster keeps: so that it can be asked for with SQL.

Belongs here: which of a result's facts are kept. Does not: the check (`verify.py`), where it is written
(`resources/lake/check_records.py`), the table that is made of it (`assets/health/check_results.py`).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from resources.lake.resource import Lake

MEASURED = ("residual", "tolerance", "residual_in_tolerances", "compared")


def record(
    result: dg.AssetCheckResult, *, days: Sequence[date], run: dg.DagsterRun, is_rebuild: bool, lake: Lake
) -> None:
    """Write down what a check found of some days; of no trading day there is nothing to tell."""
    if not days or result.asset_key is None:
        return
    facts: dict[str, Any] = {name: value.value for name, value in result.metadata.items()}
    path = result.asset_key.path
    told: dict[str, Any] = {
        "day": max(days),
        "first_day": min(days),
        "days": len(days),
        "layer": "raw" if path[0] == "raw" else "table",
        "dataset": path[-1],
        "check": result.check_name,
        "passed": result.passed,
        "severity": result.severity.value,
        "offenders": facts["offenders"],
        **{name: float(facts[name]) for name in MEASURED if isinstance(facts.get(name), int | float)},
        "says": facts.get("says"),
        "first_offenders": facts.get("first_offenders"),
        "run_id": run.run_id,
        "job": run.job_name,
        "is_rebuild": is_rebuild,
    }
    lake.checks.append(told, at=datetime.now(UTC))
