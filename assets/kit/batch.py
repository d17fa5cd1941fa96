"""Records of many replies as columns, taken over reply by reply.

Belongs here: turning records into columns of values as they came. Does not: what a value means (`conform.py`).

A reply's objects are taken apart while they are still in the processor's cache, and are not kept: a number in an array
takes an eighth of what it takes in an object. That alone was a third of the time of a table of bars. Small replies are
put together first, since a column costs something however short it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from assets.kit.columnar import Columnar
from assets.kit.schema import Row
from assets.kit.shape import Block
from resources.envelope import Envelope

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

ENOUGH = 1_000
"""Records that are taken apart together, unless one reply has more."""
EXAMPLE = 80


@dataclass(frozen=True, slots=True)
class Source:
    """A shaped reply and where it stands in raw; what can be shaped `again` need not be kept."""

    block: Block
    envelope: Envelope
    raw_file: str
    trading_day: date
    again: Callable[[], Block] | None = None

    @property
    def records(self) -> Sequence[Any]:
        """The records as they came."""
        return (self.block if self.again is None else self.again()).records


@dataclass(frozen=True, slots=True)
class Part:
    """Some records as columns: those of one kind of number as an array; of unknown fields, their JSON."""

    count: int
    columns: "Mapping[str, npt.NDArray[Any] | list[Any]]"
    extras: list[str | None] | None


@dataclass(slots=True)
class Batch:
    """What was taken over: the sources without their records, how many each had, the columns, the unknown fields."""

    row: type[Row]
    enough: int = ENOUGH
    sources: list[Source] = field(default_factory=list)
    spans: list[int] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    count: int = 0
    _parts: list[Part] = field(default_factory=list)
    _waiting: list[Any] = field(default_factory=list)

    def take(self, source: Source) -> None:
        """Take over a reply's records; one without any leaves no trace."""
        records = source.block.records
        if not records:
            return
        bare = Block((), source.block.constants)
        self.sources.append(source if source.again is None else replace(source, block=bare))
        self.spans.append(len(records))
        self.count += len(records)
        if isinstance(records, Columnar):
            self._whole().append(Part(len(records), records.columns, None))
            return
        self._waiting.extend(records)
        if len(self._waiting) >= self.enough:
            self._take_apart()

    def origin(self) -> "npt.NDArray[np.int64]":
        """Of each record the number of its source."""
        import numpy as np

        return np.repeat(np.arange(len(self.sources)), self.spans)

    def constants(self) -> "dict[str, pd.Series[Any]]":
        """What holds for a whole reply, one value per reply: read once, not once per row."""
        import pandas as pd

        blocks = [source.block for source in self.sources]
        names = {name for block in blocks for name in block.constants}
        return {name: pd.Series([block.constants.get(name) for block in blocks]) for name in names}

    def column(self, wire: str) -> "pd.Series[Any]":
        """A field of all records as it came, null where it was absent."""
        import numpy as np
        import pandas as pd

        parts = self._whole()
        if not any(wire in part.columns for part in parts):
            return pd.Series([None] * self.count, dtype=object)
        told = [part.columns.get(wire, [None] * part.count) for part in parts]
        arrays = [one for one in told if isinstance(one, np.ndarray)]
        if len(arrays) == len(told):
            return pd.Series(np.concatenate(arrays))
        return pd.Series([*chain.from_iterable(one if isinstance(one, list) else one.tolist() for one in told)])

    def extras(self) -> list[str | None] | None:
        """The unknown fields of each record as JSON; None if no record has any."""
        parts = self._whole()
        if not any(part.extras for part in parts):
            return None
        return [*chain.from_iterable(part.extras or [None] * part.count for part in parts)]

    def _whole(self) -> list[Part]:
        if self._waiting:
            self._take_apart()
        return self._parts

    def _take_apart(self) -> None:
        records, self._waiting = self._waiting, []
        told = set[str]().union(*records)
        wires = {one.wire for one in self.row.columns}
        columns = {wire: _packed(_values(records, wire)) for wire in wires & told}
        unknown = told - wires - self.row.known
        self._parts.append(Part(len(records), columns, self._extras(records, unknown) if unknown else None))

    def _extras(self, records: list[Any], unknown: set[str]) -> list[str | None]:
        extras = [{name: record[name] for name in record.keys() & unknown} for record in records]
        for name in sorted(unknown - self.unknown.keys()):
            self.unknown[name] = next(as_json(extra[name]) for extra in extras if name in extra)[:EXAMPLE]
        return [as_json(extra) if extra else None for extra in extras]


def as_json(value: Any) -> str:
    """A value as text, the same for equal values."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _values(records: list[Any], wire: str) -> list[Any]:
    try:
        return list(map(itemgetter(wire), records))
    except KeyError:
        return [record.get(wire) for record in records]


def _packed(told: list[Any]) -> "npt.NDArray[Any] | list[Any]":
    """Numbers of one kind as an array, out of which the same objects come again; all else as it is."""
    import numpy as np

    kinds = set(map(type, told))
    if kinds not in ({float}, {int}):
        return told
    numbers = np.array(told)
    return numbers if numbers.dtype == (np.float64 if kinds == {float} else np.int64) else told
