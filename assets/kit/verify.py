"""Carries out checks: those every table gets, and those its file declares.

A check looks at what the run's days wrote, not at the whole history, and says what it saw: how many
offenders, the first of them, on which days. An identity says also how far from broken it is.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.kit.conform import broken_rules
from assets.kit.declare import ByDay, Check, Landing, Table
from assets.kit.fetch import RawPages
from assets.kit.relations import files_of, relations
from assets.kit.replies import good_pages, last_answers
from assets.kit.schema import arrow_schema
from assets.kit.scope import Scope
from assets.kit.tolerance import Tolerance
from resources.calendar.trading_days import TradingCalendar
from resources.lake.resource import Lake
from resources.privacy import masked

if TYPE_CHECKING:
    import duckdb

STUMBLES = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
"""What a check raises over what it did not expect to come: it has failed then."""
SAMPLE = 10
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: offending rows (as records), or a reason why it could not look.

    `figures` are what it measured, also where nothing offends: they are plotted.
    """

    offenders: tuple[dict[str, Any], ...] = ()
    count: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def has_passed(self) -> bool:
        return self.count == 0

    @property
    def says(self) -> str:
        """The first offender in one line."""
        first = self.offenders[0] if self.offenders else {}
        told = ", ".join(f"{name} {value}" for name, value in first.items())
        return str(first["problem"]) if "problem" in first else masked(told)[:LONGEST]


def offending(offenders: Sequence[dict[str, Any]], figures: Mapping[str, float] | None = None) -> Verdict:
    """A verdict of a list of offenders."""
    return Verdict(tuple(offenders[:SAMPLE]), len(offenders), figures or {})


@dataclass(frozen=True, slots=True)
class Looked:
    """What generated checks look at."""

    table: Table
    days: tuple[date, ...]
    lake: Lake
    calendar: TradingCalendar


def schema_holds(looked: Looked) -> Verdict:
    """Every column has its type, no required value is missing, every rule holds, in the files as written."""
    import pyarrow.parquet as pq

    wanted = arrow_schema(looked.table.row)
    offenders: list[dict[str, Any]] = []
    for path in files_of(looked.table, looked.days, looked.lake.tables):
        rows = pq.read_table(path, partitioning=None)
        if not rows.schema.equals(wanted):
            offenders.append({"file": path.name, "problem": _difference(rows.schema, wanted)})
            continue
        offenders += [
            {"file": path.name, "problem": reason, "rows": int(mask.sum())}
            for mask, reason in broken_rules(looked.table.row, rows.to_pandas())
        ]
    return offending(offenders)


def key_is_unique(looked: Looked) -> Verdict:
    """No two rows share the key."""
    names = [*(["trading_day"] if isinstance(looked.table.storage, ByDay) else []), *looked.table.key]
    key = ", ".join(dict.fromkeys(names))
    return _found(looked, f"select {key}, count(*) as rows from {looked.table.name} group by {key} having count(*) > 1")


def not_every_row_was_rejected(looked: Looked) -> Verdict:
    """Something was accepted, or nothing was rejected: an empty account is fine, an unread one is not.

    A year holds rows of earlier landings: there, something observed since.
    """
    is_by_day = isinstance(looked.table.storage, ByDay)
    same = (
        "accepted.trading_day = rejected.trading_day" if is_by_day else "accepted.observed_at >= rejected.observed_at"
    )
    return _found(
        looked,
        f"""select reasons[1] as reason, count(*) as rows from rejected
            where not exists (select 1 from {looked.table.name} as accepted where {same})
            group by all order by rows desc""",
    )


def observed_on_its_trading_day(looked: Looked) -> Verdict:
    """Every reply was received while its trading day was the latest: today's data never carry another day's key."""
    windows = ", ".join(
        f"(date '{day}', timestamptz '{looked.calendar.opens(day)}', "
        f"timestamptz '{looked.calendar.opens(looked.calendar.next(day))}')"
        for day in looked.days
    )
    return _found(
        looked,
        f"""select trading_day, observed_at, count(*) as rows
            from {looked.table.name}
            left join (values {windows}) as opened(trading_day, first, next) using (trading_day)
            where first is null or observed_at < first or observed_at >= next group by all""",
    )


def nothing_is_held_back(looked: Looked) -> Verdict:
    """No partition waits because it shrank; its owner can say that it is so: `make accept`."""
    found = (looked.lake.held_back.find(looked.table.name, day) for day in looked.days)
    return offending([{"problem": masked(held.reason)} for held in found if held is not None])


Generated = Callable[[Looked], Verdict]


LOOK_AT_WHAT_WAITS: tuple[Generated, ...] = (nothing_is_held_back, not_every_row_was_rejected)
"""These look at all days of a run, also at those of which nothing stands yet."""


