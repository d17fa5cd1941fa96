"""Positions landed by hand, night after night, so that a test says how many there are."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from assets.kit.scope import Scope
from assets.kit.tabulate import Built, build_day
from resources.envelope import Envelope, Request
from resources.lake.held_back import Held
from resources.lake.resource import Lake
from tests.assets.bent import TABLES
from tests.nights import PROFILE, Nights

FRIDAY, MONDAY, TUESDAY = date(2024, 11, 22), date(2024, 11, 25), date(2024, 11, 26)
POSITIONS = TABLES["positions"]


@dataclass
class Shrunk:
    """A data folder, and what is landed and built in it."""

    folder: Path
    scope: Scope = field(default_factory=Scope)
    landings: int = 0

    @cached_property
    def nights(self) -> Nights:
        return Nights(self.folder, gateway=None)

    @property
    def lake(self) -> Lake:
        return Lake(root=str(self.folder), profile=PROFILE)

    def landed(self, day: date, *, unreadable: int = 0, **accounts: int) -> "Shrunk":
        """The replies of a night: how many positions each account has; of the first, how many cannot be read."""
        self.landings += 1
        at = datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC) + timedelta(minutes=self.landings)
        with self.lake.raw.landing("positions", day.isoformat(), at=at, run_id=f"{self.landings:08d}") as landing:
            for account_id, count in accounts.items():
                rows = [_position(account_id, number, is_readable=number >= unreadable) for number in range(count)]
                request = Request("GET", f"/portfolio/{account_id}/positions/0", {})
                landing.append(Envelope(request, 200, {}, orjson.dumps(rows), at, f"run-{self.landings}"))
                unreadable = 0
        return self

    def built(self, day: date) -> Built:
        """What becomes of the day's replies."""
        limits = self.scope.limits_of("positions")
        built = build_day(POSITIONS, day, lake=self.lake, accounts=self.scope.wished_accounts, limits=limits)
        assert built is not None
        return built

    def standing(self, day: date) -> int | None:
        """How many rows of a day stand."""
        path = self.lake.tables.file("positions", "trading_day", day.isoformat())
        return None if path is None else len(self.lake.tables.read([path]))

    def waiting(self, day: date) -> Held:
        held = self.lake.held_back.find("positions", day)
        assert held is not None
        return held

    def accept(self, day: date) -> None:
        self.lake.held_back.accept(self.waiting(day), at=datetime(2024, 11, 27, 1, 2, tzinfo=UTC))


def _position(account_id: str, number: int, *, is_readable: bool) -> dict[str, Any]:
    return {
        "acctId": account_id, "conid": number + 1, "assetClass": "STK", "position": 2.0 if is_readable else "many",
        "mktPrice": 5.0, "mktValue": 10.0, "currency": "USD",
    }  # fmt: skip
