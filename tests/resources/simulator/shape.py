"""The shape of JSON values: what a reply has in common with samples of it, whatever the values are.

Belongs here: deriving a shape from samples, and telling in words how one shape departs from another.
Does not: samples (`replies/`), or asking for replies (`replies/visitor.py`).

A shape knows the kinds that were seen at a place, the keys that are always there and those that come and
go, what an array holds, and what an object holds whose keys are names (accounts, currencies, symbols).
Whole and decimal numbers are two kinds, as `5` and `5.0` are two things to a strict client; so are numbers
written as text, other text, and the empty text. Account ids are names wherever they stand as keys; other
objects keyed by names have to be pointed out by their place, as no pattern tells "STK" from a key.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ROOT = "reply"
ACCOUNT = "<account>"
ACCOUNT_ID = re.compile(r"D?[UF][A-Z]?\d{5,9}[A-Z]?")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
SPECIAL_TEXT = {"number as text", "empty text"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What was seen at one place. `element` of arrays, `entry` of objects keyed by names: None when never seen."""

    kinds: frozenset[str]
    keys: Mapping[str, "Shape"] = field(default_factory=dict)
    always: frozenset[str] = frozenset()
    element: "Shape | None" = None
    entry: "Shape | None" = None
    keyed: bool = False


def derive(samples: Sequence[Any], *, keyed: Collection[str] = (), at: str = ROOT) -> Shape:
    """The shape that all samples have; `keyed` are the places of objects whose keys are names."""
    elements = [element for sample in samples if isinstance(sample, list) for element in sample]
    objects = [_folded(sample) for sample in samples if isinstance(sample, dict)]
    kinds = frozenset(kind(sample) for sample in samples)
    element = derive(elements, keyed=keyed, at=f"{at}[]") if elements else None
    if at in keyed:
        entries = [value for pairs in objects for _, value in pairs]
        entry = derive(entries, keyed=keyed, at=f"{at}.*") if entries else None
        return Shape(kinds, element=element, entry=entry, keyed=True)
    names = dict.fromkeys(name for pairs in objects for name, _ in pairs)
    keys = {name: derive(list(_values(objects, name)), keyed=keyed, at=f"{at}.{name}") for name in names}
    always = frozenset(name for name in names if all(any(name == has for has, _ in pairs) for pairs in objects))
    return Shape(kinds, keys, always, element)


def differences(found: Shape, known: Shape, at: str = ROOT) -> Iterator[str]:
    """In words, what of `found` does not fit `known`."""
    for strange in sorted(kind for kind in found.kinds if not _fits(kind, known.kinds)):
        yield f"{at}: {strange} where only {', '.join(sorted(known.kinds)) or 'nothing'} is known"
    if "array" in found.kinds & known.kinds and found.element:
        yield from _inside(found.element, known.element, f"{at}[]")
    if "object" in found.kinds & known.kinds:
        yield from _of_objects(found, known, at)


def kind(value: object) -> str:
    """What JSON, and a strict client, take a value for."""
    if isinstance(value, str):
        return _kind_of_text(value)
    names: dict[type, str] = {
        type(None): "null",
        bool: "boolean",
        int: "whole number",
        float: "decimal number",
        list: "array",
        dict: "object",
    }
    return names[type(value)]


def _kind_of_text(value: str) -> str:
    if not value:
        return "empty text"
    return "number as text" if NUMBER.fullmatch(value) else "text"


def _fits(kind: str, known: frozenset[str]) -> bool:
    return kind in known or (kind in SPECIAL_TEXT and "text" in known)


def _of_objects(found: Shape, known: Shape, at: str) -> Iterator[str]:
    if known.keyed:
        if found.entry:
            yield from _inside(found.entry, known.entry, f"{at}.*")
        return
    for name in sorted(known.always - found.always):
        yield f"{at}.{name}: {'sometimes missing' if name in found.keys else 'missing'}"
    for name, shape in found.keys.items():
        yield from _inside(shape, known.keys.get(name), f"{at}.{name}")


def _inside(found: Shape, known: Shape | None, at: str) -> Iterable[str]:
    return [f"{at}: not known"] if known is None else differences(found, known, at)


def _folded(sample: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(ACCOUNT if ACCOUNT_ID.fullmatch(name) else name, value) for name, value in sample.items()]


def _values(objects: Iterable[list[tuple[str, object]]], name: str) -> Iterator[object]:
    return (value for pairs in objects for has, value in pairs if has == name)
