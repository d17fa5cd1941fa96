"""Records of many replies read as columns at once, without an object for each of them. Pure.

A reply of bars is a thousand flat objects of numbers: making Python objects of them, to take these apart again, was
most of the time of building their table, on one core. Here they are put one per line, many replies together, and
Arrow reads them on all cores.

Exact or not at all: replies are read so only if all their records have the same fields, each of them one that the table
declares as a number, each value a JSON number. Anything else (a new field, a number as text, null) leaves the replies
as they are, to be read record by record, so that what is kept, rejected and told of is the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import orjson

from assets.kit.schema import Row
from resources.gateway.endpoint import Page
from resources.gateway.errors import GatewayError
from resources.gateway.wire import decipher

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

BETWEEN = b"},{"
BLOCK_BYTES = 1 << 20
"""What one core reads at a time: of 64 replies each of two cores gets its share."""


@dataclass(frozen=True, slots=True, eq=False)
class Columnar(Sequence[Mapping[str, Any]]):
    """Records as one array per field; taken one by one they are the objects that came, whole numbers as declared."""

    columns: "Mapping[str, npt.NDArray[Any]]"

    def __len__(self) -> int:
        return next((len(values) for values in self.columns.values()), 0)

    @overload
    def __getitem__(self, place: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> "Columnar": ...
    def __getitem__(self, place: int | slice) -> "Mapping[str, Any] | Columnar":
        if isinstance(place, slice):
            return Columnar({name: values[place] for name, values in self.columns.items()})
        return {name: values[place].item() for name, values in self.columns.items()}

    def up_to(self, wire: str, most: float) -> "Columnar":
        """Without the records of which a field is more."""
        within = self.columns[wire] <= most
        if within.all():
            return self
        return Columnar({name: values[within] for name, values in self.columns.items()})


def read_together(pages: Sequence[Page], array: str, row: type[Row]) -> None:
    """Have each page tell the records of its reply's `array` as columns, where that is exact."""
    cuts = {number: cut for number, page in enumerate(pages) if (cut := _cut(page, array)) is not None}
    counts = [cut.records.count(BETWEEN) + 1 for cut in cuts.values()]
    whole = _columns([cut.records for cut in cuts.values()], sum(counts), row)
    if whole is None:
        return
    begin = 0
    for (number, cut), count in zip(cuts.items(), counts, strict=True):
        pages[number].take_over({**cut.rest, array: whole[begin : begin + count]})
        begin += count


class _Cut(NamedTuple):
    """A reply's records as they came, `{...},{...}`, and the reply without them."""

    records: bytes
    rest: dict[str, Any]


def _cut(page: Page, array: str) -> _Cut | None:
    """The reply in two; None unless the array is one of its own fields, and has records.

    Within a text the mark cannot stand, as a quote has a backslash before it there. Where the cut is at a wrong place,
    the rest is no JSON, or its array is not the one that is empty now.
    """
    body, mark = page.envelope.body, f'"{array}":[{{'.encode()
    begin = body.find(mark) + len(mark) - 1
    end = body.find(b"}]", begin) + 1
    if begin < len(mark) or not end:
        return None
    try:
        rest = decipher(page.envelope.request, page.envelope.status, body[:begin] + body[end:])
    except GatewayError:
        return None
    is_ours = isinstance(rest, dict) and rest.get(array) == []
    return _Cut(body[begin:end], rest) if is_ours else None


def _columns(replies: Sequence[bytes], count: int, row: type[Row]) -> Columnar | None:
    """All records of replies; None unless each has all fields of the first, and numbers only."""
    import pyarrow as pa
    from pyarrow.json import ParseOptions, ReadOptions, read_json

    schema = _schema(replies[0], row) if replies else None
    if schema is None:
        return None
    lines = b"\n".join(records.replace(BETWEEN, b"}\n{") for records in replies)
    try:
        read = read_json(
            pa.BufferReader(lines),
            read_options=ReadOptions(block_size=BLOCK_BYTES),
            parse_options=ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
        )
    except pa.ArrowInvalid:
        return None
    whole = {name: read[name].to_numpy() for name in schema.names}
    is_exact = read.num_rows == count and not any(column.null_count for column in read.columns)
    return Columnar(whole) if is_exact and not _is_lenient(lines, whole.values()) else None


def _is_lenient(lines: bytes, columns: "Iterable[npt.NDArray[Any]]") -> bool:
    """Whether something was read that is no JSON (NaN, Infinity), or otherwise than it is read one by one (-0)."""
    import numpy as np

    return b":-0" in lines or not all(np.isfinite(values).all() for values in columns)


def _schema(records: bytes, row: type[Row]) -> "pa.Schema | None":
    """The fields of the first record by what the table declares them as; None if one is not declared as a number."""
    import pyarrow as pa

    kinds = {datetime: pa.int64(), int: pa.int64(), float: pa.float64()}
    numbers = {one.wire: kinds[one.kind] for one in row.columns if one.kind in kinds}
    try:
        fields = list(orjson.loads(records[: records.index(b"}") + 1]))
        return pa.schema([(name, numbers[name]) for name in fields])
    except (orjson.JSONDecodeError, KeyError):
        return None
