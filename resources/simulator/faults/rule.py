"""When faults strike: which requests, which occurrences of them, in which hours.

Belongs here: one rule, validated, and whether it applies to a request. Does not: counting (`faults.py`),
files of rules (`files.py`).

Chance is arithmetic: the dice of a request come from the seed, the rule and the occurrence, so that the same
seed, rules and requests give the same faults, whatever the day and whoever asks in between.
"""

import hashlib
import re
from datetime import date, datetime, time
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from resources.simulator.clock import NEW_YORK, parse_instant
from resources.simulator.faults.catalogue import AnyFault
from resources.simulator.faults.fault import Request

BYTES = 6  # of a dice: few enough for a float to hold
CLOCK_TIME = re.compile(r"\d\d:\d\d(:\d\d)?")


def _moment(given: Any) -> Any:
    """A clock time of every day in New York (`23:55`), or an instant."""
    if isinstance(given, date):  # TOML writes dates and times without quotes
        return parse_instant(given.isoformat())
    if not isinstance(given, str):
        return given
    if not CLOCK_TIME.fullmatch(given):
        return parse_instant(given)
    return time.fromisoformat(given)


def _written(moment: datetime | time) -> str:
    return moment.isoformat()


Moment = Annotated[datetime | time, BeforeValidator(_moment), PlainSerializer(_written, when_used="json")]


class Rule(BaseModel):
    """Which requests meet which faults. Everything but the faults may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str = Field("", description="what the record of requests and the control plane call it")
    faults: tuple[AnyFault, ...] = Field(min_length=1, description="names, or objects with a name and parameters")
    path: str = Field("*", description="below /v1/api; `*` stands for any characters, slashes too")
    method: str = Field("*", pattern="^([A-Z]+|\\*)$")
    query: dict[str, str] = Field({}, description="parameters that must be there, with `*` for any characters")
    skip: int = Field(0, ge=0, description="how many of these requests pass before the first is struck")
    every: int = Field(1, ge=1, description="of those that follow, every nth is struck, beginning with the first")
    times: int | None = Field(None, ge=1, description="how many are struck in all; no end when left out")
    probability: float = Field(1.0, gt=0, le=1, description="chance of each of them")
    per_request: bool = Field(False, description="count each different request (path and query) apart")
    since: Moment | None = Field(None, description="23:55 of every day in New York, or an instant")
    until: Moment | None = Field(None, description="no longer from then on; past midnight when before `since`")

    def written(self) -> dict[str, Any]:
        """As one would write it in a file: without what is usual."""
        told = self.model_dump(mode="json", exclude_defaults=True)
        return {**told, "faults": [fault.model_dump(mode="json") for fault in self.faults]}

    def matches(self, request: Request) -> bool:
        """Whether it is about such a request."""
        told = dict(request.query)
        return (
            self.method in {"*", request.method}
            and fnmatchcase(request.path, self.path)
            and all(name in told and fnmatchcase(told[name], like) for name, like in self.query.items())
        )

    def is_on(self, at: datetime) -> bool:
        """Whether it stands at an instant."""
        if isinstance(self.since, time) and isinstance(self.until, time) and self.since > self.until:
            return _passed(self.since, at) or not _passed(self.until, at)
        return (self.since is None or _passed(self.since, at)) and (self.until is None or not _passed(self.until, at))

    def takes(self, occurrence: int, dice: float) -> bool:
        """Whether it strikes the nth (from 1) of its requests, as far as that alone decides."""
        after = occurrence - self.skip - 1
        return after >= 0 and after % self.every == 0 and dice < self.probability


def dice(seed: int, *what: object) -> float:
    """A number in [0, 1), the same for the same words."""
    words = "|".join(map(str, (seed, *what)))
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=BYTES).digest()) / (1 << 8 * BYTES)


def _passed(moment: datetime | time, at: datetime) -> bool:
    if isinstance(moment, time):
        return at.astimezone(NEW_YORK).time() >= moment.replace(tzinfo=None)
    return at >= moment
