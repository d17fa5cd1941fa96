"""What every process of a login knows of its session, as it lies on disk.

Belongs here: the facts, reading them, and changing them while nobody else does. Does not: finding them out
(`keeper.py`), what a state means (`session.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ValidationError

from resources.gateway.allowed import Tier
from resources.gateway.session import LONG_AGO, Session, State
from resources.locks import locked
from resources.private import FILE


class Known(BaseModel):
    """The facts. `since` and `observed_at` are the gateway's time, the others this machine's."""

    state: State = State.GATEWAY_DOWN
    since: AwareDatetime = LONG_AGO
    reason: str = ""
    inits: int = 0
    init_at: AwareDatetime = LONG_AGO
    openings: int = 0
    """How often a login or a brokerage session was seen to begin: what was primed before, is not any more."""
    looked_at: AwareDatetime = LONG_AGO
    observed_at: AwareDatetime = LONG_AGO
    ahead_seconds: float = 0.0
    """By how much the gateway's clock was ahead of this machine's at the last look."""

    @property
    def session(self) -> Session:
        return Session(self.state, self.since, self.reason, self.inits, self.init_at)

    def now(self, here: datetime) -> datetime:
        """The gateway's time, when this machine's clock says `here`."""
        return here + timedelta(seconds=self.ahead_seconds)

    def remember(self, session: Session) -> None:
        """Make a session the known one."""
        if any(session.state.serves(tier) and not self.state.serves(tier) for tier in Tier):
            self.openings += 1
        self.state, self.since, self.reason = session.state, session.since, session.reason
        self.inits, self.init_at = session.inits, session.init_at


@dataclass(frozen=True, slots=True)
class KnownFile:
    """`session.json` in a login's folder."""

    folder: Path

    def read(self) -> Known:
        """What is on disk; nothing, when nobody looked yet or the file is damaged."""
        try:
            return Known.model_validate_json((self.folder / "session.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return Known()

    @contextmanager
    def changing(self) -> Iterator[Known]:
        """What is known, to be changed by nobody else meanwhile, and written if it was."""
        with locked(self.folder / "session.lock"):
            known = self.read()
            before = known.model_copy()
            yield known
            if known != before:
                self._write(known)

    def _write(self, known: Known) -> None:
        beside = self.folder / "session.json.new"
        beside.touch(FILE)
        beside.write_text(known.model_dump_json())
        beside.replace(self.folder / "session.json")
