"""What is built again in parts: which tables of which days, in as few runs as there can be. Pure.

Belongs here: the plan. Does not: starting the runs and telling of them (`command.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from resources.calendar.trading_days import TradingCalendar


@dataclass(frozen=True, slots=True)
class Part:
    """One run: these tables, of each trading day from the first to the last."""

    tables: tuple[str, ...]
    first: date
    last: date


def parts(days: Mapping[str, Iterable[date]], calendar: TradingCalendar) -> list[Part]:
    """The runs that build exactly these days of each table: days that follow each other are one run."""
    tables: dict[date, list[str]] = {}
    for table, wanted in sorted(days.items()):
        for day in wanted:
            tables.setdefault(day, []).append(table)
    found: list[Part] = []
    for day, names in sorted(tables.items()):
        last = found[-1] if found else None
        if last and last.tables == tuple(names) and calendar.next(last.last) == day:
            found[-1] = Part(last.tables, last.first, day)
        else:
            found.append(Part(tuple(names), day, day))
    return found
