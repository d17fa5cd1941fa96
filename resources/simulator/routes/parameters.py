"""Reading the query of a request without trusting it.

Belongs here: names in their variants, lists, and words for true. Does not: bodies (`body.py`), meaning.
"""

from collections.abc import Mapping

KIND = ("secType", "sectype")  # both are in use, on the same endpoints


def text(query: Mapping[str, object], *names: str) -> str:
    """The first of some spellings of a parameter that is there; "" when none is."""
    found = next((query[name] for name in names if query.get(name) not in (None, "")), "")
    return str(found).strip()


def number(query: Mapping[str, object], *names: str) -> int | None:
    """A whole number; None when it is missing or something else."""
    found = text(query, *names)
    return int(found) if found.isascii() and found.isdigit() and len(found) < 20 else None


def truth(query: Mapping[str, object], *names: str) -> bool:
    """Whether a flag is set, as true, True or 1."""
    return text(query, *names).lower() in {"true", "1"}


def items(joined: str, separator: str = ",") -> list[str]:
    """The parts of a list, without blanks."""
    return [part.strip() for part in joined.split(separator) if part.strip()]
