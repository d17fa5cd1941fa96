"""What the owner can choose in the TOML, part by part, each with what holds if nothing is chosen. Pure.

Belongs here: names, defaults, bounds. Does not: reading (`settings.py`), and what holds a secret (`Alerts`, there too).
"""

from datetime import date, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

AssetClass = Literal[
    "STK", "OPT", "FUT", "FOP", "WAR", "IOPT", "BOND", "BILL", "CASH", "IND", "FUND", "CFD", "CMDTY", "CRYPTO"
]

BarSize = Literal[
    "1min", "2min", "3min", "5min", "10min", "15min", "30min", "1h", "2h", "3h", "4h", "8h", "1d", "1w", "1m"
]


class Part(BaseModel):
    """A part of the TOML; a name that it does not know is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid")


class Bars(Part):
    """Which bars to keep."""

    sizes: list[BarSize] = ["1d"]
    depth_days: int = Field(default=500, gt=0, le=10_000)
    depths: dict[BarSize, Annotated[int, Field(gt=0, le=10_000)]] = {}
    outside_rth: bool = False
    first_day: date = date(2000, 1, 1)
    asset_classes: list[AssetClass] = ["STK", "FUT", "BOND", "CASH", "IND", "FUND"]
    ask_empty_again_days: int = Field(default=30, ge=0)
    quote_margin: float = Field(default=1.0, ge=0, le=1000, allow_inf_nan=False)

    @field_validator("sizes")
    @classmethod
    def _have_days(cls, sizes: list[BarSize]) -> list[BarSize]:
        if "1d" not in sizes:
            raise ValueError("1d is always kept, other tables look at its closes. Add it, or leave_out = ['bars_1d']")
        return sizes

    @field_validator("depths")
    @classmethod
    def _are_of_other_bars(cls, depths: dict[BarSize, int]) -> dict[BarSize, int]:
        if "1d" in depths:
            raise ValueError("the depth of 1d is depth_days")
        return depths


class OptionChains(Part):
    """How much of which option chains to keep."""

    underlyings: list[str] = []
    months: int = Field(default=2, gt=0, le=60)
    width: int = Field(default=2, gt=0, le=1000)
    requests: int = Field(default=22, ge=0, le=10_000)

    @field_validator("underlyings", mode="before")
    @classmethod
    def _as_text(cls, entries: Any) -> Any:
        return [str(entry).strip() for entry in entries] if isinstance(entries, list) else entries


class Details(Part):
    """How often the trading side is asked for what it knows of each contract."""

    requests: int = Field(default=5, ge=0, le=10_000)
    refresh_days: int = Field(default=365, gt=0)


class Performance(Part):
    """How the gateway limits performance requests."""

    is_limit_per_account: bool = False


class Transactions(Part):
    """How many contracts' transactions a night asks for, if it does."""

    per_night: int = Field(default=3, gt=0, le=50)


class Session(Part):
    """How the gateway's session is kept."""

    may_evict: bool = False


class Privacy(Part):
    """What logs, messages, metadata and alerts may tell."""

    show_account_ids: bool = False


class Reach(Part):
    """Where the gateway may be, and what it limits beyond what is documented."""

    allow_remote: bool = False
    history_per_minute: int = Field(default=0, ge=0)


class Schedule(Part):
    """When the nightly run starts, and the looks during the day, New York time."""

    nightly_at: time = time(18, 30)
    intraday_at: list[time] = []

    @field_validator("nightly_at", "intraday_at")
    @classmethod
    def _is_new_yorks(cls, value: time | list[time]) -> time | list[time]:
        if any(one.tzinfo is not None for one in (value if isinstance(value, list) else [value])):
            raise ValueError("it is New York's time, without a zone. Write e.g. 18:30")
        return value


class HoldBack(Part):
    """When a table has shrunk so much that its owner is asked before the night is published."""

    share: float = Field(default=0.5, ge=0, le=1)
    least_rows: int = Field(default=10, gt=0)
    shares: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}


class Tolerated(Part):
    """By how much an identity may be off instead of what its check says."""

    amount: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    share: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @property
    def chosen(self) -> dict[str, float]:
        """Only what was chosen."""
        return self.model_dump(exclude_none=True)
