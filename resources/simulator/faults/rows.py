"""Faults of whole rows and pages: twice, moved, missing, or of another time.

Belongs here: which rows a reply holds. Does not: what is in them (`values.py`).

A page is named by a number, the last part of a path or `page` in the query. `repeated` and `shifted` look at
the neighbouring page; `stale` tells again what the first reply under its rule said.
"""

from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from resources.simulator.faults.fault import Exchange, Fault, Reply
from resources.simulator.faults.records import rows, with_rows


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
    """Rows moved over between two pages: `down` shows the last of the page before again, `up` skips some."""

    fault: Literal["shifted"] = "shifted"
    rows: int = Field(1, ge=1, le=100)
    direction: Literal["down", "up"] = "down"

    @property
    def looks(self) -> int:
        return -1 if self.direction == "down" else 1

    def strike(self, met: Exchange) -> Reply:
        near = rows(met.other.json) if met.other is not None else None
        if near is None:
            return met.reply
        return met.reply.saying(with_rows(met.reply.json, lambda own: self._moved(own, near)))

    def _moved(self, own: list[Any], near: list[Any]) -> list[Any]:
        if self.direction == "up":
            return own[self.rows :] + near[: self.rows]
        return (near[-self.rows :] + own)[: max(len(near), len(own))]


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


class Empty(Rearranged):
    """No rows, as if there were none: an empty list where a cold cache has not heard of them yet."""

    fault: Literal["empty"] = "empty"

    def strike(self, met: Exchange) -> Reply:
        value = met.reply.json
        return met.reply.saying({} if rows(value) is None else with_rows(value, lambda _: []))
