"""Rules from files, TOML or JSON, and the nights that come with the simulator.

Belongs here: reading them, and saying in one line what is wrong and where. Does not: what a rule means.

A file holds `rules`, in TOML as `[[rules]]`. A night is such a file in `nights/`.
"""

import tomllib
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from resources.simulator.faults.rule import Rule

NIGHTS = Path(__file__).parent / "nights"


class FaultsError(ValueError):
    """Rules that cannot be read; the message names the place."""


class Plan(BaseModel):
    """What a file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rules: tuple[Rule, ...]


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a file."""
    try:
        text = path.read_text(encoding="utf-8")
        given: Any = orjson.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise FaultsError(f"faults {path}: {error.strerror}") from error
    except (UnicodeDecodeError, orjson.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise FaultsError(f"faults {path}: not {kind}: {' '.join(str(error).split())}") from error
    try:
        return parse_rules(given)
    except FaultsError as error:
        raise FaultsError(f"faults {path}: {error}") from error


def parse_rules(given: Any) -> tuple[Rule, ...]:
    """Rules from an object with `rules`, from a list of them, or from a single one."""
    if isinstance(given, list):
        given = {"rules": given}
    elif isinstance(given, dict) and "rules" not in given and "faults" in given:
        given = {"rules": [given]}
    try:
        return Plan.model_validate(given).rules
    except ValidationError as error:
        raise FaultsError(clear_line(error)) from error


def nights() -> dict[str, Path]:
    """The nights that come with the simulator, by name."""
    return {path.stem: path for path in sorted(NIGHTS.glob("*.toml"))}


def clear_line(error: ValidationError) -> str:
    """The first problem that a validation found: where, what is wrong, and how many more there are."""
    first, *rest = error.errors(include_url=False, include_context=False)
    more = [each for each in rest if each["loc"] != first["loc"][: len(each["loc"])]]  # a part's fault is the whole's
    said = first["msg"].removeprefix("Value error, ")
    place = _place(first["loc"]) or "the whole"
    given = first["input"]
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return f"{place}: {said}{shown}{f', and {len(more)} more' if more else ''}"


def _place(loc: tuple[int | str, ...]) -> str:
    """`rules, 1, faults, 0, slow, seconds` is `rules[2].faults[1].slow.seconds`, counted from one."""
    place = ""
    for part in loc:
        if isinstance(part, int):
            place += f"[{part + 1}]"
        elif not part.startswith("function-"):
            place += f"{'.' if place else ''}{part}"
    return place
