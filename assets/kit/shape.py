"""From a reply to records: the one per-dataset step between JSON and a table.

A table's function takes a `Page` and returns a `Block`: the records as they came, plus what holds for
all of them (the account of the path, the factor beside the bars). Nothing is copied per row here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assets.kit.columnar import Columnar


class ShapeError(Exception):
    """A reply whose shape is not the endpoint's: it is rejected whole, with this reason."""


@dataclass(frozen=True, slots=True)
class Block:
    """Records of one reply under their wire names, and constants that each of them gets."""

    records: Sequence[Mapping[str, Any]]
    constants: Mapping[str, Any]


def echoed(what: str, told: Iterable[Any], asked: Iterable[Any]) -> None:
    """Raise unless what a reply says that it is of was asked for; what it does not say (None) is no contradiction.

    A gateway between two logins, or a cache that was mixed up, answers for somebody or something else.
    """
    strange = {str(one) for one in told if one is not None} - {str(one) for one in asked}
    if strange:
        raise ShapeError(f"the reply is of {what} {', '.join(sorted(strange)[:3])}, which was not asked for")


def rows(records: Iterable[Any], **constants: Any) -> Block:
    """A block of records; anything but objects is a shape we do not know."""
    if isinstance(records, Columnar):
        return Block(records, constants)
    listed = list(records)
    if not set(map(type, listed)) <= {dict}:
        strange = next(one for one in listed if type(one) is not dict)
        raise ShapeError(f"an object per row was due, {str(strange)[:80]!r} came")
    return Block(listed, constants)


def listed(value: Any) -> Sequence[Any]:
    """The value, if it is a list, of which the records may be held as columns."""
    if not isinstance(value, list | Columnar):
        raise ShapeError(f"a list was due, {str(value)[:80]!r} came")
    return value


def keyed(value: Any) -> dict[str, Any]:
    """The value, if it is an object."""
    if not isinstance(value, dict):
        raise ShapeError(f"an object was due, {str(value)[:80]!r} came")
    return value


def keyed_if_any(value: Any) -> dict[str, Any]:
    """The value, if it is an object; an empty one where there is none, and only there."""
    return {} if value is None else keyed(value)


def paired(dates: Any, values: Any, **names: str) -> list[dict[str, Any]]:
    """Two parallel arrays as records; arrays of unequal length cannot be told apart, so neither is used."""
    left, right = listed(dates), listed(values)
    if len(left) != len(right):
        raise ShapeError(f"{len(left)} dates stand beside {len(right)} values: which belongs to which is unknown")
    return [{names["date"]: one, names["value"]: other} for one, other in zip(left, right, strict=True)]
