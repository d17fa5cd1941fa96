"""Settings: the only reader of the environment and of the TOML.

A wrong value gets one clear line that names it. Everything else receives values from here.
"""

import os
import re
import tomllib
from pathlib import Path
from string import Template
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pipelines.choices import (
    Bars,
    Details,
    HoldBack,
    OptionChains,
    Part,
    Performance,
    Privacy,
    Reach,
    Schedule,
    Session,
    Tolerated,
    Transactions,
)
from pipelines.scans import Scanner
from pipelines.targets import NOT_ONE, is_target
from resources.gateway.address import read_address

ACCOUNTS = "IBKR_ACCOUNTS"  # read when a run begins, so that its value stands in no configuration that is kept
DEFAULT_CONFIG = Path(__file__).parent / "ibkr.toml"


class SettingsMistake(Exception):
    """A setting is wrong; the text is for a person."""


class Alerts(Part):
    """Whom to tell when a person is needed. Addresses hold secrets: they are never shown."""

    targets: list[str] = Field(default=[], repr=False)

    @field_validator("targets")
    @classmethod
    def _are_targets(cls, entries: list[str]) -> list[str]:
        targets = [_filled_in(place, entry) for place, entry in enumerate(entries, start=1)]
        for place, target in enumerate(targets, start=1):
            if not is_target(target):
                raise ValueError(f"number {place} is {NOT_ONE}")
        return targets


class Choices(BaseModel):
    """The owner's TOML."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    watchlist: list[str] = []
    exchange: str = "XNYS"
    leave_out: list[str] = []
    take_in: list[str] = []
    bars: Bars = Bars()
    options: OptionChains = OptionChains()
    scanner: Scanner = Scanner()
    details: Details = Details()
    performance: Performance = Performance()
    transactions: Transactions = Transactions()
    session: Session = Session()
    gateway: Reach = Reach()
    privacy: Privacy = Privacy()
    schedule: Schedule = Schedule()
    hold_back: HoldBack = HoldBack()
    alerts: Alerts = Alerts()
    tolerances: dict[str, Tolerated] = {}

    @field_validator("watchlist", mode="before")
    @classmethod
    def _as_text(cls, entries: Any) -> Any:
        return [str(entry).strip() for entry in entries] if isinstance(entries, list) else entries

    @field_validator("watchlist")
    @classmethod
    def _name_something(cls, entries: list[str]) -> list[str]:
        strange = [entry for entry in entries if not re.fullmatch(r"[^@,]+(@\w+)?", entry)]
        if strange:
            raise ValueError(f"{strange[0]!r} names nothing. Write a symbol, SYMBOL@EXCHANGE or a contract id")
        return entries


class Environment(BaseSettings):
    """The environment variables, prefix IBKR_."""

    model_config = SettingsConfigDict(env_prefix="IBKR_", env_ignore_empty=True, extra="ignore")

    gateway_url: str | None = Field(
        default=None, description="Where the gateway listens, e.g. https://localhost:5000/v1/api; unset: the simulator."
    )
    gateway_cert: Path | None = Field(default=None, description="PEM of the gateway's certificate, trusted alone.")
    profile: str | None = Field(
        default=None, pattern=r"^\w[\w.-]*$", description="Name of the data set; default `simulator` or `live`."
    )
    data: Path = Field(default=Path("data"), description="Data root.")
    accounts: Annotated[list[str], NoDecode] = Field(default=[], description="Accounts to keep, by comma; default all.")
    config: Path = Field(default=DEFAULT_CONFIG, description="TOML with watchlist, bars, schedule and alerts.")

    @field_validator("accounts", mode="before")
    @classmethod
    def _by_comma(cls, value: Any) -> Any:
        return [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value

    @field_validator("gateway_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        return None if value is None else read_address(value, allow_remote=True)  # the TOML says whether it may be

    @field_validator("data", mode="before")
    @classmethod
    def _is_folder(cls, value: Any) -> Any:
        if "://" in str(value):
            raise ValueError("object stores are not supported yet. Name a folder")
        return value


class Settings(BaseModel):
    """Everything that can be set."""

    environment: Environment
    choices: Choices

    @property
    def profile(self) -> str:
        """The data set's name."""
        return self.environment.profile or ("simulator" if self.environment.gateway_url is None else "live")


def read_settings() -> Settings:
    """Read the environment and the TOML it names; raises `SettingsMistake` with one clear line."""
    try:
        environment = Environment()
    except ValidationError as error:
        raise SettingsMistake(_first(error, lambda name: f"IBKR_{name.upper()}")) from error
    choices = _read_choices(environment.config)
    _require_reach(environment.gateway_url, choices.gateway)
    return Settings(environment=environment, choices=choices)


def _require_reach(url: str | None, reach: Reach) -> None:
    try:
        _ = url and read_address(url, allow_remote=reach.allow_remote)
    except ValueError as error:
        raise SettingsMistake(f"IBKR_GATEWAY_URL={url!r}: {error}.") from error


def _read_choices(path: Path) -> Choices:
    try:
        return Choices.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise SettingsMistake(
            f"IBKR_CONFIG={path}: {error.strerror}. Name a TOML file; a commented one is {DEFAULT_CONFIG}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsMistake(f"{path}: not TOML ({error}). Compare it with {DEFAULT_CONFIG}") from error
    except ValidationError as error:
        raise SettingsMistake(f"{path}: {_first(error, str)}") from error


def _filled_in(place: int, target: str) -> str:
    """An alert target with its $NAMEs taken from the environment, so that no secret has to be in the file."""
    try:
        return Template(target).substitute({name: value for name, value in os.environ.items() if value}).strip()
    except KeyError as error:
        raise ValueError(f"number {place} needs the environment variable {error.args[0]}, which is not set") from error
    except ValueError as error:
        raise ValueError(f"number {place} has a $ that names no variable. Write $$ for the character") from error


def _first(error: ValidationError, named: Any) -> str:
    """The first mistake in one line: which setting, what it was, what is wrong with it."""
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return f"{name}: there is no such setting. Compare with {DEFAULT_CONFIG}"
    was = "" if problem["loc"][0] == "alerts" else f"={problem['input']!r}"
    return f"{named(name)}{was}: {message[0].lower()}{message[1:]}."
