"""Incidents: trouble with the login that many processes notice and only one of them alerts about.

Belongs here: what is remembered of the incident that is going on, in one small file that all processes
of a login share. Does not: what an alert says and where it goes (`pipelines/alerts.py`,
`pipelines/targets.py`), what a status means (`session.py`).

An incident lasts from the first trouble until the session is ready again, whatever it turns into
meanwhile: a gateway that is down comes back without a login, and that is still the same night's trouble.
A day is remembered before its alert is sent, so a process that is killed between the two alerts nobody
rather than everybody twice; whoever sees the sending fail gives it back with `retract`.
"""

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from resources.lake.publish import published, sync
from resources.locks import locked
from resources.private import make_folder


class Incident(BaseModel):
    """The trouble that is going on: what it is by now, since when, last seen when, and the days alerted for."""

    model_config = ConfigDict(frozen=True)

    kind: str
    since: AwareDatetime
    seen_at: AwareDatetime
    alerted: tuple[date, ...]


class Incidents:
    """The memory of one login's trouble, in a folder of its own; safe with any number of processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "incident.json"

    def open(self, kind: str, *, at: datetime, day: date) -> bool:
        """Note trouble that puts a trading day at risk; true for the one caller who is to alert about it."""
        at = at.astimezone(UTC)
        with self._locked():
            known = self.current() or Incident(kind=kind, since=at, seen_at=at, alerted=())
            alerted = known.alerted if day in known.alerted else (*known.alerted, day)
            self._write(Incident(kind=kind, since=known.since, seen_at=max(at, known.seen_at), alerted=alerted))
            return day not in known.alerted

    def retract(self, day: date) -> None:
        """The alert of a day reached nobody: who notices next is to send it."""
        with self._locked():
            known = self.current()
            if known is not None:
                left = tuple(one for one in known.alerted if one != day)
                self._write(known.model_copy(update={"alerted": left}))

    def close(self, at: datetime) -> None:
        """The session was ready at that instant: the incident is over, unless trouble was seen later than that.

        A process that saw the session well, and comes to say so only after another saw it die, is out of date.
        """
        with self._locked():
            known = self.current()
            if known is None or known.seen_at <= at.astimezone(UTC):
                self._path.unlink(missing_ok=True)
                sync(self._folder)

    def current(self) -> Incident | None:
        """The incident that is going on; a damaged file counts as none, the next incident replaces it."""
        try:
            return Incident.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def _write(self, incident: Incident) -> None:
        with published(self._path) as beside:
            beside.touch(mode=0o600)
            beside.write_text(incident.model_dump_json())

    def _locked(self) -> AbstractContextManager[None]:
        """Alone among all processes."""
        make_folder(self._folder)
        return locked(self._folder / "incident.lock")
