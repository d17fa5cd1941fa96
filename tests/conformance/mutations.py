"""Replies as no gateway should send them: a good one, with one place of it, or all of it, made wrong at random."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from hypothesis import strategies as st

Path = tuple[str | int, ...]
MARK = "☠ 測試"
"""Stands for nothing that any parser knows, so that it must be found again."""
GARBAGE: list[Any] = [
    f"{MARK} <b>&#x82F9;</b>",
    {MARK: {"nested": [1, {"deeper": None}]}},
    [MARK, [], {}],
    "NaN",
    "<html><body>Service Unavailable</body></html>",
]
"""What is no value of any column but of one of text."""
ODD: list[Any] = [*GARBAGE, None, "", " ", True, False, 0, -1, 1e308, 10**15 + 1, 2**63 - 1, "1,300.5", "0", [], {}]
BODIES = [
    b"",
    b" \n",
    b"<html>Login</html>",
    b'{"error":"something went wrong","statusCode":500}',
    b'{"error":"' + MARK.encode() + b'"}',
    b"null",
    b"true",
    b"3",
    b'"text"',
    b"[null]",
    b"[[]]",
    b'[{"a":1},2]',
    b'{"a":{"b":[]}}',
    b"\xff\xfe\x00",
    b"NaN",
]
"""Whole replies that are none of the endpoint's."""


@dataclass(frozen=True)
class Mutation:
    """One place of a reply made wrong: `how`, where, and the value that now stands there."""

    how: str
    path: Path
    value: Any
    reply: Any

    @property
    def body(self) -> bytes:
        return orjson.dumps(self.reply)


def mutations(reply: Any) -> st.SearchStrategy[Mutation]:
    """One thing wrong with a reply."""
    places = list(_places(reply))
    within = [path for path in places if path]
    named = [path for path in within if isinstance(path[-1], str)]
    listed = [path for path in within if isinstance(path[-1], int)]
    ways = [st.builds(lambda path, value: _put(reply, path, value), st.sampled_from(places), st.sampled_from(ODD))]
    if within:
        ways += [
            st.sampled_from(within).map(lambda path: _retyped(reply, path)),
            st.sampled_from(within).map(lambda path: _dropped(reply, path)),
        ]
    if named:
        ways.append(st.sampled_from(named).map(lambda path: _renamed(reply, path)))
    if listed:
        ways.append(st.sampled_from(listed).map(lambda path: _doubled(reply, path)))
    return st.one_of(ways)


def cut(body: bytes) -> st.SearchStrategy[bytes]:
    """A reply that broke off."""
    return st.integers(1, max(1, len(body) - 1)).map(lambda length: body[:length])


def at(reply: Any, path: Path) -> Any:
    """What stands at a place."""
    for part in path:
        reply = reply[part]
    return reply


def without(reply: Any, path: Path) -> Any:
    """The reply without what stands at a place."""
    return _dropped(reply, path).reply


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place, of long lists the first and the last entries only."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*path, name))
    elif isinstance(value, list):
        for place in sorted({*range(min(3, len(value))), *range(max(0, len(value) - 1), len(value))}):
            yield from _places(value[place], (*path, place))


def _put(reply: Any, path: Path, value: Any, how: str = "put") -> Mutation:
    if not path:
        return Mutation(how, path, value, copy.deepcopy(value))
    changed = copy.deepcopy(reply)
    at(changed, path[:-1])[path[-1]] = copy.deepcopy(value)
    return Mutation(how, path, value, changed)


def _retyped(reply: Any, path: Path) -> Mutation:
    """A number as text, text as a number, a container as another kind, a truth as text."""
    value = at(reply, path)
    return _put(reply, path, _of_another_type(value), "retyped")


def _of_another_type(value: Any) -> Any:
    match value:
        case dict():
            return list(value.values())
        case list():
            return {str(place): one for place, one in enumerate(value)}
        case str():
            return float(value) if _is_number(value) else [value]
        case None:
            return "null"
    return str(value).lower()


def _dropped(reply: Any, path: Path) -> Mutation:
    changed = copy.deepcopy(reply)
    del at(changed, path[:-1])[path[-1]]
    return Mutation("dropped", path, None, changed)


def _renamed(reply: Any, path: Path) -> Mutation:
    changed = copy.deepcopy(reply)
    holder = at(changed, path[:-1])
    holder[f"{path[-1]}{MARK}"] = holder.pop(path[-1])
    return Mutation("renamed", path, None, changed)


def _doubled(reply: Any, path: Path) -> Mutation:
    changed = copy.deepcopy(reply)
    at(changed, path[:-1]).append(copy.deepcopy(at(reply, path)))
    return Mutation("doubled", path, at(reply, path), changed)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
