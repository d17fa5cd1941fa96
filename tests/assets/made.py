"""Tables built from replies that a test makes by hand: no night is recorded for them."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from assets.kit.scope import Scope
from resources.envelope import Envelope, Request
from resources.lake.resource import Lake
from tests.assets.bent import DAY, Bent

EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
Told = tuple[Request, Any] | tuple[Request, Any, datetime]


class Made(Bent):
    """A lake that holds what a test lands."""

    def __init__(self, folder: Path, **scope: Any) -> None:
        self.lake = Lake(root=str(folder), profile="made")
        self.scope = Scope(**scope)

    def land(self, dataset: str, *told: Told, at: datetime = EVENING, run_id: str = "run-1", day: date = DAY) -> "Made":
        """A landing of replies, each with what was asked, and when it came if not all at once."""
        with self.lake.raw.landing(dataset, day.isoformat(), at=at, run_id=run_id) as landing:
            for request, body, *when in told:
                content = body if isinstance(body, bytes) else orjson.dumps(body)
                landing.append(Envelope(request, 200, {}, content, when[0] if when else at, run_id))
        return self
