"""The clock that paces requests: how it is read and waited for is the caller's, so that tests own time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """`steady` never steps and counts from any moment; `wall` is seconds since 1970; `sleep` waits seconds."""

    steady: Callable[[], float]
    wall: Callable[[], float]
    sleep: Callable[[float], None]

    @property
    def here(self) -> datetime:
        """The time by this machine's clock, UTC."""
        return datetime.fromtimestamp(self.wall(), UTC)
