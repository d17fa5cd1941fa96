"""Partitions that wait for the owner's decision, and the decisions.

Belongs here: rows put aside with the reason, what was accepted, of what the owner was told. Does not: what is held
back, and when (`assets/kit/shrinking.py`).

What is put aside can be built again from raw; a decision cannot, so it is a line of a record of its own, which is only
appended to. It is of one landing: what the same day's next landing tells is another question.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from resources.journal import Journal
from resources.lake.layout import Layout
from resources.lake.tables import TableStore

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "trading_day"
NOTE = b"held_back"
ACCEPTED, TOLD = "accepted", "told"


@dataclass(frozen=True, slots=True)
class Held:
    """A partition that was put aside: of which table and day, from which landing, and why."""

    table: str
    day: date
    landing: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldBackStore:
    """What one profile holds back, and what its owner accepted."""

    layout: Layout

    def hold(self, held: Held, rows: "pa.Table") -> None:
        """Put a partition aside, in the place of one that was put aside before."""
        noted = rows.replace_schema_metadata({NOTE: orjson.dumps(held)})
        TableStore(self.layout).write_held(held.table, KEY, held.day.isoformat(), noted)

    def release(self, table: str, day: date) -> None:
        """Nothing of the table and day waits any more."""
        self.layout.held_file(table, KEY, day.isoformat()).unlink(missing_ok=True)

    def find(self, table: str, day: date) -> Held | None:
        """What waits of a table and day."""
        import pyarrow.parquet as pq

        path = self.layout.held_file(table, KEY, day.isoformat())
        if not path.exists():
            return None
        noted = orjson.loads(pq.read_schema(path).metadata[NOTE])
        return Held(**{**noted, "day": day})

    def waiting(self) -> list[Held]:
        """All that waits, by day and table."""
        files = self.layout.held_folder.glob(f"*/{KEY}=*/part-0.parquet")
        places = [(date.fromisoformat(path.parent.name.partition("=")[2]), path.parents[1].name) for path in files]
        found = (self.find(table, day) for day, table in sorted(places))
        return [one for one in found if one is not None]

    def accept(self, held: Held, *, at: datetime) -> None:
        """Record that it is so."""
        self._decisions.append({"event": ACCEPTED, "accepted_at": at, **orjson.loads(orjson.dumps(held))}, at=at)

    def accepted_at(self, table: str, day: date, landing: str) -> datetime | None:
        """When a partition of a landing was accepted; None of one that was not."""
        for line in self._decisions.everything():
            if line["event"] == ACCEPTED and _named(line) == (table, day.isoformat(), landing):
                return datetime.fromisoformat(line["accepted_at"])
        return None

    def note_told(self, held: Held, *, at: datetime) -> None:
        """Record that the owner was told of it."""
        self._decisions.append({"event": TOLD, "told_at": at, **orjson.loads(orjson.dumps(held))}, at=at)

    def was_told(self, held: Held) -> bool:
        """Whether the owner was told of what waits of this landing."""
        told = (line for line in self._decisions.everything() if line["event"] == TOLD)
        return any(_named(line) == (held.table, held.day.isoformat(), held.landing) for line in told)

    @property
    def _decisions(self) -> Journal:
        return Journal(self.layout.decisions_folder, is_synced=True, is_daily=False)


def _named(line: dict[str, Any]) -> tuple[str, str, str]:
    return line["table"], line["day"], line["landing"]
