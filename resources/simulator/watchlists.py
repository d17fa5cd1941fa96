"""The watchlists of a user: named lists of contracts, kept by the broker beyond any session.

Belongs here: the lists and what may be written. Does not: wire shapes (`shapes/watchlists.py`), HTTP.

As recorded: an id must be a number, a second list under it takes the place of the first, rows may be missing and
name contracts that do not exist, and taking away what is not there is no mistake once any list was looked at. What
a list's contracts are is loaded by the first look at it and shows from the second on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


class WatchlistError(ValueError):
    """What the service behind does not answer."""


@dataclass(slots=True)
class Watchlist:
    """One list. A row is a contract's id, or None for a blank line."""

    number: str
    name: str
    rows: Sequence[int | None]
    changed: datetime
    looks: int = 0


@dataclass(slots=True)
class Watchlists:
    """All lists of the login, by number."""

    _lists: dict[str, Watchlist] = field(default_factory=dict)

    def write(self, number: str, name: str, rows: Sequence[int | None], at: datetime) -> Watchlist:
        """Make a list, or make it anew."""
        if not number.isdecimal() or not name:
            raise WatchlistError(f"write watchlist {number!r}: it needs a number and a name")
        found = self._lists[number] = Watchlist(number, name, rows, at)
        return found

    def read(self, number: str) -> Watchlist:
        """One look at a list."""
        found = self._lists.get(number)
        if found is None:
            raise WatchlistError(f"read watchlist {number!r}: there is none")
        found.looks += 1
        return found

    def drop(self, number: str) -> bool:
        """Take a list away; false when there is none."""
        return self._lists.pop(number, None) is not None

    def listed(self) -> list[Watchlist]:
        """All of them, in the order in which they were first made."""
        return list(self._lists.values())
