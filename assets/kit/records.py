"""What a landing works with whose source is not the gateway but what our own processes wrote down, or built.

Belongs here: the records within reach, the day they are wanted of, and the envelope they go to raw in. Does not:
carrying out the landing (`land_records.py`), what a record means (the dataset's file).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from assets.kit.scope import Scope
from resources.envelope import Envelope
from resources.gateway.endpoint import Local, Page
from resources.journal import Journal
from resources.lake.check_records import CheckRecords
from resources.lake.parked import ParkedStore
from resources.lake.raw import RawStore
from resources.lake.tables import TableStore

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a trading day, which lasts from `opens` until `ends`, when the next one opens.

    `now` is the gateway's time, reckoned from this machine's, of which it is `ahead`; nobody was asked. `earlier` is
    what the last landing of the day holds; `raw` and `tables` are for what is found by looking at what was landed. What
    is told in `figures` is plotted.
    """

    day: date
    opens: datetime
    ends: datetime
    now: datetime
    ahead: timedelta
    run_id: str
    calls: Journal
    observations: Journal
    parked: ParkedStore
    checks: CheckRecords
    raw: RawStore
    tables: TableStore
    scope: Scope
    earlier: tuple[Page, ...]
    figures: dict[str, float] = field(default_factory=dict)

    def is_of_day(self, instant: datetime) -> bool:
        """Whether an instant of the gateway's clock belongs to the day."""
        return self.opens <= instant < self.ends

    def around_the_day(self, journal: Journal) -> Iterator[dict[str, Any]]:
        """The records of a journal kept by this machine's clock that may be of the day, and of a day on either side."""
        return journal.between(self.opens - self.ahead - A_DAY, self.ends - self.ahead + A_DAY)

    def page(self, of: Local, content: Any, *, at: datetime | None = None, **query: object) -> Page:
        """Records as they go to raw; `at` is the instant they tell of, where that is one."""
        request = of.request(trading_day=self.day, **query)
        return Page(of, Envelope(request, 200, {}, orjson.dumps(content), at or self.now, self.run_id))
