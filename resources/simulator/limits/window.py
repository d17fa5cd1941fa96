"""A sliding window: the instants of the requests that still count.

Belongs here: counting in one window. Does not: which window a request falls into (`table.py`).
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from resources.simulator.limits.table import Limit


@dataclass(slots=True)
class Window:
    """A request counts until the whole span has passed since it, and not a microsecond longer."""

    limit: Limit
    _counted: deque[datetime] = field(default_factory=deque)

    def is_full(self, now: datetime) -> bool:
        """Whether one more would be too many."""
        while self._counted and now - self._counted[0] >= self.limit.span:
            self._counted.popleft()
        return len(self._counted) >= self.limit.requests

    def count(self, now: datetime) -> None:
        """One came."""
        self._counted.append(now)
