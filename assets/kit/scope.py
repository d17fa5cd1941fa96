"""What the owner wants kept: watchlist, bar depth, exchange. Filled by `pipelines/settings.py` from the TOML."""

from datetime import date

import dagster as dg
from pydantic import Field

from resources.calendar.trading_days import TradingCalendar, trading_calendar


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
    is_performance_limit_per_account: bool = Field(
        default=False, description="Whether the gateway counts its 15 minutes for each account apart."
    )
    options_underlyings: list[str] = Field(
        default=[], description="Whose option chains to keep; empty: of what is held or watched, as many as fit."
    )
    options_months: int = Field(default=1, description="Months of each chain, the nearest.")
    options_width: int = Field(default=1, description="Strikes of each month, those nearest to the last price.")
    options_requests: int = Field(default=0, description="Most requests a night that chains may cost; 0 for none.")
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

    @property
    def watched_conids(self) -> list[int]:
        """The entries of the watchlist that are contract ids."""
        return [int(entry) for entry in self.watchlist if entry.isdigit()]

    @property
    def watched_symbols(self) -> list[tuple[str, str | None]]:
        """The entries that are symbols, with the exchange where one is named."""
        split = (entry.partition("@") for entry in self.watchlist if not entry.isdigit())
        return [(symbol, exchange or None) for symbol, _, exchange in split]
