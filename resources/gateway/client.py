"""The practical loop of the API: log in state, session, priming, then asking, page by page.

Belongs here: the order of calls and which remedy each error gets. Does not: what replies mean (`wire.py`), when and
how a request is sent (`exchange.py`), the session (`keeper.py`), its first calls (`priming.py`), any dataset.

| remedy | errors | here |
|---|---|---|
| ask again | Unavailable, Garbled, a cold NoData | three tries, with growing and random pauses |
| initialise | SessionLost, NotPrimed | the session is brought up and primed again, then asked once more |
| wait | Waiting | raised: the work is parked until that has passed |
| nothing there | NoData | raised: an answer, of which the dataset makes what is right for it |
| never again | Refused | raised, and remembered for the retries of the run |

Every reply of `ask` goes to the recorder before it is deciphered, the failed ones too, one at a time. Time is the
gateway's: `now` is the `Date` header of its last reply. Of several threads that ask, and find the session lost
together, one brings it up while the others wait.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from resources.envelope import Envelope, Request
from resources.gateway.allowed import Tier
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import (
    Competing,
    Garbled,
    GatewayError,
    LoginRequired,
    NotReady,
    Refused,
    SessionLost,
    Unavailable,
)
from resources.gateway.exchange import Exchange, Tally
from resources.gateway.keeper import PATIENCE, Keeper
from resources.gateway.pacing import Limit
from resources.gateway.persistence import persistently
from resources.gateway.priming import Priming
from resources.gateway.replies import Recorder, Replies
from resources.gateway.session import State
from resources.gateway.side_by_side import side_by_side

TEND_SECONDS = 5.0


class GatewayClient:
    """One login's session, used by one process.

    `refused` are requests that earlier tries of the run had refused, `limits` of this gateway alone, by path.
    """

    def __init__(
        self,
        exchange: Exchange,
        keeper: Keeper,
        *,
        refused: Iterable[str] = (),
        limits: Mapping[str, Limit] | None = None,
        tend_every: float = TEND_SECONDS,
    ) -> None:
        self.keeper = keeper
        self.exchange = exchange
        self._refused = set(refused)
        self._limits = limits or {}
        self._tend_every = tend_every
        self._replies = Replies()
        self._priming = Priming(exchange)
        self._open: set[Tier] = set()
        self._openings = -1
        self._times_opened = 0
        self._mending = threading.RLock()  # the session is looked after by one thread at a time
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
            self._look_for_the_time()
        assert self.exchange.now is not None
        return self.exchange.now

    def account_ids(self) -> tuple[str, ...]:
        """Every account the login can see, without the pseudo-account `All`."""
        self.open()
        return self._priming.account_ids

    def ask(
        self, endpoint: Endpoint, /, *, query: Any = None, body: Any = None, counted_as: str = "", **params: Any
    ) -> Page:
        """One good reply; each error gets its remedy first, and is raised when that did not help.

        `counted_as` names what the endpoint's limit is counted apart for, `called` (of `params`) the question itself.
        """
        self.open(endpoint.tier)
        request = endpoint.request(query=query, body=body, **params)
        envelope = self._priming.listed.pop(request.key, None) or self._replies.taken(request.key)
        if envelope is not None:
            self._replies.record(envelope)
            return Page(endpoint, envelope)
        if request.key in self._refused:
            raise Refused(f"{request}: refused before in this run. Asking again changes nothing, so it was not asked.")
        name = f"{endpoint} {counted_as}".strip()
        try:
            return persistently(
                lambda: self._ask_in_session(endpoint, request, name),
                sleep=self.exchange.clock.sleep,
                cold_tries=endpoint.cold_tries,
            )
        except Refused:
            self._refused.add(request.key)
            raise
        except (Unavailable, Garbled, SessionLost) as error:
            self._raise_if_waiting(endpoint.tier, error)
            raise

    def pages(self, endpoint: Endpoint, /, *, query: Any = None, **params: Any) -> Iterator[Page]:
        """Every page of a paged endpoint, in order, as they arrive."""
        return endpoint.paging(lambda query=query, **page: self.ask(endpoint, query=query, **params, **page))

    def side_by_side(self, endpoint: Endpoint, tasks: Iterable[Iterator[Page]]) -> Iterator[Page]:
        """The pages of tasks that ask `endpoint`, as many of them at once as it allows; each task's in its order."""
        return side_by_side(tasks, at_once=endpoint.concurrent or 1, is_over=self._replies.is_over.is_set)

    @contextmanager
    def recording(
        self, record: Recorder, *, purpose: str = "", tell: Callable[[str], None] | None = None
    ) -> Iterator[None]:
        """While the block runs, hand every reply of `ask` to `record`, and to `tell` what was waited for at length."""
        self.exchange.budget.tell, self.exchange.purpose = tell, purpose
        self._replies.begin(record)
        try:
            yield
        finally:
            self._replies.end()
            self.exchange.budget.tell, self.exchange.purpose = None, ""

    def remember(self, envelopes: Iterable[Envelope]) -> None:
        """Good replies that landed before: each is the answer to one asking of the same, instead of a new one."""
        self._replies.remember(envelopes)

    def open(self, tier: Tier = Tier.LOGIN) -> None:
        """Have what a tier needs: status, initialise when needed, prime accounts, select one, keep alive.

        Where a login is enough the brokerage session is brought up too if it can be (it makes P&L complete), and done
        without if not.
        """
        with self._mending:
            self._forget_if_begun_anew()
            if tier in self._open:
                return
            opening = self._open_brokerage if tier is Tier.BROKERAGE else self._open_login
            persistently(opening, sleep=self.exchange.clock.sleep)
            self._times_opened += 1
            if self._tender is None:
                self._tender = threading.Thread(target=self._tend, name="keeper", daemon=True)
                self._tender.start()

    def close(self) -> None:
        """Stop keeping and drop the connections; the login stays."""
        self._closing.set()
        if self._tender is not None:
            self._tender.join(timeout=5)
        self.exchange.close()

    def _look_for_the_time(self) -> None:
        for pause in (*PATIENCE[:2], None):
            session = self.keeper.look()
            if self.exchange.now is not None:
                return
            if pause is None or session.state is not State.MAINTENANCE:
                raise self.keeper.waiting(session)
            self.exchange.clock.sleep(pause)

    def _open_brokerage(self) -> None:
        self.keeper.bring_up(lambda: self._prime(with_brokerage=True))
        self._open.update(Tier)

    def _open_login(self) -> None:
        try:
            return self._open_brokerage()
        except (NotReady, Competing):
            session = self.keeper.known().session
            if not session.state.serves(Tier.LOGIN):
                raise
        for pause in (*PATIENCE, None):
            if self._prime(with_brokerage=False):
                self._open.add(Tier.LOGIN)
                return None
            if pause is not None:
                self.exchange.clock.sleep(pause)
        raise NotReady("Opening the session: the gateway listed no account. Look at its page in a browser.")

    def _ask_in_session(self, endpoint: Endpoint, request: Request, name: str) -> Page:
        times_opened = self._times_opened
        try:
            return self._page(endpoint, request, name)
        except (SessionLost, LoginRequired) as error:
            self._forget_if_lost(endpoint.tier, error, times_opened=times_opened)
        self.open(endpoint.tier)
        try:
            return self._page(endpoint, request, name)
        except LoginRequired as error:
            self._raise_if_waiting(endpoint.tier, error)
            raise Refused(
                f"{request}: answered as if nobody were logged in, while somebody is. This login may not ask it."
            ) from error

    def _forget_if_lost(self, tier: Tier, error: GatewayError, *, times_opened: int) -> None:
        """Have the session opened anew, unless another thread did so since the request was made."""
        with self._mending:
            if self._times_opened != times_opened:
                return
            self._open.discard(tier)
            if isinstance(error, LoginRequired):  # also what some endpoints answer that were not primed
                self._open.clear()
                self._raise_if_waiting(tier, error)

    def _raise_if_waiting(self, tier: Tier, error: GatewayError) -> None:
        """Look at the session; when it is the reason for the error, that is what is waited for."""
        session = self.keeper.look()
        if not session.state.serves(tier):
            raise self.keeper.waiting(session) from error

    def _page(self, endpoint: Endpoint, request: Request, name: str) -> Page:
        limit = self._limits.get(endpoint.path, endpoint.limit)
        envelope = self.exchange.send(request, name=name, limit=limit, concurrent=endpoint.concurrent)
        self._replies.record(envelope)
        return self.exchange.read(endpoint, envelope)

    def _prime(self, *, with_brokerage: bool) -> bool:
        self._forget_if_begun_anew()
        return self._priming.prime(with_brokerage=with_brokerage)

    def _forget_if_begun_anew(self) -> None:
        """A session that any process initialised, and a new login, want priming again."""
        openings = self.keeper.known().openings
        if openings != self._openings:
            self._open.clear()
            self._openings = openings

    def _tend(self) -> None:
        while not self._closing.wait(self._tend_every):
            try:
                self.keeper.tend()
            except (GatewayError, OSError):  # the next request finds out, and applies the remedy
                continue
