"""What can be held and priced in the simulated world: one frozen value per contract.

Belongs here: the `Instrument` value and what follows from it alone. Does not: which contracts exist
(`universe.py`), prices (`market/`), who holds what (`accounts/`), wire shapes (`shapes/`).
"""

from dataclasses import dataclass
from datetime import date

OPTIONLESS = {"EBS", "SBF", "AEB"}  # exchanges whose shares have none


@dataclass(frozen=True, slots=True)
class Instrument:
    """One contract. Times and prices are in the terms of its own exchange and `currency`."""

    conid: int
    symbol: str
    name: str
    asset_class: str  # STK (also ETFs), OPT, FUT, BOND, CASH (a currency pair), IND, CFD, as the wire says
    currency: str
    exchange: str  # IBKR's code of the listing exchange: NASDAQ, ARCA, LSE, IBIS, CME, IDEALPRO...
    country: str
    kind: str | None  # COMMON, ETF, ... (wire `type`); None where the wire says null
    sector: str | None
    group: str | None
    sector_group: str | None
    multiplier: float  # value of one unit = price x multiplier; 1.0 for stocks, 100.0 for options
    expiry: date | None = None
    right: str | None = None  # C or P
    strike: float = 0.0
    underlying: int = 0  # conid, 0 when none

    @property
    def ticks(self) -> int:
        """Price steps in one unit of price."""
        match self.asset_class:
            case "CASH":
                return 1_000 if "JPY" in self.symbol else 100_000
            case "BOND":
                return 1_000
            case "FUT" if self.exchange == "CME":
                return 4
        return 100

    @property
    def decimals(self) -> int:
        """Digits after the point that a price needs."""
        return {1_000: 3, 100_000: 5}.get(self.ticks, 2)

    @property
    def is_us(self) -> bool:
        """Whether the wire calls it American."""
        return self.country == "US"

    @property
    def has_options(self) -> bool:
        """Whether options on it are listed somewhere, in this world or not."""
        return self.asset_class == "STK" and self.exchange not in OPTIONLESS

    @property
    def is_derivative(self) -> bool:
        """Whether it lives off an underlying."""
        return self.asset_class in {"OPT", "FUT"}
