"""The practical loop of the API: log in state, session, priming, then asking, page by page.

Belongs here: the order of calls and which remedy each error gets. Does not: what replies mean
(`wire.py`), when a send is allowed (`pacing.py`), sockets (`transport.py`), any dataset.

Every reply of `ask` goes to the recorder before it is deciphered, the failed ones too. Time is the
gateway's: `now` is the `Date` header of its last reply.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from resources.envelope import Envelope, Request
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import (
    Competing,
    Garbled,
    GatewayError,
    LoginRequired,
    NoData,
    SessionLost,
    Throttled,
    Unavailable,
    Unreachable,
    Untrusted,
)
from resources.gateway.pacing import Limit, Pace
from resources.gateway.session import Status, Step, read_status
from resources.gateway.transport import Transport
from resources.gateway.wire import LOG_IN, decipher, is_good

STATUS = Endpoint("/iserver/auth/status", method="POST")
INITIALISE = Endpoint("/iserver/auth/ssodh/init", method="POST")
REAUTHENTICATE = Endpoint("/iserver/reauthenticate", method="POST")
TICKLE = Endpoint("/tickle", method="POST", limit=Limit(1, 1.0))
BROKERAGE_ACCOUNTS = Endpoint("/iserver/accounts")
PORTFOLIO_ACCOUNTS = Endpoint("/portfolio/accounts", limit=Limit(1, 5.0))
SELECT_ACCOUNT = Endpoint("/iserver/account", method="POST")

TICKLE_SECONDS = 55.0
SIMULATOR_HEADER = "X-Simulator"
CLOCK_SLACK = 60.0
SECRET_HEADERS = frozenset({"set-cookie"})
TRIES = 3
Recorder = Callable[[Envelope], None]


@dataclass
class Tally:
    """What talking to the gateway cost so far."""

    requests: int = 0
    bytes: int = 0
    waited_seconds: float = 0.0
    waits: dict[str, float] = field(default_factory=dict)


class GatewayClient:
    """One login's session, used by one process. `clock` is monotonic seconds; `sleep` waits them."""

    def __init__(
        self, transport: Transport, *, run_id: str, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self.tally = Tally()
        self.is_simulator = False
        self._transport = transport
        self._run_id = run_id
        self._clock = clock
        self._sleep = sleep
        self._pace = Pace()
        self._gate = threading.Lock()
        self._now: datetime | None = None
        self._record: Recorder | None = None
        self._kept: dict[str, Envelope] = {}
        self._account_ids: tuple[str, ...] = ()
        self._is_open = False
        self._closing = threading.Event()
        self._tickler: threading.Thread | None = None

    @property
    def now(self) -> datetime:
        """The gateway's time, UTC, as of its last reply."""
        if self._now is None:
            self._call(STATUS.request())
        assert self._now is not None
        return self._now

    def account_ids(self) -> tuple[str, ...]:
        """Every account the login can see, without the pseudo-account `All`."""
        self.open()
        return self._account_ids

    def ask(
        self, endpoint: Endpoint, /, *, query: Any = None, body: Any = None, counted_as: str = "", **params: Any
    ) -> Page:
        """One good reply; each error gets its remedy first, and is raised when that did not help.

        `counted_as` keeps the endpoint's limit apart for what it names, where a gateway counts so.
        """
        self.open()
        request = endpoint.request(query=query, body=body, **params)
        envelope = self._kept.pop(request.key, None)
        if envelope is not None:
            self._keep(envelope)
            return Page(endpoint, envelope)
        for attempt in Retrying(
            retry=retry_if_exception(lambda error: _is_worth_asking_again(error, endpoint)),
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            sleep=self._sleep,
            reraise=True,
        ):
            with attempt:
                return self._ask_in_session(endpoint, request, f"{endpoint} {counted_as}".strip())
        raise AssertionError("unreachable: tenacity re-raises")

    def pages(self, endpoint: Endpoint, /, *, query: Any = None, **params: Any) -> Iterator[Page]:
        """Every page of a paged endpoint, in order, as they arrive."""
        return endpoint.paging(lambda **page: self.ask(endpoint, query=query, **params, **page))

    @contextmanager
    def recording(self, record: Recorder) -> Iterator[None]:
        """Hand every reply of `ask` to `record` while the block runs."""
        self._record = record
        try:
            yield
        finally:
            self._record = None

    def remember(self, endpoint: Endpoint, envelope: Envelope) -> None:
        """Count an earlier run's call against the endpoint's limit; while that lasts, a good reply is the answer.

        Asking again sooner would be a 429, and lock the login out.
        """
        age = (self.now - envelope.received_at).total_seconds()
        if endpoint.limit is None or not -CLOCK_SLACK <= age < endpoint.limit.gap:
            return
        self._pace.last_sent[str(endpoint)] = self._clock() - max(age, 0.0)
        if is_good(envelope):
            self._kept[envelope.request.key] = envelope

    def open(self) -> None:
        """Bring the session up: status, initialise when needed, prime accounts, select one, keep alive."""
        if self._is_open:
            return
        self._bring_up()
        self._is_open = True
        if self._tickler is None:
            self._tickler = threading.Thread(target=self._keep_alive, name="tickle", daemon=True)
            self._tickler.start()

    def close(self) -> None:
        """Stop the tickle and the connections; the login stays."""
        self._closing.set()
        if self._tickler is not None:
            self._tickler.join(timeout=5)
        self._transport.close()

    def _ask_in_session(self, endpoint: Endpoint, request: Request, name: str) -> Page:
        try:
            return self._page(endpoint, request, name)
        except SessionLost:
            self._bring_up()
            self._kept.clear()
            return self._page(endpoint, request, name)

    def _page(self, endpoint: Endpoint, request: Request, name: str) -> Page:
        envelope = self._exchange(request, name=name, limit=endpoint.limit)
        self._keep(envelope)
        page = Page(endpoint, envelope)
        _ = page.json
        return page

    def _keep(self, envelope: Envelope) -> None:
        if self._record is not None:
            self._record(envelope)

    def _exchange(self, request: Request, *, name: str, limit: Limit | None = None) -> Envelope:
        with self._gate:
            seconds, reason = self._pace.wait(name, limit, now=self._clock())
            if seconds > 0:
                self._sleep(seconds)
                self.tally.waited_seconds += seconds
                self.tally.waits[reason] = self.tally.waits.get(reason, 0.0) + seconds
            self._pace.sent(name, now=self._clock())
            self.tally.requests += 1
        reply = self._transport.send(request)
        self.tally.bytes += len(reply.body)
        self.is_simulator = self.is_simulator or SIMULATOR_HEADER in reply.headers
        self._now = _date_of(reply.headers)
        headers = {name: value for name, value in reply.headers.items() if name.lower() not in SECRET_HEADERS}
        return Envelope(request, reply.status, headers, reply.body, self._now, self._run_id)

    def _call(self, request: Request, limit: Limit | None = None) -> Any:
        envelope = self._exchange(request, name=f"{request.method} {request.path}", limit=limit)
        return decipher(request, envelope.status, envelope.body)

    def _bring_up(self) -> None:
        for seconds in (0.5, 1.0, 2.0, 4.0, 8.0, 0.0):
            status = self._status()
            match status.next_step:
                case Step.GO:
                    return self._prime()
                case Step.COMPETING:
                    raise Competing(
                        "Opening the session: the same username is in use elsewhere (TWS, mobile or web). "
                        "Log out there, then run again; nobody was thrown out."
                    )
                case Step.INITIALISE:
                    self._initialise()
            self._sleep(seconds)
        raise LoginRequired(f"Opening the session: it was initialised, but never became ready. {LOG_IN}")

    def _status(self) -> Status:
        return read_status(self._call(STATUS.request()))

    def _initialise(self) -> None:
        try:
            self._call(INITIALISE.request(body={"publish": True, "compete": False}))
        except (LoginRequired, Untrusted, Unreachable, Throttled):
            raise
        except GatewayError:  # gateways before ssodh/init know only this
            self._call(REAUTHENTICATE.request())

    def _prime(self) -> None:
        """`/iserver` and `/portfolio` each want their account list asked for first, in every session."""
        brokerage = self._call(BROKERAGE_ACCOUNTS.request())
        request = PORTFOLIO_ACCOUNTS.request()
        envelope = self._exchange(request, name=str(PORTFOLIO_ACCOUNTS), limit=PORTFOLIO_ACCOUNTS.limit)
        accounts = decipher(request, envelope.status, envelope.body)
        self._kept[request.key] = envelope
        self._account_ids = _ids_in(accounts)
        selected = brokerage.get("selectedAccount") if isinstance(brokerage, dict) else None
        if self._account_ids and selected not in self._account_ids:
            self._call(SELECT_ACCOUNT.request(body={"acctId": self._account_ids[0]}))

    def _keep_alive(self) -> None:
        while not self._closing.wait(TICKLE_SECONDS):
            try:
                self._call(TICKLE.request(), limit=TICKLE.limit)
            except GatewayError:  # the next request finds out, and applies the remedy
                continue


def _is_worth_asking_again(error: BaseException, endpoint: Endpoint) -> bool:
    if isinstance(error, NoData):
        return endpoint.cold_tries > 1
    if isinstance(error, Unreachable | Throttled):
        return False
    return isinstance(error, Unavailable | Garbled)


def _ids_in(accounts: Any) -> tuple[str, ...]:
    if not isinstance(accounts, list):
        raise Garbled(f"GET /portfolio/accounts: a list was due, {str(accounts)[:120]!r} came. Is this a gateway?")
    ids = (row.get("accountId") or row.get("id") for row in accounts if isinstance(row, dict))
    return tuple(one for one in ids if isinstance(one, str) and one and one != "All")


def _date_of(headers: Any) -> datetime:
    """The reply's `Date`; a gateway that tells none (a bare proxy) is taken to share our time."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.now(UTC).replace(microsecond=0)
