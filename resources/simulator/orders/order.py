"""An order and what has become of it.

Belongs here: the states of one order. Does not: when it fills (`matching.py`), orders that depend on each other
(`blotter.py`), how it is named on the wire (`shapes/orders.py`).

Quantities are whole ten-thousandths, instants are seconds since 1970.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from resources.simulator.accounts.book import UNIT
from resources.simulator.contracts.instruments import Instrument


class Kind(StrEnum):
    """Order types, as requests name them."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STOP_LIMIT"
    MIDPRICE = "MIDPRICE"
    TRAIL = "TRAIL"
    TRAIL_LIMIT = "TRAILLMT"
    MARKET_ON_CLOSE = "MOC"
    LIMIT_ON_CLOSE = "LOC"

    @property
    def is_stop(self) -> bool:
        """Whether it sleeps until a price is reached."""
        return self in {Kind.STOP, Kind.STOP_LIMIT, Kind.TRAIL, Kind.TRAIL_LIMIT}

    @property
    def trails(self) -> bool:
        """Whether its stop follows the market."""
        return self in {Kind.TRAIL, Kind.TRAIL_LIMIT}

    @property
    def has_limit(self) -> bool:
        """Whether it must name a worst price."""
        return self in {Kind.LIMIT, Kind.STOP_LIMIT, Kind.TRAIL_LIMIT, Kind.LIMIT_ON_CLOSE}

    @property
    def at_close(self) -> bool:
        """Whether it takes part in the closing price only."""
        return self in {Kind.MARKET_ON_CLOSE, Kind.LIMIT_ON_CLOSE}


class Status(StrEnum):
    """States, as the wire names them."""

    INACTIVE = "Inactive"
    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    FILLED = "Filled"
    PENDING_CANCEL = "PendingCancel"
    CANCELLED = "Cancelled"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a client asked for, understood and complete."""

    account_id: str
    contract: Instrument
    side: int  # 1 buys, -1 sells
    quantity: int
    kind: Kind
    tif: str
    price: float | None = None  # limit
    stop: float | None = None
    trail: float = 0.0
    trail_percent: bool = False
    outside_rth: bool = False
    all_or_none: bool = False
    deactivated: bool = False
    cash_quantity: float = 0.0
    reference: str = ""  # the client's own id
    parent: str = ""  # reference of the order that must fill first
    group: bool = False  # one cancels the others

    @property
    def extended(self) -> bool:
        """Whether it may fill before the opening and after the close; what needs a market or an auction waits."""
        auction = self.kind.at_close or self.tif == "OPG"
        return self.outside_rth and self.kind is not Kind.MARKET and not auction


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution; the quantity has no sign."""

    at: int
    quantity: int
    price: float
    commission: int = 0


@dataclass(slots=True)
class Order:
    """One order in the broker's hands."""

    number: int
    ticket: Ticket
    placed_at: int
    changed_at: int  # the last thing that happened to it
    cursor: int  # bars that begin earlier have been looked at
    expires_at: int | None = None
    stop: float | None = None  # where it stands now: it follows the market when it trails
    triggered: bool = False
    waiting_for: int = 0  # number of the parent, until that is filled
    oca: str = ""
    ended: Status | None = None
    by_system: bool = False  # cancelled by the broker, not by the client
    fills: list[Fill] = field(default_factory=list)

    @property
    def filled(self) -> int:
        """How much was executed."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def remaining(self) -> int:
        """How much was not."""
        return self.ticket.quantity - self.filled

    @property
    def average(self) -> float:
        """Price of what was executed, on average."""
        return sum(fill.quantity * fill.price for fill in self.fills) / (self.filled or UNIT)

    @property
    def is_working(self) -> bool:
        """Whether it can still be filled, changed or cancelled."""
        return self.ended is None

    def end(self, status: Status, at: int, *, by_system: bool = False) -> None:
        """Filled or cancelled for good."""
        self.ended, self.changed_at, self.by_system = status, at, by_system
