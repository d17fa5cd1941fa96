"""A desk over the seeded market, with the words of somebody who trades."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from resources.simulator.accounts.world import Account, World
from resources.simulator.app import application
from resources.simulator.clock import Clock
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.flavour import Flavour
from resources.simulator.market.market import SeededMarket
from resources.simulator.session import Session
from resources.simulator.simulation import Simulation
from tests.resources.simulator.conftest import FIRST, NOON, Answer, Caller, Desk, Hand

AAPL, SPY, AZN, ASML, NESN, EURUSD = 265598, 756733, 990000001, 990000007, 990000008, 12087792
Row = dict[str, Any]


@lru_cache(maxsize=4)
def market(seed: int, today: date) -> SeededMarket:
    """Prices follow from the seed alone, so tests may share them."""
    return SeededMarket(seed, 700, today)


@dataclass
class OrderDesk(Desk):
    account_id: str = FIRST

    @property
    def account(self) -> Account:
        found = self.simulation.world.account(self.account_id)
        assert found is not None
        return found

    def contract(self, conid: int) -> Instrument:
        found = self.simulation.market.instrument(conid)
        assert found is not None
        return found

    def price(self, conid: int = AAPL) -> float:
        return self.simulation.market.price(self.contract(conid), self.simulation.clock.now())

    def wait(self, **span: float) -> None:
        self.simulation.clock.advance(timedelta(**span))

    def send(self, *orders: Row) -> Answer:
        return self.client.post(f"/iserver/account/{self.account_id}/orders", {"orders": list(orders)})

    def settle(self, answer: Answer) -> list[Row]:
        """Say yes to everything."""
        rows = answer.json
        while isinstance(rows, list) and "message" in rows[0]:
            rows = self.client.post(f"/iserver/reply/{rows[0]['id']}", {"confirmed": True}).json
        assert isinstance(rows, list), rows
        return rows

    def place(self, **order: object) -> str:
        """The id of an order that was taken."""
        return str(self.settle(self.send(wanted(**order)))[0]["order_id"])

    def live(self, **query: str) -> list[Row]:
        answer = self.client.get("/iserver/account/orders", **query).json
        if not answer["snapshot"]:
            answer = self.client.get("/iserver/account/orders", **query).json
        rows: list[Row] = answer["orders"]
        return rows

    def row(self, number: str) -> Row:
        return next(row for row in self.live() if row["orderId"] == int(number))

    def state(self, number: str) -> str:
        order = self.simulation.desk.blotter.order(int(number))
        assert order is not None
        self.simulation.desk.blotter.catch_up()
        return str(self.simulation.desk.blotter.status(order))

    def trades(self, **query: str) -> list[Row]:
        rows = self.client.get("/iserver/account/trades", **query).json
        rows = rows or self.client.get("/iserver/account/trades", **query).json
        return list(rows)

    def held(self, conid: int = AAPL) -> float:
        rows = self.simulation.valuation(self.account).rows
        return next((row.quantity for row in rows if row.contract.conid == conid), 0.0)

    def cash(self, currency: str = "USD") -> int:
        return self.simulation.valuation(self.account).cash.get(currency, 0)


def wanted(**order: object) -> Row:
    return {"conid": AAPL, "orderType": "MKT", "side": "BUY", "tif": "DAY", "quantity": 10, **order}


def make_order_desk(
    *,
    at: datetime = NOON,
    seed: int = 7,
    accounts: int = 1,
    positions: int = 6,
    started: date | None = None,
    flavour: Flavour | None = None,
) -> OrderDesk:
    today = started or at.date()
    prices = market(seed, today)
    world = World(prices, seed=seed, today=today, accounts=accounts, positions=positions)
    simulation = Simulation(prices, world, Clock(at, real=Hand()), Session(at), seed, flavour or Flavour())
    desk = OrderDesk(simulation, Caller(application(simulation)))
    desk.prime()
    return desk
