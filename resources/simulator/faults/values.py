"""Faults inside rows: keys that are gone or new, other types, no numbers, somebody else's name.

Belongs here: what a reply's records say. Does not: which records there are (`rows.py`).

Where no field is named, one of the record's own is chosen by the request's dice: the same seed, rules and
requests choose the same.
"""

import re
from itertools import count
from typing import Any, ClassVar, Literal

from pydantic import Field

from resources.simulator.faults.fault import Exchange, Fault, Reply
from resources.simulator.faults.records import Record, first_record, with_records

ACCOUNT = "U9999999"
ACCOUNT_ID = re.compile(r"D?[UFI][A-Z]?\d{5,}")
CONTRACT_KEYS = ("conid", "con_id")
SYMBOL_KEYS = ("symbol", "ticker")
NAN_LIKE = {"NaN": "NaN", "Infinity": "Infinity", "empty": "", "dash": "-", "null": None, "n/a": "N/A"}


class Reworded(Fault):
    """Spoils good answers only."""

    needs_answer: ClassVar[bool] = True


class Selective(Reworded):
    """Works on some fields of every nth record."""

    drawn: ClassVar[tuple[type, ...]] = ()  # types that chance chooses among; any when empty
    fields: tuple[str, ...] = Field((), description="their names; one of the record's own by chance when none is given")
    every: int = Field(1, ge=1, description="every nth record of a reply")

    def strike(self, met: Exchange) -> Reply:
        value = met.reply.json
        first = first_record(value)
        chosen = self.fields or self._drawn(first, met.request.draw)
        seen = count(1)

        def changed(record: Record) -> Record:
            return self._changed(record, chosen) if next(seen) % self.every == 0 else record

        return met.reply if first is None else met.reply.saying(with_records(value, changed))

    def _drawn(self, record: Record | None, draw: float) -> tuple[str, ...]:
        names = [name for name, each in (record or {}).items() if type(each) in self.drawn or not self.drawn]
        return (names[int(draw * len(names))],) if names else ()

    def _changed(self, record: Record, fields: tuple[str, ...]) -> Record:
        raise NotImplementedError


class MissingFields(Selective):
    """Keys are gone from records."""

    fault: Literal["missing_fields"] = "missing_fields"

    def _changed(self, record: Record, fields: tuple[str, ...]) -> Record:
        return {name: each for name, each in record.items() if name not in fields}


class AddedFields(Reworded):
    """Records have keys that nobody has heard of."""

    fault: Literal["added_fields"] = "added_fields"
    fields: dict[str, Any] = {"novelty": {"since": "10.47"}}

    def strike(self, met: Exchange) -> Reply:
        return met.reply.saying(with_records(met.reply.json, lambda record: {**record, **self.fields}))


class Retyped(Selective):
    """Values change their type: a number becomes text, text a number where it is one, or anything null."""

    fault: Literal["retyped"] = "retyped"
    drawn: ClassVar[tuple[type, ...]] = (str, int, float, bool)
    to: Literal["other", "text", "null", "list", "object"] = "other"

    def _changed(self, record: Record, fields: tuple[str, ...]) -> Record:
        return {name: self._other(each) if name in fields else each for name, each in record.items()}

    def _other(self, value: Any) -> Any:
        match self.to:
            case "null":
                return None
            case "list":
                return [value]
            case "object":
                return {"value": value}
            case "text":
                return str(value)
        return _number(value) if isinstance(value, str) else str(value)


class NanLike(Selective):
    """Numbers become what stands for no number: "NaN", "Infinity", "", "-", "N/A" or null."""

    fault: Literal["nan_like"] = "nan_like"
    drawn: ClassVar[tuple[type, ...]] = (int, float)
    value: Literal["NaN", "Infinity", "empty", "dash", "null", "n/a"] = "NaN"

    def _changed(self, record: Record, fields: tuple[str, ...]) -> Record:
        return {name: NAN_LIKE[self.value] if name in fields else each for name, each in record.items()}


class Misdirected(Reworded):
    """The answer to another question: every record names another contract, account or symbol than was asked for."""

    fault: Literal["misdirected"] = "misdirected"
    what: Literal["contract", "account"] = "contract"
    account: str = ACCOUNT

    def strike(self, met: Exchange) -> Reply:
        return met.reply.saying(self._renamed(met.reply.json))

    def _renamed(self, value: Any, name: str = "") -> Any:
        if isinstance(value, list):
            return [self._renamed(each, name) for each in value]
        if isinstance(value, dict):
            return {self._account(key): self._renamed(each, key) for key, each in value.items()}
        return self._contract(name, value) if self.what == "contract" else self._account(value)

    def _account(self, value: Any) -> Any:
        is_one = self.what == "account" and isinstance(value, str) and ACCOUNT_ID.fullmatch(value)
        return self.account if is_one else value

    def _contract(self, name: str, value: Any) -> Any:
        if name in CONTRACT_KEYS and str(value).isdecimal():
            return type(value)(int(value) + 1)
        return f"{value}X" if name in SYMBOL_KEYS and isinstance(value, str) else value


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return len(text)
