"""All that one row of a snapshot may be made of: the contract, its quote, and what is looked up when asked for.

Belongs here: gathering. Does not: fields and their formats (`price_fields.py`, `contract_fields.py`).
"""

import zlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from resources.simulator.accounts import dividends
from resources.simulator.accounts.dividends import Dividend
from resources.simulator.accounts.valuation import Held
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market import availability
from resources.simulator.market.greeks import Greeks, greeks
from resources.simulator.market.quotes import Quote, Quotes, Year

TWELVE_MONTHS = timedelta(days=365)


@dataclass(frozen=True)
class Sight:
    """A contract as one login sees it at an instant."""

    instrument: Instrument
    quote: Quote
    now: datetime
    quotes: Quotes
    seed: int
    held: Held | None = None
    asked: str = ""  # an exchange by name

    @property
    def day(self) -> date:
        """The trading day that the figures are of."""
        return self.quote.day

    @property
    def exchange(self) -> str:
        """Where the quote is from: shares and options are routed, the rest has one home."""
        routed = self.instrument.asset_class in {"STK", "OPT"}
        return self.asked or ("SMART" if routed else self.instrument.exchange)

    @property
    def is_american_share(self) -> bool:
        return self.instrument.asset_class == "STK" and self.instrument.is_us

    @property
    def is_subscribed(self) -> bool:
        return availability.is_subscribed(self.instrument.exchange)

    @cached_property
    def year(self) -> Year | None:
        """The year before."""
        return self.quotes.year(self.instrument, self.day)

    @cached_property
    def greeks(self) -> Greeks | None:
        """Of an option whose underlying has a price."""
        underlying = self.quotes.market.instrument(self.instrument.underlying)
        quote = self.quotes.at(underlying, self.now) if underlying and self.instrument.asset_class == "OPT" else None
        return greeks(self.instrument, quote.last, self.day) if quote else None

    @cached_property
    def dividends(self) -> list[Dividend]:
        """What a share paid in the twelve months until now."""
        paid = dividends.paid(self.quotes.market, self.instrument, self.day - TWELVE_MONTHS, self.day)
        return [dividend for dividend in paid if dividends.known(dividend, self.now)]

    def drawn(self, about: str, most: int, *, moving: bool = True) -> int:
        """A number below `most` that belongs to the contract and its last change, or to the contract alone."""
        when = self.quote.at if moving else 0
        return zlib.crc32(f"{about}:{self.instrument.conid}:{when}".encode()) % most
