"""Faults of whole rows and pages: twice, moved, missing, or of another time.

Belongs here: which rows a reply holds. Does not: what is in them (`values.py`).

A page is named by a number, the last part of a path or `page` in the query. `repeated` and `shifted` look at
the neighbouring page; `stale` tells again what the first reply under its rule said.
"""

from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from resources.simulator.faults.fault import Exchange, Fault, Reply
from resources.simulator.faults.records import Rows, rows, with_rows

PAGE = 100  # positions


class Rearranged(Fault):
    """Spoils good answers only."""

    needs_answer: ClassVar[bool] = True


class Repeated(Rearranged):
    """A page is the one before it once more; the first page stays as it is."""

    fault: Literal["repeated"] = "repeated"

    @property
    def looks(self) -> int:
        return -1

    def strike(self, met: Exchange) -> Reply:
        return met.reply if met.other is None else replace(met.reply, body=met.other.body, status=met.other.status)


class Shifted(Rearranged):
    """Rows moved over: `down` as if others had come in front of all pages, `up` as if the first had gone.

    Struck from the second page on (`skip = 1`), it is a change while the pages are read: read again, the first
    page has moved too.
    """

    fault: Literal["shifted"] = "shifted"
    rows: int = Field(1, ge=1, le=20)
    direction: Literal["down", "up"] = "down"
    size: int = Field(PAGE, ge=1, description="rows on a full page")

    @property
    def looks(self) -> int:
        return -1 if self.direction == "down" else 1

    def strike(self, met: Exchange) -> Reply:
        near = rows(met.other.json) if met.other is not None else None
        return met.reply.saying(with_rows(met.reply.json, lambda own: self._moved(own, near)))

    def _moved(self, own: Rows, near: Rows | None) -> Rows:
        if self.direction == "up":
            return own[self.rows :] + (near or [])[: self.rows]
        if near is None:
            return [*map(_newcomer, own[: self.rows]), *own][: self.size]
        return [*(near[-self.rows :] if len(near) >= self.size else []), *own][: self.size]


class Stale(Rearranged):
    """An earlier reply to the same request: what was first said while the rule stands is said for ever."""

    fault: Literal["stale"] = "stale"
    keeps_first: ClassVar[bool] = True

    def strike(self, met: Exchange) -> Reply:
        return met.reply if met.other is None else replace(met.reply, status=met.other.status, body=met.other.body)


class Duplicated(Rearranged):
    """Some rows come twice."""

    fault: Literal["duplicated"] = "duplicated"
    rows: int = Field(1, ge=1, le=1000, description="how many, from the beginning")

    def strike(self, met: Exchange) -> Reply:
        return met.reply.saying(with_rows(met.reply.json, lambda found: [*found, *found[: self.rows]]))


class Lacking(Rearranged):
    """Rows of which a number lies in a range are missing: bars of a day, orders of an hour."""

    fault: Literal["lacking"] = "lacking"
    field: str = Field("t", description="the key of the number")
    least: float = Field(0, description="the smallest that is missing")
    below: float = Field(1e15, description="the smallest above it that is not")

    def strike(self, met: Exchange) -> Reply:
        return met.reply.saying(with_rows(met.reply.json, lambda found: [row for row in found if not self._lacks(row)]))

    def _lacks(self, row: Any) -> bool:
        value = row.get(self.field) if isinstance(row, dict) else None
        return isinstance(value, int | float) and self.least <= value < self.below


class Empty(Rearranged):
    """No rows, as if there were none: an empty list where a cold cache has not heard of them yet."""

    fault: Literal["empty"] = "empty"

    def strike(self, met: Exchange) -> Reply:
        value = met.reply.json
        return met.reply.saying({} if rows(value) is None else with_rows(value, lambda _: []))


def _newcomer(row: Any) -> Any:
    """Somebody new who looks like one that is there."""
    is_contract = isinstance(row, dict) and isinstance(row.get("conid"), int)
    return {**row, "conid": row["conid"] + 1} if is_contract else row
