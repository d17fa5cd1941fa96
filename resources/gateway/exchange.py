"""One paced exchange with the gateway: wait for the turn, send, keep what came back as an envelope.

Belongs here: the gate that every request of this process passes, the tally of what it cost, the
gateway's own time. Does not: what replies mean, sessions, retries (`client.py`).

The gate is held while waiting and stamped on the actual send: requests that merely had a slot bunch
up after a stall, and broke a sliding window for one request in two when tried. A long wait, for a limit
of minutes, is made outside the gate, or the tickle that keeps the session alive would wait behind it;
and it is told, since nobody sits before a terminal that is silent for a quarter of an hour.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from resources.envelope import Envelope, Request
from resources.gateway.pacing import Limit, Pace
from resources.gateway.transport import Transport

SIMULATOR_HEADER = "X-Simulator"
SECRET_HEADERS = frozenset({"set-cookie"})
LONG_SECONDS = 10.0


@dataclass
class Tally:
    """What talking to the gateway cost so far."""

    requests: int = 0
    bytes: int = 0
    waited_seconds: float = 0.0
    waits: dict[str, float] = field(default_factory=dict)


class Exchange:
    """Sends requests, paced. `clock` is monotonic seconds; `sleep` waits them."""

    def __init__(
        self, transport: Transport, *, run_id: str, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self.tally = Tally()
        self.is_simulator = False
        self.now: datetime | None = None
        self.sleep = sleep
        self.tell: Callable[[str], None] | None = None
        self._transport = transport
        self._run_id = run_id
        self._clock = clock
        self._pace = Pace()
        self._gate = threading.Lock()

    def send(self, request: Request, *, name: str, limit: Limit | None = None) -> Envelope:
        """Send once its turn has come under `limit`, counted under `name`; any reply is an envelope."""
        self._take_turn(name, limit)
        reply = self._transport.send(request)
        self.tally.bytes += len(reply.body)
        self.is_simulator = self.is_simulator or SIMULATOR_HEADER in reply.headers
        self.now = _date_of(reply.headers)
        headers = {name: value for name, value in reply.headers.items() if name.lower() not in SECRET_HEADERS}
        return Envelope(request, reply.status, headers, reply.body, self.now, self._run_id)

    def sent_before(self, name: str, *, seconds_ago: float) -> None:
        """Count a send of an earlier run under `name`."""
        self._pace.last_sent[name] = self._clock() - seconds_ago

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _take_turn(self, name: str, limit: Limit | None) -> None:
        while True:
            with self._gate:
                seconds, reason = self._pace.wait(name, limit, now=self._clock())
                if seconds < LONG_SECONDS:
                    self._wait(seconds, reason)
                    self._pace.sent(name, now=self._clock())
                    self.tally.requests += 1
                    return
            if self.tell is not None:
                self.tell(f"{reason}: waiting {seconds / 60:.1f} minutes for the next")
            self._wait(seconds, reason)

    def _wait(self, seconds: float, reason: str) -> None:
        if seconds > 0:
            self.sleep(seconds)
            self.tally.waited_seconds += seconds
            self.tally.waits[reason] = self.tally.waits.get(reason, 0.0) + seconds


def _date_of(headers: Mapping[str, str]) -> datetime:
    """The reply's `Date`; a gateway that tells none (a bare proxy) is taken to share our time."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.now(UTC).replace(microsecond=0)
