"""What every session wants asked first, before it answers anything else: both lists of accounts.

Belongs here: those calls, what they told, which account is selected. Does not: when a session needs them (`client.py`).
"""

from typing import Any

from resources.envelope import Envelope
from resources.gateway.endpoint import Endpoint
from resources.gateway.errors import Garbled, SessionLost, Unavailable
from resources.gateway.exchange import Exchange
from resources.gateway.pacing import Limit

BROKERAGE_ACCOUNTS = Endpoint("/iserver/accounts")
PORTFOLIO_ACCOUNTS = Endpoint("/portfolio/accounts", limit=Limit(1, 5.0))
SELECT_ACCOUNT = Endpoint("/iserver/account", method="POST")


class Priming:
    """The accounts of a login; `listed` is the reply that told them, to be used once more as an answer."""

    def __init__(self, exchange: Exchange) -> None:
        self.account_ids: tuple[str, ...] = ()
        self.listed: Envelope | None = None
        self._exchange = exchange

    def prime(self, *, with_brokerage: bool) -> bool:
        """`/iserver` and `/portfolio` each want their account list asked for first, in every session."""
        try:
            brokerage = self._exchange.call(BROKERAGE_ACCOUNTS).json if with_brokerage else None
        except SessionLost:  # authenticated, but the bridge is still being built
            return False
        page = self._exchange.call(PORTFOLIO_ACCOUNTS)
        self.account_ids = _ids_in(page.json)
        if not self.account_ids:  # a cache that is still cold: a login sees one account at least
            return False
        self.listed = page.envelope
        selected = brokerage.get("selectedAccount") if isinstance(brokerage, dict) else None
        if with_brokerage and selected not in self.account_ids:
            self._select(self.account_ids[0])
        return True

    def _select(self, account_id: str) -> None:
        try:
            self._exchange.call(SELECT_ACCOUNT, body={"acctId": account_id})
        except Unavailable as error:
            if "already set" not in str(error):  # seen as a 500; it is what was wanted
                raise


def _ids_in(accounts: Any) -> tuple[str, ...]:
    if not isinstance(accounts, list):
        raise Garbled(f"GET /portfolio/accounts: a list was due, {str(accounts)[:120]!r} came. Is this a gateway?")
    ids = (row.get("accountId") or row.get("id") for row in accounts if isinstance(row, dict))
    return tuple(one for one in ids if isinstance(one, str) and one and one != "All")
