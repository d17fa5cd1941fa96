"""The practical loop of the API: log in state, session, priming, then asking, page by page.

Belongs here: the order of calls and which remedy each error gets. Does not: what replies mean
(`wire.py`), when and how a request is sent (`exchange.py`), any dataset.

Every reply of `ask` goes to the recorder before it is deciphered, the failed ones too. Time is the
gateway's: `now` is the `Date` header of its last reply.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

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
from resources.gateway.exchange import Exchange, Tally
from resources.gateway.pacing import Limit
from resources.gateway.session import Step, read_status
from resources.gateway.wire import LOG_IN, decipher, is_good

STATUS = Endpoint("/iserver/auth/status", method="POST")
INITIALISE = Endpoint("/iserver/auth/ssodh/init", method="POST")
REAUTHENTICATE = Endpoint("/iserver/reauthenticate", method="POST")
TICKLE = Endpoint("/tickle", method="POST", limit=Limit(1, 1.0))
BROKERAGE_ACCOUNTS = Endpoint("/iserver/accounts")
PORTFOLIO_ACCOUNTS = Endpoint("/portfolio/accounts", limit=Limit(1, 5.0))
SELECT_ACCOUNT = Endpoint("/iserver/account", method="POST")

TICKLE_SECONDS = 55.0
CLOCK_SLACK = 60.0
TRIES = 3
T = TypeVar("T")
Recorder = Callable[[Envelope], None]


class GatewayClient:
    """One login's session, used by one process."""

    def __init__(self, exchange: Exchange, *, tickle_every: float = TICKLE_SECONDS) -> None:
        self._exchange = exchange
        self._tickle_every = tickle_every
        self._record: Recorder | None = None
        self._kept: dict[str, Envelope] = {}
        self._account_ids: tuple[str, ...] = ()
        self._is_open = False
        self._closing = threading.Event()
        self._tickler: threading.Thread | None = None

    @property
    def tally(self) -> Tally:
        """What talking to the gateway cost so far."""
        return self._exchange.tally

    @property
    def is_simulator(self) -> bool:
        """Whether the gateway said that it is a simulator."""
        return self._exchange.is_simulator

    @property
    def now(self) -> datetime:
        """The gateway's time, UTC, as of its last reply."""
        if self._exchange.now is None:
            self._persistently(lambda: self._call(STATUS.request()))
        assert self._exchange.now is not None
        return self._exchange.now

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
        name = f"{endpoint} {counted_as}".strip()
        return self._persistently(lambda: self._ask_in_session(endpoint, request, name), tries=endpoint.cold_tries)

    def pages(self, endpoint: Endpoint, /, *, query: Any = None, **params: Any) -> Iterator[Page]:
        """Every page of a paged endpoint, in order, as they arrive."""
        return endpoint.paging(lambda **page: self.ask(endpoint, query=query, **params, **page))

    @contextmanager
    def recording(self, record: Recorder, *, tell: Callable[[str], None] | None = None) -> Iterator[None]:
        """While the block runs, hand every reply of `ask` to `record`, and to `tell` what it waits for at length."""
        self._record, self._exchange.tell = record, tell
        try:
            yield
        finally:
            self._record = self._exchange.tell = None

    def remember(self, endpoint: Endpoint, envelope: Envelope) -> None:
        """Count an earlier run's call against the endpoint's limit; while that lasts, a good reply is the answer.

        Asking again sooner would be a 429, and lock the login out.
        """
        age = (self.now - envelope.received_at).total_seconds()
        if endpoint.limit is None or not -CLOCK_SLACK <= age < endpoint.limit.gap:
            return
        self._exchange.sent_before(str(endpoint), seconds_ago=max(age, 0.0))
        if is_good(envelope):
            self._kept[envelope.request.key] = envelope

    def open(self) -> None:
        """Bring the session up: status, initialise when needed, prime accounts, select one, keep alive."""
        if self._is_open:
            return
        self._persistently(self._bring_up)
        self._is_open = True
        if self._tickler is None:
            self._tickler = threading.Thread(target=self._keep_alive, name="tickle", daemon=True)
            self._tickler.start()

    def close(self) -> None:
        """Stop the tickle and the connections; the login stays."""
        self._closing.set()
        if self._tickler is not None:
            self._tickler.join(timeout=5)
        self._exchange.close()

    def _persistently(self, do: Callable[[], T], *, tries: int = 1) -> T:
        """Do it again while that may help; `tries` above one says that "no data" may be a cold cache."""
        retrying = Retrying(
            retry=retry_if_exception(lambda error: _is_worth_asking_again(error, tries)),
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            sleep=self._exchange.sleep,
            reraise=True,
        )
        return retrying(do)

    def _ask_in_session(self, endpoint: Endpoint, request: Request, name: str) -> Page:
        try:
            return self._page(endpoint, request, name)
        except SessionLost:
            self._bring_up()
            self._kept.clear()
            return self._page(endpoint, request, name)

    def _page(self, endpoint: Endpoint, request: Request, name: str) -> Page:
        envelope = self._exchange.send(request, name=name, limit=endpoint.limit)
        self._keep(envelope)
        page = Page(endpoint, envelope)
        _ = page.json
        return page

    def _keep(self, envelope: Envelope) -> None:
        if self._record is not None:
            self._record(envelope)

    def _call(self, request: Request, limit: Limit | None = None) -> Any:
        envelope = self._exchange.send(request, name=f"{request.method} {request.path}", limit=limit)
        return decipher(request, envelope.status, envelope.body)

    def _bring_up(self) -> None:
        for seconds in (0.5, 1.0, 2.0, 4.0, 8.0, 0.0):
            match read_status(self._call(STATUS.request())).next_step:
                case Step.GO if self._is_primed():
                    return
                case Step.COMPETING:
                    raise Competing(
                        "Opening the session: the same username is in use elsewhere (TWS, mobile or web). "
                        "Log out there, then run again; nobody was thrown out."
                    )
                case Step.INITIALISE:
                    self._initialise()
            self._exchange.sleep(seconds)
        raise LoginRequired(
            f"Opening the session: it was initialised, but never became ready, or listed no account. {LOG_IN}"
        )

    def _initialise(self) -> None:
        try:
            self._call(INITIALISE.request(body={"publish": True, "compete": False}))
        except (LoginRequired, Untrusted, Unreachable, Throttled):
            raise
        except GatewayError:  # gateways before ssodh/init know only this
            self._call(REAUTHENTICATE.request())

    def _is_primed(self) -> bool:
        """`/iserver` and `/portfolio` each want their account list asked for first, in every session."""
        try:
            brokerage = self._call(BROKERAGE_ACCOUNTS.request())
        except SessionLost:  # authenticated, but the bridge is still being built
            return False
        request = PORTFOLIO_ACCOUNTS.request()
        envelope = self._exchange.send(request, name=str(PORTFOLIO_ACCOUNTS), limit=PORTFOLIO_ACCOUNTS.limit)
        self._account_ids = _ids_in(decipher(request, envelope.status, envelope.body))
        if not self._account_ids:  # a cache that is still cold: a login sees one account at least
            return False
        self._kept[request.key] = envelope
        selected = brokerage.get("selectedAccount") if isinstance(brokerage, dict) else None
        if selected not in self._account_ids:
            self._select(self._account_ids[0])
        return True

    def _select(self, account_id: str) -> None:
        try:
            self._call(SELECT_ACCOUNT.request(body={"acctId": account_id}))
        except Unavailable as error:
            if "already set" not in str(error):  # seen as a 500; it is what was wanted
                raise

    def _keep_alive(self) -> None:
        while not self._closing.wait(self._tickle_every):
            try:
                self._call(TICKLE.request(), limit=TICKLE.limit)
            except GatewayError:  # the next request finds out, and applies the remedy
                continue


def _is_worth_asking_again(error: BaseException, cold_tries: int) -> bool:
    if isinstance(error, NoData):
        return cold_tries > 1
    if isinstance(error, Unreachable | Throttled):
        return False
    return isinstance(error, Unavailable | Garbled)


def _ids_in(accounts: Any) -> tuple[str, ...]:
    if not isinstance(accounts, list):
        raise Garbled(f"GET /portfolio/accounts: a list was due, {str(accounts)[:120]!r} came. Is this a gateway?")
    ids = (row.get("accountId") or row.get("id") for row in accounts if isinstance(row, dict))
    return tuple(one for one in ids if isinstance(one, str) and one and one != "All")
