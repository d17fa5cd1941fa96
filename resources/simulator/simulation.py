"""What one simulated gateway consists of.

Belongs here: the parts and the account as it is valued now. Does not: how they answer (`app.py`).
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from resources.simulator.accounts import marks
from resources.simulator.accounts.valuation import Valuation, value
from resources.simulator.accounts.world import Account, World
from resources.simulator.charges import Charges
from resources.simulator.clock import Clock
from resources.simulator.faults.faults import Faults
from resources.simulator.flavour import Flavour
from resources.simulator.limits.limiter import Limiter
from resources.simulator.market.market import Market
from resources.simulator.network import Network
from resources.simulator.orders.desk import Desk
from resources.simulator.requests import Requests
from resources.simulator.session import Session
from resources.simulator.warmth import Subscriptions


@dataclass(slots=True)
class Simulation:
    """Everything behind one simulated gateway."""

    market: Market
    world: World
    clock: Clock
    session: Session
    seed: int = 7
    flavour: Flavour = field(default_factory=Flavour)
    faults: Faults = field(default_factory=Faults)
    limiter: Limiter | None = None  # no pacing without one
    requests: Requests = field(default_factory=Requests)
    network: Network = field(default_factory=Network)
    desk: Desk = field(init=False)
    subscriptions: Subscriptions = field(init=False)
    charges: Charges = field(default_factory=Charges)
    _valued: dict[str, tuple[object, Valuation]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pending = self.flavour.pending_seconds
        self.desk = Desk(self.world, self.clock, self.session, self.seed, self.valuation, pending=pending)
        self.subscriptions = Subscriptions(self.session, self.flavour)

    @property
    def account_ids(self) -> list[str]:
        """Of everyone the login may see."""
        return [account.account_id for account in self.world.everyone]

    def valuation(self, account: Account) -> Valuation:
        """The account now; kept until the clock reaches the next mark or an order fills."""
        self.desk.blotter.catch_up()
        mark, executed = marks.mark(self.clock.now()), self.world.executed(account)
        if executed and executed[-1].at > mark.seconds:
            mark = replace(mark, until=datetime.fromtimestamp(executed[-1].at, UTC))
        key = mark, len(executed)
        if account.account_id not in self._valued or self._valued[account.account_id][0] != key:
            self._valued[account.account_id] = key, value(self.world, account, mark)
        return self._valued[account.account_id][1]
