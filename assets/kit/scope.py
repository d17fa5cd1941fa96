"""What the owner wants kept, and how exactly: watchlist, bar depth, exchange, tolerances.

Filled by `pipelines/settings.py` from the TOML.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from assets.kit.shrinking import Limits
from assets.kit.tolerance import Tolerance
from resources.calendar.trading_days import TradingCalendar, trading_calendar

if TYPE_CHECKING:
    import pandas as pd

INTRADAY_DAYS = 30
"""Of bars smaller than a day, so many trading days unless the owner chose."""
LONG = {"1w": 789, "1m": 179}
"""Of bars longer than a day, so many weeks or months: as many as one request gets."""


class ScannerRun(dg.Config):
    """One scan that is to be made; codes are the gateway's, `filters` a value for each code of a filter."""

    name: str
    instrument: str
    location: str
    type: str
    filters: dict[str, Any] = {}


class Scope(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The owner's choices, the same for every dataset."""

    accounts: list[str] = Field(
        default=[],
        description="Accounts to keep, an entry may name several by comma; empty for all that the login can see.",
    )
    watchlist: list[str] = Field(default=[], description="Symbols (AAPL, AAPL@NASDAQ) or contract ids to keep.")
    exchange: str = Field(default="XNYS", description="Calendar that decides what a trading day is.")
    bars_first_day: str = Field(default="2000-01-01", description="No daily bars before this day.")
    bars_depth_days: int = Field(default=500, description="Trading days of bars for a contract that has none yet.")
    bars_asset_classes: list[str] = Field(default=[], description="Asset classes whose daily bars the gateway has.")
    bars_ask_empty_again_days: int = Field(
        default=30, description="At most so many days until a day that is known to have no bar is asked for again."
    )
    bars_depths: dict[str, int] = Field(
        default={}, description="Trading days (weeks, months) of other bars, by their size."
    )
    bars_outside_rth: bool = Field(default=False, description="Whether intraday bars count all hours.")
    bars_quote_margin: float = Field(
        default=1.0, description="How often each request of a quote may be made once more before the work is parked."
    )
    scanner_runs: list[ScannerRun] = Field(default=[], description="Scans to make.")
    is_performance_limit_per_account: bool = Field(
        default=False, description="Whether the gateway counts its 15 minutes for each account apart."
    )
    options_underlyings: list[str] = Field(
        default=[], description="Whose option chains to keep; empty: of what is held or watched, as many as fit."
    )
    options_months: int = Field(default=1, description="Months of each chain, the nearest.")
    options_width: int = Field(default=1, description="Strikes of each month, those nearest to the last price.")
    options_requests: int = Field(default=0, description="Most requests a night that chains may cost; 0 for none.")
    tolerances: dict[str, dict[str, float]] = Field(
        default={}, description="By the name of a check, the `amount` and `share` that it tolerates instead of its own."
    )
    hold_back_share: float = Field(
        default=0.5,
        description="A table that keeps less than this part of its rows is held back; 0 holds nothing back.",
    )
    hold_back_least_rows: int = Field(default=10, description="Of fewer rows any number may go.")
    hold_back_shares: dict[str, float] = Field(default={}, description="The part for tables that differ, by name.")

    transactions_per_night: int = Field(default=3, description="Contracts whose transactions a night asks for.")
    details_requests: int = Field(default=0, description="Most contracts whose details a night asks for; 0 for none.")
    details_refresh_days: int = Field(default=365, description="Age at which details are asked for again, in days.")

    @property
    def calendar(self) -> TradingCalendar:
        return trading_calendar(self.exchange)

    @property
    def wished_accounts(self) -> list[str]:
        """The accounts to keep, one by one; empty for all."""
        return [one.strip() for entry in self.accounts for one in entry.split(",") if one.strip()]

    @property
    def bars_from(self) -> date:
        return date.fromisoformat(self.bars_first_day)

    def bars_depth(self, size: str) -> int:
        """Trading days of intraday bars for a contract that has none yet; of weeks and months, how many of these."""
        return self.bars_depths.get(size, LONG.get(size, INTRADAY_DAYS))

    def limits_of(self, table: str) -> Limits | None:
        """How far a table may shrink without being held back; None lets it."""
        share = self.hold_back_shares.get(table, self.hold_back_share)
        return Limits(share, self.hold_back_least_rows) if share > 0 else None

    @property
    def watched_conids(self) -> list[int]:
        """The entries of the watchlist that are contract ids."""
        return [int(entry) for entry in self.watchlist if entry.isdigit()]

    @property
    def watched_symbols(self) -> list[tuple[str, str | None]]:
        """The entries that are symbols, with the exchange where one is named."""
        split = (entry.partition("@") for entry in self.watchlist if not entry.isdigit())
        return [(symbol, exchange or None) for symbol, _, exchange in split]

    def tolerance(self, check: str, own: Tolerance) -> Tolerance:
        """What the owner chose for a check; what was not chosen is the check's own."""
        chosen: Mapping[str, float] = self.tolerances.get(check, {})
        return replace(own, **chosen)

    def conids_meant(self, candidates: "pd.DataFrame") -> set[int]:
        """What the watchlist stands for: its contract ids, and of the candidates for its symbols the one meant."""
        meant = set(self.watched_conids)
        for symbol, exchange in self.watched_symbols:
            named = candidates[candidates["symbol"] == symbol]
            fitting = named[named["listing_exchange"] == exchange] if exchange else named[named["is_us"]]
            meant |= set(map(int, fitting["conid"])) if len(fitting) == 1 else set()
        return meant
