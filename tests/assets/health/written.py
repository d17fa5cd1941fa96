"""Journals written by hand, landed and built into tables while nobody answers for the gateway.

The trading day is one of a past year, so that no answer depends on the day the tests are run.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.outcome import Outcome
from resources.gateway.resource import login_name
from resources.journal import Journal
from resources.lake.parked import Parked
from tests.nights import Nights

FRIDAY, MONDAY, TUESDAY = date(2024, 11, 22), date(2024, 11, 25), date(2024, 11, 26)
OPENS = datetime(2024, 11, 25, 14, 30, tzinfo=UTC)
ENDS = datetime(2024, 11, 26, 14, 30, tzinfo=UTC)
EVENING = datetime(2024, 11, 25, 23, 30, tzinfo=UTC)
NOBODY = "https://127.0.0.1:9/v1/api"
Record = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """A data folder and the journals of a gateway that is not there."""

    folder: Path

    @property
    def nights(self) -> Nights:
        return Nights(self.folder, gateway=None)

    @property
    def gateway_folder(self) -> Path:
        return self.folder / ".gateways" / login_name(NOBODY)

    def sent(self, request_id: str, at: datetime, **facts: Any) -> "Written":
        """A call that left."""
        record = {
            "id": request_id, "sent_at": at, "run_id": "run-1", "counted_as": "GET /portfolio/accounts",
            "purpose": "session", "limit_seconds": None, "rank": "nightly", "method": "GET",
            "path": "/portfolio/accounts", "query": {}, "body": None, "waited_seconds": 0.0, "waited_for": None,
        }  # fmt: skip
        Journal(self.gateway_folder / "calls").append(record | facts, at=at)
        return self

    def ended(self, request_id: str, at: datetime, **facts: Any) -> "Written":
        """How it ended."""
        record = {"id": request_id, "ended_at": at, "verdict": "Answered", "status": 200, "bytes": 2}
        Journal(self.gateway_folder / "calls").append({**record, "answered_at": at, **facts}, at=at)
        return self

    def answered(self, request_id: str, at: datetime, **facts: Any) -> "Written":
        """A call that was answered at once."""
        return self.sent(request_id, at, **facts).ended(request_id, at + timedelta(milliseconds=40))

    def observed(self, at: datetime, state: str, reason: str = "", **facts: Any) -> "Written":
        """A look at the session."""
        record = {
            "observed_at": at, "state": state, "since": at, "reason": reason, "inits": 0, "clock_ahead_seconds": 0.0,
            "serverName": None, "serverVersion": None, "authenticated": None, "connected": None, "competing": None,
            "established": None, "message": None, "ssoExpires": None,
        }  # fmt: skip
        Journal(self.gateway_folder / "observations").append(record | facts, at=at)
        return self

    def parked(self, at: datetime, *, dataset: str = "ledger", days: tuple[date, ...] = (MONDAY,)) -> Parked:
        """A piece of work that waits."""
        work = Parked(dataset, days, "LoginRequired", "Nobody is logged in. Log in.", at, None, "run-1")
        self.nights.lake.parked.park(work)
        return work

    def landed(self, dataset: str, day: date = MONDAY) -> "Written":
        """Land and build a dataset; its blocking checks passed."""
        outcome = self.run(dataset, day)
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
        return self

    def run(self, dataset: str, day: date = MONDAY) -> Outcome:
        return self.nights.materialize(f"raw/{dataset}", dataset, day=day.isoformat())

    def rows(self, dataset: str, day: date = MONDAY) -> list[Record]:
        """A day's rows as built; what is missing is None."""
        path = self.nights.lake.tables.file(dataset, "trading_day", day.isoformat())
        assert path is not None
        rows: pd.DataFrame = self.nights.lake.tables.read([path]).astype(object)
        return [
            {str(name): value for name, value in row.items()}
            for row in rows.where(rows.notna(), None).to_dict("records")
        ]
