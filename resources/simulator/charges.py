"""What a login is charged for: regulatory snapshots, at a cent each.

Belongs here: the bill. Does not: what is sold (`routes/regsnapshot.py`).
"""

from dataclasses import dataclass

CENTS = 1  # per regulatory snapshot


@dataclass(slots=True)
class Charges:
    """The bill of one login."""

    regsnapshots: int = 0

    @property
    def dollars(self) -> float:
        """The sum of it."""
        return self.regsnapshots * CENTS / 100
