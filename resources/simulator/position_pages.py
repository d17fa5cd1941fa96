"""What a gateway keeps of positions between two requests, where its builds differ in that.

Belongs here: the memory of pages: how old they may be, and when they come empty. Does not: paging, wire shapes.

A login forgets everything.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from resources.simulator.accounts.valuation import Valuation
from resources.simulator.flavour import Flavour
from resources.simulator.session import Session


@dataclass(slots=True)
class _Memory:
    login_at: datetime
    kept: dict[str, tuple[datetime, Valuation]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)


class Pages:
    """The memory of one gateway, by account."""

    def __init__(self, session: Session, flavour: Flavour, now: Callable[[], datetime]) -> None:
        self._session = session
        self._flavour = flavour
        self._now = now
        self._memory = _Memory(session.login_at)

    def read(self, fresh: Valuation) -> Valuation | None:
        """The account as its pages show it: now, or a while ago; None when they come empty this once."""
        name, memory = fresh.account.account_id, self._recalled()
        memory.read.add(name)
        if self._flavour.empty_positions and name not in memory.filled:
            memory.filled.add(name)
            return None
        kept = memory.kept.get(name)
        if kept is None or self._now() - kept[0] >= timedelta(seconds=self._flavour.stale_positions):
            kept = memory.kept[name] = (self._now(), fresh)
        return kept[1]

    def invalidate(self, name: str) -> None:
        """Forget the pages of an account."""
        memory = self._recalled()
        memory.kept.pop(name, None)
        memory.filled.discard(name)

    def are_read(self, name: str) -> bool:
        """Whether positions of the account were asked for in this login."""
        return name in self._recalled().read

    def _recalled(self) -> _Memory:
        if self._memory.login_at != self._session.login_at:
            self._memory = _Memory(self._session.login_at)
        return self._memory
