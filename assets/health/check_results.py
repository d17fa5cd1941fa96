"""Check results: what each check found, one row per time that it was made.

Dagster shows the last result of a check; here are all of them, to be asked with SQL. They are written down when a check
is made, whatever becomes of its run, so that a night which a failed check kept from being published is told of by the
next that is. A night holds what was found since the night before was written down, of whatever day: its own checks, and
those of rebuilds between the two. What is found of these rows themselves comes with the next night.

A check judges all days of its run together. The mart `data_quality` has the latest result of each day and check.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from assets.kit.declare import landing, table
from assets.kit.parse import instant
from assets.kit.records import Records
from assets.kit.schema import Row, column
from assets.kit.shape import Block, listed, rows
from resources.gateway.endpoint import Local, Page

CHECKS = Local("/checks")


class CheckResult(Row):
    """One result of one check."""

    known = frozenset({"event"})

    evaluated_at: datetime = column("evaluated_at", "When the check was made, by this machine's clock.", parse=instant)
    checked_day: date = column("day", "Trading day that it judged; of several the last.")
    first_checked_day: date = column("first_day", "The first of the trading days that it judged together.")
    days: int = column("days", "How many trading days it judged together.", gt=0, unit="trading days")
    layer: str = column("layer", "raw: it looked at replies; table: at the rows made of them.", among=["raw", "table"])
    dataset: str = column("dataset", "Dataset that was checked.")
    check_name: str = column("check", "The check: a sentence that is true when it passes.")
    has_passed: bool = column("passed", "Whether it passed.")
    severity: str = column("severity", "ERROR blocks what follows, WARN does not.", among=["ERROR", "WARN"])
    offenders: int = column("offenders", "How many rows or replies offend.", ge=0)
    residual: float | None = column(
        "residual", "How far the data are from what must be equal, at worst; null where nothing is measured."
    )
    tolerance: float | None = column("tolerance", "How large that residual may be.")
    residual_in_tolerances: float | None = column(
        "residual_in_tolerances",
        "The residual that comes nearest to its own tolerance, as a part of it; above 1 is broken.",
    )
    compared: int | None = column("compared", "How many cases were compared.", ge=0)
    says: str | None = column("says", "The first that offends, in one line; null if none does.")
    first_offenders: str | None = column("first_offenders", "The first that offend, as a table in Markdown.")
    checked_by_run_id: str = column("run_id", "Dagster run that made the check.")
    job: str = column("job", "Job of that run.")
    is_rebuild: bool = column("is_rebuild", "Whether the run built again from raw what had been built before.")


@landing(CHECKS, time="local", is_last=True)
def raw_check_results(records: Records) -> Iterator[Page]:
    """Every result that no other day has taken."""
    told = [one for page in records.earlier for one in page.json]
    told += records.checks.of_landing(records.day)
    yield records.page(CHECKS, list({_identity(one): one for one in told}.values()))
    records.checks.note_landed(records.day, at=records.now)


@table(CheckResult, raw=raw_check_results, key=["evaluated_at", "layer", "dataset", "check_name"])
def check_results(page: Page) -> Block:
    """What each check found, each time that it was made."""
    return rows(listed(page.json))


def _identity(one: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(one[name]) for name in ("evaluated_at", "layer", "dataset", "check"))
