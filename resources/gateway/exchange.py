"""One paced exchange with the gateway: wait for the turn, send, keep what came back as an envelope.

Belongs here: the way that every request of this process takes, the tally and the record of it, the gateway's own
time. Does not: what replies mean, sessions, retries (`client.py`), whose turn it is (`budget.py`).

Every call is in the journal of calls twice: when it left and when it was answered, so that one which was under
way when its process was killed is there too. A long wait is told, since nobody sits before a silent terminal.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

from resources.envelope import Envelope, Request
from resources.gateway.budget import Budget, Turn
from resources.gateway.clock import Clock
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import GatewayError, Throttled
from resources.gateway.pacing import Limit
from resources.gateway.side_by_side import go_on
from resources.gateway.skew import skew
from resources.gateway.transport import Reply, Transport
from resources.gateway.wire import decipher
from resources.journal import Journal

SIMULATOR_HEADER = "X-Simulator"
SECRET_HEADERS = frozenset({"set-cookie"})
ANSWERED = "Answered"
SESSION = "session"  # the purpose of what a session wants asked for itself


@dataclass
class Tally:
    """What talking to the gateway cost so far.

    `necessary` are the requests that could not have been done without: one for each good answer that a dataset asked
    for, and what a session wants asked when it is opened. Those sent once more because an answer was none are not.
    `asked_again` are the necessary ones that repeat another of their dataset, as a rule of it demands.
    """

    requests: int = 0
    necessary: int = 0
    asked_again: int = 0
    bytes: int = 0
    waited_seconds: float = 0.0
    waits: dict[str, float] = field(default_factory=dict)
    answered: set[tuple[str, str]] = field(default_factory=set)

    @property
    def beyond_fewest(self) -> int:
        """The requests that a better night would have done without."""
        return self.requests - self.necessary

    def count(self, request: Request, *, purpose: str) -> None:
        """Count a good answer; what a session asks once more, such as whether it is up by now, was not necessary."""
        is_first = (purpose, request.key) not in self.answered
        self.answered.add((purpose, request.key))
        self.asked_again += not is_first and purpose != SESSION
        self.necessary += is_first or purpose != SESSION


class Exchange:
    """Sends requests, paced. `purpose` is the dataset they are for.

    `now` is the gateway's time as of its last reply, `ahead_seconds` by how much its clock is ahead of this machine's.
    """

    def __init__(self, transport: Transport, *, budget: Budget, clock: Clock, calls: Journal, run_id: str = "") -> None:
        self.tally = Tally()
        self.budget = budget
        self.clock = clock
        self.calls = calls
        self.run_id = run_id
        self.is_simulator = False
        self.now: datetime | None = None
        self.ahead_seconds: float | None = None
        self.purpose = ""
        self._transport = transport
        self._counting = threading.Lock()

    @property
    def base_url(self) -> str:
        """Where the gateway listens."""
        return self._transport.base_url

    @property
    def here(self) -> datetime:
        """The time by this machine's clock, UTC."""
        return self.clock.here

    def send(
        self,
        request: Request,
        *,
        name: str,
        limit: Limit | None = None,
        concurrent: int | None = None,
        purpose: str | None = None,
    ) -> Envelope:
        """Send once its turn has come under `limit`, counted under `name`; any reply is an envelope."""
        call_id = uuid4().hex
        go_on()
        with self.budget.turn(name, limit, concurrent=concurrent) as turn:
            go_on()
            left_at = self.here
            self._waited(turn)
            self._note_sent(call_id, request, turn, limit, counted_as=name, purpose=purpose or self.purpose)
            try:
                reply = self._transport.send(request, on_the_wire=turn.sent)
            except GatewayError as error:
                self._note_end(call_id, verdict=type(error).__name__)
                raise
        if reply.status == 429:
            self.budget.punish()
        return self._received(call_id, request, reply, left_at=left_at)

    def call(self, endpoint: Endpoint, body: Any = None, query: Mapping[str, Any] | None = None) -> Page:
        """Ask for what the session itself needs; raises what a bad reply stands for."""
        request = endpoint.request(query=query, body=body)
        envelope = self.send(request, name=str(endpoint), limit=endpoint.limit, purpose=SESSION)
        return self.read(endpoint, envelope, purpose=SESSION)

    def read(self, endpoint: Endpoint, envelope: Envelope, *, purpose: str | None = None) -> Page:
        """The page in a reply, if it is a good one. A 429 does not say for how long; the budget does."""
        page = Page(endpoint, envelope)
        try:
            _ = page.json
        except Throttled as error:
            penalty = self.budget.next_turn(str(endpoint), None)
            raise Throttled(str(error), until=self.here + timedelta(seconds=penalty.seconds)) from error
        with self._counting:
            self.tally.count(envelope.request, purpose=purpose or self.purpose)
        return page

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _waited(self, turn: Turn) -> None:
        with self._counting:  # the keeper's thread counts here too
            self.tally.requests += 1
            self.tally.waited_seconds += sum(turn.waits.values())
            for reason, seconds in turn.waits.items():
                self.tally.waits[reason] = self.tally.waits.get(reason, 0.0) + seconds

    def _received(self, call_id: str, request: Request, reply: Reply, *, left_at: datetime) -> Envelope:
        with self._counting:
            self.tally.bytes += len(reply.body)
        self.is_simulator = self.is_simulator or SIMULATOR_HEADER in reply.headers
        here = self.here
        now = _date_of(reply.headers) or here.replace(microsecond=0)
        self.now, self.ahead_seconds = now, -skew(now, received=here, sent=left_at).total_seconds()
        headers = {name: value for name, value in reply.headers.items() if name.lower() not in SECRET_HEADERS}
        envelope = Envelope(request, reply.status, headers, reply.body, now, self.run_id)
        self._note_end(call_id, verdict=_verdict(envelope), status=reply.status, bytes=len(reply.body))
        return envelope

    def _note_sent(self, call_id: str, request: Request, turn: Turn, limit: Limit | None, **why: str) -> None:
        record = {
            "id": call_id,
            "sent_at": self.here,
            "run_id": self.run_id,
            **why,
            "limit_seconds": None if limit is None else limit.seconds / limit.requests,
            "rank": self.budget.rank.name.lower(),
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "body": request.body,
            "waited_seconds": round(sum(turn.waits.values()), 3),
            "waited_for": max(turn.waits, key=lambda one: turn.waits[one], default=None),
        }
        self.calls.append(record, at=self.here)

    def _note_end(self, call_id: str, **facts: Any) -> None:
        answered_at = self.now if "status" in facts else None
        self.calls.append({"id": call_id, "ended_at": self.here, "answered_at": answered_at, **facts}, at=self.here)


def _verdict(envelope: Envelope) -> str:
    """`Answered`, or the name of the error that a reply stands for; a good one of many bytes is not parsed for it."""
    if envelope.status == 200 and envelope.body[:1] in {b"[", b"{"} and b'"error"' not in envelope.body:
        return ANSWERED
    try:
        decipher(envelope.request, envelope.status, envelope.body)
    except GatewayError as error:
        return type(error).__name__
    return ANSWERED


def _date_of(headers: Mapping[str, str]) -> datetime | None:
    """The reply's `Date`; None from a gateway that tells none (a bare proxy), taken to share our time."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None
