"""Reading the query of a request without trusting it.

Belongs here: names in their variants, lists, and words for true. Does not: bodies (`body.py`), meaning.
"""

from collections.abc import Mapping

MOST_DIGITS = 18  # what a signed number of 64 bits holds for certain
KIND = ("secType", "sectype")  # both are in use, on the same endpoints


def text(query: Mapping[str, object], *names: str) -> str:
    """The first of some spellings of a parameter that is there; "" when none is."""
    found = next((query[name] for name in names if query.get(name) not in (None, "")), "")
    return str(found).strip()


def number(query: Mapping[str, object], *names: str) -> int | None:
    """A whole number; None when it is missing or something else."""
    return whole(text(query, *names))


def whole(text: str) -> int | None:
    """A row of digits as a number; None when it is something else, or longer than any number on the wire."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def truth(query: Mapping[str, object], *names: str) -> bool:
    """Whether a flag is set, as true, True or 1."""
    return text(query, *names).lower() in {"true", "1"}


def items(joined: str, separator: str = ",") -> list[str]:
    """The parts of a list, without blanks."""
    return [part.strip() for part in joined.split(separator) if part.strip()]
