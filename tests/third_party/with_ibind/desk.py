"""ibind in an office: built by its own options, and closed when done.

The client keeps one connection, is handed the gateway's certificate as its authority, and leaves signals alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ibind import ExternalBrokerError, IbkrClient, OrderRequest, QuestionType

from tests.third_party.conftest import Office

APPLE = 265598
YES = dict.fromkeys(QuestionType, True)
ATTEMPTS = 5  # something cold answers after some


@dataclass(frozen=True, slots=True)
class Desk:
    """The client in an office. Time passes before each request."""

    office: Office
    ibind: IbkrClient

    @property
    def client(self) -> IbkrClient:
        self.office.later()
        return self.ibind

    @property
    def account(self) -> str:
        return self.office.account.account_id

    def order(self, quantity: float, **more: Any) -> OrderRequest:
        """To buy Apple; unless told otherwise as a limit order so far below the market that it is asked about."""
        price = round(self.office.price(APPLE) * 0.95, 2)
        about = {"side": "BUY", "order_type": "LMT", "price": price, "acct_id": self.account, **more}
        return OrderRequest(conid=APPLE, quantity=quantity, **about)

    def warm(self, *conids: int) -> None:
        """Ask for charts until they come."""
        for conid in conids:
            for _ in range(ATTEMPTS):
                try:
                    self.client.marketdata_history_by_conid(str(conid), bar="1d", period="1w")
                    break
                except ExternalBrokerError:
                    continue


@contextmanager
def settled(office: Office) -> Iterator[Desk]:
    """A client that has asked for the accounts."""
    client = IbkrClient(
        account_id=office.account.account_id,
        url=office.running.url,
        cacert=office.authority,
        auto_register_shutdown=False,
    )
    desk = Desk(office, client)
    try:
        desk.client.receive_brokerage_accounts()
        desk.client.portfolio_accounts()
        yield desk
    finally:
        client.close()
