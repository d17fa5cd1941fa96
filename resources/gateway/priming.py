"""What every session wants asked first, before it answers anything else: the lists of accounts.

Belongs here: those calls, what they told, which account is selected. Does not: when a session needs them (`client.py`).

Of an adviser `/portfolio/accounts` is the top alone; the clients are subaccounts below it, whose list primes what
is asked of them. It is asked for where the brokerage side says that there are any, or where there is no brokerage
session to say so. Of the two lists of subaccounts it is the one in pages of 20, since that one tells how many there
are: the other ends at 100 without a word, and may be asked once in 5 s.
"""

from collections.abc import Sequence
from typing import Any

from resources.envelope import Envelope
from resources.gateway.endpoint import Endpoint, Page, Totalled
from resources.gateway.errors import Garbled, NoData, Refused, SessionLost, Unavailable
from resources.gateway.exchange import Exchange
from resources.gateway.pacing import Limit

BROKERAGE_ACCOUNTS = Endpoint("/iserver/accounts")
PORTFOLIO_ACCOUNTS = Endpoint("/portfolio/accounts", limit=Limit(1, 5.0))
BELOW = Totalled("subaccounts", size=20)
SUBACCOUNTS = Endpoint("/portfolio/subaccounts2", paging=BELOW)
SELECT_ACCOUNT = Endpoint("/iserver/account", method="POST")
EVERYBODY = "All"


class Priming:
    """The accounts of a login; `listed` are the replies that told them, each to be used once more as an answer."""

    def __init__(self, exchange: Exchange) -> None:
        self.account_ids: tuple[str, ...] = ()
        self.listed: dict[str, Envelope] = {}
        self._exchange = exchange

    def prime(self, *, with_brokerage: bool) -> bool:
        """`/iserver` and `/portfolio` each want their account list asked for first, in every session."""
        try:
            brokerage = self._exchange.call(BROKERAGE_ACCOUNTS).json if with_brokerage else None
        except SessionLost:  # authenticated, but the bridge is still being built
            return False
        page = self._exchange.call(PORTFOLIO_ACCOUNTS)
        top = ids_in(page.json)
        if not top:  # a cache that is still cold: a login sees one account at least
            return False
        below = self._below(brokerage, top)
        every = [*top, *(one for found in below for one in ids_in(BELOW.rows_of(found)))]
        self.account_ids = tuple(dict.fromkeys(every))
        self.listed = {one.envelope.request.key: one.envelope for one in (page, *below)}
        selected = brokerage.get("selectedAccount") if isinstance(brokerage, dict) else None
        if with_brokerage and selected not in self.account_ids:
            self._select(self.account_ids[0])
        return True

    def _below(self, brokerage: Any, top: tuple[str, ...]) -> list[Page]:
        """The pages of subaccounts, if there are any."""
        is_told = _tells_of_more(brokerage, top)
        if is_told is False:
            return []
        try:
            pages = list(BELOW(self._subaccounts))
        except (Refused, NoData):
            if is_told:
                raise
            return []
        is_empty = not any(BELOW.rows_of(page) for page in pages)
        lacking = "none came, while the brokerage side has some" if is_told and is_empty else lacking_of(pages)
        if lacking is not None:
            raise Garbled(f"{SUBACCOUNTS}: {lacking}. Were some opened meanwhile? Asked again it should be whole.")
        return pages

    def _subaccounts(self, *, query: dict[str, int]) -> Page:
        return self._exchange.call(SUBACCOUNTS, query=query)

    def _select(self, account_id: str) -> None:
        try:
            self._exchange.call(SELECT_ACCOUNT, body={"acctId": account_id})
        except Unavailable as error:
            if "already set" not in str(error):  # seen as a 500; it is what was wanted
                raise


def lacking_of(pages: Sequence[Page]) -> str | None:
    """What the pages of subaccounts lack to be all of them, if they say how many there are."""
    ids = {one for page in pages for one in ids_in(BELOW.rows_of(page))}
    totals = {total for page in pages if (total := BELOW.total_of(page)) is not None}
    if totals <= {len(ids)}:
        return None
    return f"{len(ids)} accounts came, of {' or '.join(str(one) for one in sorted(totals))}"


def _tells_of_more(brokerage: Any, top: tuple[str, ...]) -> bool | None:
    """Whether the brokerage side knows accounts below or beside those at the top; None where it was not asked."""
    if not isinstance(brokerage, dict):
        return None
    properties = brokerage.get("acctProps")
    each = properties.values() if isinstance(properties, dict) else ()
    has_children = any(isinstance(one, dict) and one.get("hasChildAccounts") is True for one in each)
    listed = brokerage.get("accounts")
    tradable = {one for one in listed if isinstance(one, str)} if isinstance(listed, list) else set[str]()
    return has_children or bool(tradable - {EVERYBODY, *top})


def ids_in(accounts: Any) -> tuple[str, ...]:
    """The accounts in a list of them, without the pseudo-account of everybody."""
    if not isinstance(accounts, list):
        raise Garbled(f"GET /portfolio/accounts: a list was due, {str(accounts)[:120]!r} came. Is this a gateway?")
    ids = (row.get("accountId") or row.get("id") for row in accounts if isinstance(row, dict))
    return tuple(one for one in ids if isinstance(one, str) and one and one != EVERYBODY)
