"""Carries out a landing of what our own processes wrote: no session, no network, nothing that could be parked.

Belongs here: gathering the records of a day and keeping them in raw, as envelopes like any other, so that all that
follows is the same path. Does not: which of them, and what they mean (the dataset's file).

It can be done for any day that has begun, however often and whatever the gateway does. A later landing of a day takes
the place of an earlier one, and holds all of that too: the dataset is given what was landed before, since journals
can be cleared away, or lie with a gateway of another address. Whether the profile's data are simulated or real is
left open: records do not tell.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from assets.kit.declare import Landing
from assets.kit.records import A_DAY, Records
from assets.kit.refusal import refusal
from assets.kit.replies import good_pages
from assets.kit.scope import Scope
from resources.gateway.resource import Gateway
from resources.journal import Journal
from resources.lake.profile import own
from resources.lake.resource import Lake


def land_records(
    landing: Landing, day: date, *, gateway: Gateway, lake: Lake, scope: Scope, run_id: str
) -> Mapping[str, Any]:
    """Land one day; what came of it, as metadata."""
    records = _records(landing, day, gateway=gateway, lake=lake, scope=scope, run_id=run_id)
    if records.now < records.opens:
        raise refusal(f"{landing.name} of {day}: that trading day has not begun, so nothing is written of it. Wait.")
    own(lake.layout)
    with lake.raw.landing(landing.name, day.isoformat(), at=gateway.clock().here, run_id=run_id) as file:
        for page in landing.fetch(records):
            file.append(page.envelope)
    return {
        "pages": file.replies,
        "requests": 0,
        "bytes": file.bytes,
        "dagster/uri": str(file.path),
        **records.figures,
    }


def _records(landing: Landing, day: date, *, gateway: Gateway, lake: Lake, scope: Scope, run_id: str) -> Records:
    calendar = scope.calendar
    opens, ends = calendar.opens(day), calendar.opens(calendar.next(day))
    observations = Journal(gateway.folder / "observations")
    ahead = _ahead(observations, opens, ends)
    earlier = lake.raw.landings(landing.name, day.isoformat())[-1:]
    return Records(
        day=day,
        opens=opens,
        ends=ends,
        now=gateway.clock().here + ahead,
        ahead=ahead,
        run_id=run_id,
        calls=Journal(gateway.folder / "calls"),
        observations=observations,
        parked=lake.parked,
        checks=lake.checks,
        raw=lake.raw,
        tables=lake.tables,
        scope=scope,
        earlier=tuple(page for path in earlier for page in good_pages(lake.raw, landing, path)),
    )


def _ahead(observations: Journal, opens: datetime, ends: datetime) -> timedelta:
    """By how much the gateway's clock was ahead of this machine's when it was last looked at by the end of the day."""
    told = [line["clock_ahead_seconds"] for line in observations.between(opens - A_DAY, ends)]
    return timedelta(seconds=told[-1] if told else 0.0)
