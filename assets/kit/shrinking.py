"""When a table has shrunk so much that its owner is to decide, before what stood is replaced. Pure.

Belongs here: the comparison, and the words for it. Does not: building and putting aside (`tabulate.py`), the decision
(`resources/lake/held_back.py`).

A truncated reply, a cold cache or a login that sees less looks like a sale of everything. What is compared is what
stands: the landing before on the same day, else the last day before. An account whose replies were not asked for is
gone, as the list of accounts tells; one that was asked for and has no row is in doubt.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from resources.privacy import masked

Shrinks = Literal["seldom", "to_nothing", "freely"]
"""What a table may do from one day to the next without being asked about: lose no account and not most of its rows;
the same, but a small account may come to hold nothing; anything, since its rows are events."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as sudden: fewer than `share` of the rows that stood, where these were at least `least_rows`."""

    share: float
    least_rows: int

    def are_passed(self, before: int, now: int) -> bool:
        """Whether so few are left."""
        return before >= self.least_rows and now < self.share * before


@dataclass(frozen=True, slots=True)
class Measure:
    """How much a partition holds; of a table without accounts `accounts` is empty."""

    rows: int
    accounts: Mapping[str, int]

    def of(self, accounts: Collection[str] | None) -> "Measure":
        """Of these accounts alone; None stands for all, and a table that names none stays whole."""
        if accounts is None or not self.accounts:
            return self
        kept = {name: rows for name, rows in self.accounts.items() if name in accounts}
        return Measure(sum(kept.values()), kept)


def shrinkage(
    before: Measure, now: Measure, *, limits: Limits, shrinks: Shrinks, asked: Collection[str] | None, since: str
) -> str | None:
    """What shrank from what to what, in words; None if nothing did. `since` says when `before` stood."""
    stood = before.of(asked)
    told = [f"{now.rows} rows, where {since} had {stood.rows}"] if limits.are_passed(stood.rows, now.rows) else []
    if told and len(stood.accounts) == 1:
        return told[0]
    for account, rows in sorted(stood.accounts.items()):
        left = now.accounts.get(account, 0)
        is_gone = left == 0 and (shrinks == "seldom" or rows >= limits.least_rows)
        if is_gone or limits.are_passed(rows, left):
            told.append(f"account {masked(account)} has {left or 'no'} rows, where {since} had {rows}")
    return "; ".join(told) or None
