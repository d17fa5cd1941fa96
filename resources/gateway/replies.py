"""Replies that are handed on: new ones to a recorder, those of earlier tries to whoever asks the same.

Belongs here: that each is handed on once and whole, whichever threads ask. Does not: asking (`client.py`), which of
earlier tries count (`assets/kit/kept.py`).
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from threading import Event, Lock

from resources.envelope import Envelope

Recorder = Callable[[Envelope], None]


class Replies:
    """Those of one client. `is_over` is set when the recording has ended, for tasks that go on all the same."""

    def __init__(self) -> None:
        self.is_over = Event()
        self._record: Recorder | None = None
        self._kept: dict[str, deque[Envelope]] = defaultdict(deque)
        self._handing = Lock()

    def begin(self, record: Recorder) -> None:
        """From here on every reply is recorded."""
        with self._handing:
            self._record = record

    def end(self) -> None:
        """No longer; and what was kept for these askings answers no others."""
        with self._handing:
            self.is_over.set()
            self._record, self.is_over = None, Event()
            self._kept.clear()

    def record(self, envelope: Envelope) -> None:
        """Hand a reply to the recorder, if there is one; no other is handed over meanwhile."""
        with self._handing:
            if self._record is not None:
                self._record(envelope)

    def remember(self, envelopes: Iterable[Envelope]) -> None:
        """Keep each as the answer to one asking of the same."""
        with self._handing:
            for envelope in envelopes:
                self._kept[envelope.request.key].append(envelope)

    def taken(self, key: str) -> Envelope | None:
        """A kept answer to a request, which is then kept no longer."""
        with self._handing:
            kept = self._kept.get(key)
            return kept.popleft() if kept else None
