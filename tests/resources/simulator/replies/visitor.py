"""A client that knows the order of calls, and who it is that asks for each kind of reply.

Belongs here: the visitor, and the register of what can be asked for. Does not: how each reply is come by
(`session.py`, `portfolio.py`, `orders.py`, `quotes.py`, `contracts.py`), what it looks like (`cases/`).

A visitor leaves time between its requests, so that no limit is broken, and comes at noon in New York, when
markets are open. It picks contracts and positions by what the simulation itself tells.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from resources.simulator.flavour import Flavour
from resources.simulator.options import Options, build
from resources.simulator.simulation import Simulation
from tests.resources.simulator.conftest import NOON, Caller, Hand

PATIENCE = 6  # seconds between requests, more than any limit asked for here needs
AWHILE = 150  # in which a market order is filled: the rest of this minute and all of the next
CALM = {"orderType": "LMT", "tif": "GTC", "side": "BUY", "quantity": 1}


class Unanswered(AssertionError):
    """The simulator has nothing to say there."""


@dataclass
class Visitor:
    """A client of one simulation."""

    simulation: Simulation
    client: Caller
    hand: Hand

    @property
    def account(self) -> str:
        return self.simulation.account_ids[0]

    def get(self, path: str, **query: str) -> Any:
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: object = None) -> Any:
        return self._ask("POST", path, body)

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path)

    def wait(self, seconds: float) -> None:
        self.hand.seconds += seconds

    def prime(self) -> None:
        self.get("/iserver/accounts")
        self.get("/portfolio/accounts")

    def conid(self, symbol: str = "AAPL") -> int:
        """Of its American listing."""
        companies = self.get("/trsrv/stocks", symbols=symbol)[symbol]
        found = next(each["conid"] for company in companies for each in company["contracts"] if each["isUS"])
        assert isinstance(found, int)
        return found

    def held(self, asset_class: str = "STK") -> dict[str, Any]:
        """A position of that class."""
        rows = self.get(f"/portfolio/{self.account}/positions/0")
        found: dict[str, Any] = next(row for row in rows if row["assetClass"] == asset_class and row["position"] > 0)
        return found

    def place(self, **order: object) -> dict[str, Any]:
        """An order that has been taken, whatever was asked on the way."""
        heard = self.confirmed(self.post(f"/iserver/account/{self.account}/orders", {"orders": [order]}))
        taken: dict[str, Any] = heard[-1][0]
        return taken

    def confirmed(self, said: Any) -> list[Any]:
        """Every reply to an order, from the first to the acknowledgement."""
        heard = [said]
        while "message" in heard[-1][0]:
            heard.append(self.post(f"/iserver/reply/{heard[-1][0]['id']}", {"confirmed": True}))
        return heard

    def limit_order(self) -> dict[str, Any]:
        """An order that rests so far below the market that it is asked about."""
        conid = self.conid()
        return {"acctId": self.account, "conid": conid, "price": round(self.price(conid) * 0.95, 2), **CALM}

    def price(self, conid: int) -> float:
        instrument = self.simulation.market.instrument(conid)
        assert instrument is not None
        return self.simulation.market.price(instrument, self.simulation.clock.now())

    def _ask(self, method: str, path: str, body: object = None, query: dict[str, str] | None = None) -> Any:
        self.wait(PATIENCE)
        if method == "GET":
            answer = self.client.get(path, **(query or {}))
        elif method == "POST":
            answer = self.client.post(path, body)
        else:
            answer = self.client.call(method, self.client.prefix + path)
        if answer.status != 200:
            raise Unanswered(f"{method} {path}: {answer.status} {answer.body.decode()[:200]}")
        return answer.json


def visit(*, at: datetime = NOON, accounts: int = 1, flavour: Flavour | None = None) -> Visitor:
    """A visitor of a world with stocks, funds, options and futures."""
    hand = Hand()
    options = Options(clock=at, positions=60, accounts=accounts, flavour=flavour or Flavour())
    simulation, application = build(options, real=hand, present=lambda: at)
    assert isinstance(simulation, Simulation)
    return Visitor(simulation, Caller(application), hand)


Ask = Callable[[Visitor], Iterator[Any]]


@dataclass(frozen=True, slots=True)
class Asking:
    """How one kind of reply is come by, and in which world."""

    ask: Ask
    accounts: int = 1
    flavour: Flavour | None = None

    def replies(self) -> list[Any]:
        """Every reply of that kind, in a world of its own."""
        return list(self.ask(visit(accounts=self.accounts, flavour=self.flavour)))
