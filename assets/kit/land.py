"""Carries out a landing: the only stage with a network.

Every reply is on disk before it is looked at. Data that the gateway can only tell today is asked for
today and never again: for a past trading day the replies already landed are kept, or the step refuses.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from assets.kit.declare import Fetch, Landing
from assets.kit.refusal import in_plain_words, refusal
from assets.kit.scope import Scope
from resources.gateway.client import GatewayClient
from resources.gateway.errors import LoginRequired, Unreachable
from resources.gateway.resource import Gateway
from resources.lake.resource import Lake

Metadata = Mapping[str, Any]
ONLY_TODAY = {
    "perishable": "the gateway tells it only on the day itself",
    "windowed": "the gateway tells the window as it stands today, and later nights hold these dates too",
}


def land(
    landing: Landing, context: dg.AssetExecutionContext, *, gateway: Gateway, lake: Lake, scope: Scope
) -> dg.MaterializeResult[None]:
    """Land the run's partitions; each is recorded as soon as it is done."""
    with in_plain_words():
        calendar = scope.calendar
        asked = [date.fromisoformat(key) for key in context.partition_keys]
        days = [day for day in asked if day in calendar]
        if not days:
            return dg.MaterializeResult(metadata={"closed": _closed(asked, calendar.name), "requests": 0})
        if landing.is_ranged:
            return dg.MaterializeResult(metadata=_fetch(landing, context, days, gateway, lake, scope))
        if len(days) == 1:
            return dg.MaterializeResult(metadata=_land_day(landing, context, days[0], gateway, lake, scope))
        return _land_days(landing, context, days, gateway, lake, scope)


def _land_days(
    landing: Landing, context: dg.AssetExecutionContext, days: list[date], gateway: Gateway, lake: Lake, scope: Scope
) -> dg.MaterializeResult[None]:
    """Several days in one run: the possible ones are landed and recorded, the others named at the end."""
    refused, total = [], Counter[str]()
    for day in days:
        try:
            metadata = _land_day(landing, context, day, gateway, lake, scope)
        except dg.Failure as failure:
            refused.append(str(failure.description))
            continue
        context.log_event(
            dg.AssetMaterialization(context.asset_key, partition=day.isoformat(), metadata=dict(metadata))
        )
        total.update({name: value for name, value in metadata.items() if isinstance(value, int | float)})
    if refused:
        raise refusal(f"{len(refused)} of {len(days)} days cannot be landed. First: {refused[0]}")
    return dg.MaterializeResult(metadata={"days": len(days), **total})


def _land_day(
    landing: Landing, context: dg.AssetExecutionContext, day: date, gateway: Gateway, lake: Lake, scope: Scope
) -> Metadata:
    if landing.time == "replayable":
        return _fetch(landing, context, [day], gateway, lake, scope)
    kept = lake.raw.landings(landing.name, day.isoformat())
    try:
        today = scope.calendar.day_of(gateway.client.now)
    except (Unreachable, LoginRequired) as error:
        if kept and day < scope.calendar.day_of(datetime.now(UTC)):
            return {"kept": f"Replies of {day} are on disk; the gateway was not needed ({error})", "requests": 0}
        raise
    if day == today:
        return _fetch(landing, context, [day], gateway, lake, scope)
    if kept:
        return {"kept": f"Replies of {day} are on disk; nothing was asked.", "requests": 0}
    if day > today:
        raise refusal(
            f"{landing.name} of {day}: that trading day has not begun, the gateway's is {today}. Wait for it."
        )
    raise refusal(
        f"{landing.name} of {day}: {ONLY_TODAY[landing.time]}, and its trading day is {today} now. "
        f"No replies of {day} were ever landed, so there is nothing to rebuild it from."
    )


def _fetch(
    landing: Landing, context: dg.AssetExecutionContext, days: list[date], gateway: Gateway, lake: Lake, scope: Scope
) -> Metadata:
    client = gateway.client
    client.open()
    lake.claim(is_simulated=client.is_simulator)
    _remember(landing, days[-1], client, lake)
    before = client.tally.requests, client.tally.bytes, client.tally.waited_seconds
    fetch = Fetch(
        gateway=client,
        tables=lake.tables,
        scope=scope,
        calendar=scope.calendar,
        days=tuple(days),
        say=context.log.info,
    )
    with (
        lake.raw.landing(landing.name, days[-1].isoformat(), at=client.now, run_id=context.run.run_id) as file,
        client.recording(file.append, tell=context.log.warning),
    ):
        pages = sum(1 for _ in landing.fetch(fetch))
    return {
        "pages": pages,
        "replies": file.replies,
        "requests": client.tally.requests - before[0],
        "bytes": client.tally.bytes - before[1],
        "waited_seconds": round(client.tally.waited_seconds - before[2], 2),
        "dagster/uri": str(file.path) if file.replies else "",
    }


def _remember(landing: Landing, day: date, client: GatewayClient, lake: Lake) -> None:
    """Tell the client what earlier runs asked of endpoints that may be asked only every few minutes."""
    slow = landing.slow_endpoints
    for path in lake.raw.files(landing.name, day.isoformat()) if slow else ():
        for envelope in lake.raw.read(path):
            for endpoint in slow:
                if endpoint.answers(envelope.request):
                    client.remember(endpoint, envelope)


def _closed(asked: list[date], exchange: str) -> str:
    return f"{', '.join(day.isoformat() for day in asked[:5])}: {exchange} is closed, there is nothing to land."
