"""Where the records of a reply are, whatever its shape.

Belongs here: finding and replacing the list, or the objects, that a reply is about. Does not: what becomes
of them (`rows.py`, `values.py`).

A reply is a list of rows, or an object that holds one (`secdef`, `data`, `orders`, `subaccounts`), or an
object that is itself the record, or one that is keyed by account, currency or symbol.
"""

from collections.abc import Callable, Iterator
from typing import Any

Record = dict[str, Any]
Rows = list[Any]


def rows(value: Any) -> Rows | None:
    """The longest list of objects in a reply, else any list at its top; None where there is neither."""
    if isinstance(value, list):
        return value
    found = [each for each in _lists(value) if all(isinstance(row, dict) for row in each)]
    return max(found, key=len, default=None)


def with_rows(value: Any, change: Callable[[Rows], Rows]) -> Any:
    """The reply with those rows changed."""
    wanted = rows(value)
    return value if wanted is None else _replaced(value, wanted, change)


def with_records(value: Any, change: Callable[[Record], Record]) -> Any:
    """The reply with each of its records changed."""
    if rows(value) is not None:
        return with_rows(value, lambda found: [change(row) if isinstance(row, dict) else row for row in found])
    if isinstance(value, dict) and value and all(isinstance(each, dict) for each in value.values()):
        return {key: change(each) for key, each in value.items()}
    return change(value) if isinstance(value, dict) else value


def first_record(value: Any) -> Record | None:
    """The first of a reply's records, to learn their keys from."""
    found = rows(value)
    if found is not None:
        return next((row for row in found if isinstance(row, dict)), None)
    if isinstance(value, dict) and value and all(isinstance(each, dict) for each in value.values()):
        return dict(next(iter(value.values())))
    return value if isinstance(value, dict) else None


def _lists(value: Any) -> Iterator[Rows]:
    if isinstance(value, list):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _lists(each)


def _replaced(value: Any, wanted: Rows, change: Callable[[Rows], Rows]) -> Any:
    if value is wanted:
        return change(wanted)
    if isinstance(value, dict):
        return {key: _replaced(each, wanted, change) for key, each in value.items()}
    return value
