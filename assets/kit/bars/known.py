"""Until when a reply of history knows what was traded, and which of its bars had begun by then. Pure.

Belongs here: what is true of bars of all sizes. Does not: when a bar of some size has ended (`daily.py`, `periods.py`,
the datasets).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from assets.kit.columnar import Columnar
from resources.envelope import Envelope, Request

START = itemgetter("t")


def known_at(envelope: Envelope, reply: Mapping[str, Any]) -> datetime:
    """Until when a reply knows what was traded: quotes that come late tell of it that much later."""
    late = reply.get("mktDataDelay")
    return envelope.received_at - timedelta(seconds=late if isinstance(late, int) else 0)


def begun_by(bars: Sequence[Any], last: datetime) -> Sequence[Any]:
    """Without the bars that begin later; in nearly all replies there is none, which is seen at once."""
    limit = last.timestamp() * 1000
    if isinstance(bars, Columnar):
        return bars.up_to("t", limit)
    try:
        if max(map(START, bars), default=limit) <= limit:
            return bars
    except (KeyError, TypeError):  # something that is no bar: it is rejected later
        pass
    return [bar for bar in bars if not _begins_after(bar, limit)]


def ends_in_the_past(request: Request) -> bool:
    """Whether a window was to end before its asking, so that what it tells is settled."""
    return "startTime" in request.query


def _begins_after(bar: Any, limit: float) -> bool:
    start = bar.get("t") if isinstance(bar, dict) else None
    return isinstance(start, int) and start > limit
