"""Which requests the gateway refused before: a permanent error is never asked again, by any layer.

Belongs here: reading that from the journal of calls. Does not: who counts as an earlier try (`resource.py`), not
asking (`client.py`).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from resources.envelope import Request
from resources.gateway.errors import Gone, Refused
from resources.journal import Journal

RETRIES_REACH = timedelta(days=1)
FOR_GOOD = {Refused.__name__, Gone.__name__}


def refused_requests(calls: Journal, run_ids: Collection[str], *, now: datetime) -> set[str]:
    """The keys of what some runs of the last day were refused."""
    if not run_ids:
        return set()
    sent: dict[str, str] = {}
    refused: set[str] = set()
    for record in calls.between(now - RETRIES_REACH, now):
        call_id = str(record.get("id"))
        if record.get("run_id") in run_ids:
            sent[call_id] = Request(record["method"], record["path"], record["query"], record["body"]).key
        elif call_id in sent and record.get("verdict") in FOR_GOOD:
            refused.add(sent[call_id])
    return refused
