"""The practical loop of the API: log in state, session, priming, then asking, page by page.

Belongs here: the order of calls and which remedy each error gets. Does not: what replies mean
(`wire.py`), when and how a request is sent (`exchange.py`), the session itself (`keeper.py`), any dataset.

| remedy | errors | here |
|---|---|---|
| ask again | Unavailable, Garbled, a cold NoData | three tries, with growing and random pauses |
| initialise | SessionLost, NotPrimed | the session is brought up and primed again, then asked once more |
| wait | Waiting | raised: the work is parked until that has passed |
| nothing there | NoData | raised: an answer, of which the dataset makes what is right for it |
| never again | Refused | raised, and remembered for the retries of the run |

Every reply of `ask` goes to the recorder before it is deciphered, the failed ones too. Time is the
gateway's: `now` is the `Date` header of its last reply.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from resources.envelope import Envelope, Request
from resources.gateway.allowed import Tier
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import (
    Competing,
    Garbled,
    GatewayError,
    LoginRequired,
    NoData,
    NotReady,
    Refused,
    SessionLost,
    Unavailable,
)
from resources.gateway.exchange import Exchange, Tally
from resources.gateway.keeper import PATIENCE, Keeper
from resources.gateway.pacing import Limit
from resources.gateway.wire import decipher

BROKERAGE_ACCOUNTS = Endpoint("/iserver/accounts")
PORTFOLIO_ACCOUNTS = Endpoint("/portfolio/accounts", limit=Limit(1, 5.0))
SELECT_ACCOUNT = Endpoint("/iserver/account", method="POST")

TEND_SECONDS = 5.0
TRIES = 3
T = TypeVar("T")
Recorder = Callable[[Envelope], None]


class GatewayClient:
    """One login's session, used by one process. `refused` are requests that earlier tries of the run had refused."""

    def __init__(
        self,
        exchange: Exchange,
        keeper: Keeper,
        *,
        refused: Iterable[str] = (),
        tend_every: float = TEND_SECONDS,
    ) -> None:
        self.keeper = keeper
        self.exchange = exchange
        self._refused = set(refused)
        self._tend_every = tend_every
        self._record: Recorder | None = None
        self._kept: dict[str, deque[Envelope]] = defaultdict(deque)
        self._primed: Envelope | None = None
        self._account_ids: tuple[str, ...] = ()
        self._open: set[Tier] = set()
        self._closing = threading.Event()
        self._tender: threading.Thread | None = None

    @property
    def tally(self) -> Tally:
        """What talking to the gateway cost so far."""
        return self.exchange.tally

    @property
    def is_simulator(self) -> bool:
        """Whether the gateway said that it is a simulator."""
        return self.exchange.is_simulator

    @property
    def now(self) -> datetime:
        """The gateway's time, UTC, as of its last reply; any reply tells it, that nobody is logged in too."""
        if self.exchange.now is None:
            session = self.keeper.look()
            if self.exchange.now is None:
                raise self.keeper.waiting(session)
        return self.exchange.now

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
        self.open(endpoint.tier)
        request = endpoint.request(query=query, body=body, **params)
        envelope = self._kept_reply(request)
        if envelope is not None:
            self._keep(envelope)
            return Page(endpoint, envelope)
        if request.key in self._refused:
            raise Refused(f"{request}: refused before in this run. Asking again changes nothing, so it was not asked.")
        name = f"{endpoint} {counted_as}".strip()
        try:
            return self._persistently(lambda: self._ask_in_session(endpoint, request, name), tries=endpoint.cold_tries)
        except Refused:
            self._refused.add(request.key)
            raise
        except Unavailable as error:
            session = self.keeper.look()
            if session.state.serves(endpoint.tier):
                raise
            raise self.keeper.waiting(session) from error

    def pages(self, endpoint: Endpoint, /, *, query: Any = None, **params: Any) -> Iterator[Page]:
        """Every page of a paged endpoint, in order, as they arrive."""
        return endpoint.paging(lambda **page: self.ask(endpoint, query=query, **params, **page))

    @contextmanager
    def recording(
        self, record: Recorder, *, purpose: str = "", tell: Callable[[str], None] | None = None
    ) -> Iterator[None]:
        """While the block runs, hand every reply of `ask` to `record`, and to `tell` what was waited for at length."""
        self._record, self.exchange.tell, self.exchange.purpose = record, tell, purpose
        try:
            yield
        finally:
            self._record, self.exchange.tell, self.exchange.purpose = None, None, ""
            self._kept.clear()

    def remember(self, envelopes: Iterable[Envelope]) -> None:
        """Good replies that landed before: each is the answer to one asking of the same, instead of a new one."""
        for envelope in envelopes:
            self._kept[envelope.request.key].append(envelope)

    def open(self, tier: Tier = Tier.LOGIN) -> None:
        """Have what a tier needs: status, initialise when needed, prime accounts, select one, keep alive.

        Where a login is enough the brokerage session is brought up too if it can be (it makes P&L complete), and done
        without if not.
        """
        if tier in self._open:
            return
        self._persistently(self._open_brokerage if tier is Tier.BROKERAGE else self._open_login)
        if self._tender is None:
            self._tender = threading.Thread(target=self._tend, name="keeper", daemon=True)
            self._tender.start()

    def close(self) -> None:
        """Stop keeping and drop the connections; the login stays."""
        self._closing.set()
        if self._tender is not None:
            self._tender.join(timeout=5)
        self.exchange.close()

    def _persistently(self, do: Callable[[], T], *, tries: int = 1) -> T:
        """Do it again while that may help; `tries` above one says that "no data" may be a cold cache."""
        retrying = Retrying(
            retry=retry_if_exception(lambda error: _is_worth_asking_again(error, tries)),
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            sleep=self.exchange.clock.sleep,
            reraise=True,
        )
        return retrying(do)

    def _open_brokerage(self) -> None:
        self.keeper.bring_up(lambda: self._prime(with_brokerage=True))
        self._open = {Tier.LOGIN, Tier.BROKERAGE}

    def _open_login(self) -> None:
        try:
            return self._open_brokerage()
        except (NotReady, Competing):
            session = self.keeper.known().session
            if not session.state.serves(Tier.LOGIN):
                raise
        for pause in (*PATIENCE, None):
            if self._prime(with_brokerage=False):
                self._open = {Tier.LOGIN}
                return None
            if pause is not None:
                self.exchange.clock.sleep(pause)
        raise NotReady("Opening the session: the gateway listed no account. Look at its page in a browser.")

    def _ask_in_session(self, endpoint: Endpoint, request: Request, name: str) -> Page:
        try:
            return self._page(endpoint, request, name)
        except SessionLost:
            pass
        except LoginRequired:  # also what some endpoints answer that were not primed
            session = self.keeper.look()
            if not session.state.serves(endpoint.tier):
                raise self.keeper.waiting(session) from None
        self._open.clear()
        self.open(endpoint.tier)
        return self._page(endpoint, request, name)

    def _page(self, endpoint: Endpoint, request: Request, name: str) -> Page:
        envelope = self.exchange.send(request, name=name, limit=endpoint.limit, concurrent=endpoint.concurrent)
        self._keep(envelope)
        page = Page(endpoint, envelope)
        _ = page.json
        return page

    def _kept_reply(self, request: Request) -> Envelope | None:
        if self._primed is not None and self._primed.request.key == request.key:
            primed, self._primed = self._primed, None
            return primed
        kept = self._kept.get(request.key)
        return kept.popleft() if kept else None

    def _keep(self, envelope: Envelope) -> None:
        if self._record is not None:
            self._record(envelope)

    def _call(self, endpoint: Endpoint, body: Any = None) -> tuple[Any, Envelope]:
        request = endpoint.request(body=body)
        envelope = self.exchange.send(request, name=str(endpoint), limit=endpoint.limit, purpose="session")
        return decipher(request, envelope.status, envelope.body), envelope

    def _prime(self, *, with_brokerage: bool) -> bool:
        """`/iserver` and `/portfolio` each want their account list asked for first, in every session."""
        try:
            brokerage = self._call(BROKERAGE_ACCOUNTS)[0] if with_brokerage else None
        except SessionLost:  # authenticated, but the bridge is still being built
            return False
        accounts, envelope = self._call(PORTFOLIO_ACCOUNTS)
        self._account_ids = _ids_in(accounts)
        if not self._account_ids:  # a cache that is still cold: a login sees one account at least
            return False
        self._primed = envelope
        selected = brokerage.get("selectedAccount") if isinstance(brokerage, dict) else None
        if with_brokerage and selected not in self._account_ids:
            self._select(self._account_ids[0])
        return True

    def _select(self, account_id: str) -> None:
        try:
            self._call(SELECT_ACCOUNT, body={"acctId": account_id})
        except Unavailable as error:
            if "already set" not in str(error):  # seen as a 500; it is what was wanted
                raise

    def _tend(self) -> None:
        while not self._closing.wait(self._tend_every):
            try:
                self.keeper.tend()
            except (GatewayError, OSError):  # the next request finds out, and applies the remedy
                continue


def _is_worth_asking_again(error: BaseException, cold_tries: int) -> bool:
    if isinstance(error, NoData):
        return cold_tries > 1
    return isinstance(error, Unavailable | Garbled)


def _ids_in(accounts: Any) -> tuple[str, ...]:
    if not isinstance(accounts, list):
        raise Garbled(f"GET /portfolio/accounts: a list was due, {str(accounts)[:120]!r} came. Is this a gateway?")
    ids = (row.get("accountId") or row.get("id") for row in accounts if isinstance(row, dict))
    return tuple(one for one in ids if isinstance(one, str) and one and one != "All")