def generated_checks(table: Table) -> list[Generated]:
    """The checks that a table gets without asking; freshness where a late reply would be a wrong one.

    Rows that tell of a day of their own may be told late.
    """
    is_of_the_night = table.raw.time in {"perishable", "windowed"} and isinstance(table.storage, ByDay)
    fresh = [observed_on_its_trading_day] if is_of_the_night else []
    guarded = [nothing_is_held_back] if table.is_guarded else []
    return [schema_holds, key_is_unique, not_every_row_was_rejected, *fresh, *guarded]


def run_check(check: Check, days: Sequence[date], *, lake: Lake, scope: Scope, tables: Mapping[str, Table]) -> Verdict:
    """A declared check over the run's days."""
    if not isinstance(check.of, Table):
        return _run_on_pages(check, days, lake=lake, scope=scope)
    others = [tables[name] for name in check.needs]
    for other in others:
        if not isinstance(other.storage, ByDay):  # a year without rows has no file, and there may be none to have
            continue
        missing = [day for day in days if not files_of(other, [day], lake.tables)]
        if missing:
            return offending([{"problem": f"{other.name} of {missing[0]} is not built, so this cannot be judged"}])
    looked = Looked(check.of, tuple(days), lake, scope.calendar)
    sql = check.find(scope) if inspect.signature(check.find).parameters else check.find()
    own = check.tolerance
    return _found(looked, sql, others=others, tolerance=own and scope.tolerance(check.name, own))


def _run_on_pages(check: Check, days: Sequence[date], *, lake: Lake, scope: Scope) -> Verdict:
    landing = check.of
    assert not isinstance(landing, Table)
    offenders: list[dict[str, Any]] = []
    for day in [days[-1]] if landing.is_ranged else days:
        for path in lake.raw.landings(landing.name, day.isoformat())[-1:]:
            seen = _seen(landing, path, day, lake=lake, scope=scope)
            offenders += [{"trading_day": day.isoformat(), "problem": masked(problem)} for problem in check.find(seen)]
    return offending(offenders)


def _seen(landing: Landing, path: Path, day: date, *, lake: Lake, scope: Scope) -> RawPages:
    """One landing as its checks look at it."""
    pages = tuple(good_pages(lake.raw, landing, path))
    return RawPages(
        pages=pages,
        answers=last_answers(pages),
        day=day,
        name=landing.name,
        raw=lake.raw,
        tables=lake.tables,
        calendar=scope.calendar,
        scope=scope,
    )


def doubted(landing: Landing, checks: Sequence[Check], day: date, *, lake: Lake, scope: Scope) -> frozenset[str]:
    """Landings of a day that one of these checks says no to: nothing is built of them."""
    if not checks:
        return frozenset()

    def is_doubted(path: Path) -> bool:
        seen = _seen(landing, path, day, lake=lake, scope=scope)
        try:
            return any(True for check in checks for _ in check.find(seen))
        except STUMBLES:
            return True

    return frozenset(path.name for path in lake.raw.landings(landing.name, day.isoformat()) if is_doubted(path))


def _found(looked: Looked, sql: str, *, others: Sequence[Table] = (), tolerance: Tolerance | None = None) -> Verdict:
    with relations(looked.table, others, looked.days, looked.lake.tables) as connection:
        if tolerance is not None:
            return _reconciled(connection, sql, tolerance)
        return offending(_records(connection, sql))


def _reconciled(connection: "duckdb.DuckDBPyConnection", sql: str, tolerance: Tolerance) -> Verdict:
    """Of all cases those beyond the tolerance; and the largest residual, with what was tolerated of it."""
    connection.execute(
        f"""create temp table compared as
            select * exclude (size), {tolerance.amount!r} + {tolerance.share!r} * abs(size) as tolerance from ({sql})"""
    )
    [(cases, *figures)] = connection.execute(
        """select count(*), max(abs(residual)), arg_max(tolerance, abs(residual)), max(abs(residual) / tolerance)
           from compared where residual is not null"""
    ).fetchall()
    names = ("residual", "tolerance", "residual_in_tolerances")
    told = {name: float(value) for name, value in zip(names, figures, strict=True) if value is not None}
    beyond = "from compared where coalesce(abs(residual) > tolerance, true) order by abs(residual) desc nulls first"
    return offending(_records(connection, beyond), {"compared": cases, **told})


def _records(connection: "duckdb.DuckDBPyConnection", sql: str) -> list[dict[str, Any]]:
    result = connection.execute(sql)
    names = [column[0] for column in result.description]
    return [{name: masked(str(value)) for name, value in zip(names, row, strict=True)} for row in result.fetchall()]


def _difference(found: Any, wanted: Any) -> str:
    lines = [
        f"{field.name}: {field.type}{'' if field.nullable else ', required'}"
        for field in wanted
        if field not in list(found)
    ]
    extra = [name for name in found.names if name not in wanted.names]
    return f"wanted {', '.join(lines) or 'nothing more'}; not known: {', '.join(extra) or 'none'}"
