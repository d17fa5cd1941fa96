"""The second factor, pretended: a question that is open until it is approved, denied, or too old.

Belongs here: which questions are open and what answers them. Does not: pages (`page.py`), the login itself
(`session.py`). No user name and no password ever gets here.

Any six digits are a right code, since nobody has a device that could know another.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PATIENCE = timedelta(minutes=3)


@dataclass(slots=True)
class Challenges:
    """The open questions, by their number."""

    _asked_at: dict[int, datetime] = field(default_factory=dict)
    _count: int = 0

    def ask(self, now: datetime) -> int:
        """Send a question to the phone."""
        self._count += 1
        self._asked_at[self._count] = now
        return self._count

    def is_open(self, number: int, now: datetime) -> bool:
        """Whether it still waits for its answer."""
        asked_at = self._asked_at.get(number)
        return asked_at is not None and now - asked_at < PATIENCE

    def close(self, number: int) -> None:
        """It was answered."""
        self._asked_at.pop(number, None)


def is_code(text: str) -> bool:
    """Whether that can be the code of a device."""
    return re.fullmatch(r"\d{6}", text.replace(" ", "")) is not None
