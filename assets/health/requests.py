"""Requests: every call that our own processes made to the gateway, one row per call.

The exchange with the gateway writes a line when a call leaves and another when it is answered; here they are one row.
A call without an end was under way when its process died, or is under way now: it may have reached the gateway, and
counts. Calls of the night itself are in it too, since this is landed last; a later landing of the same day adds what
came after. The day a call belongs to is decided by the gateway's clock where it answered (`Date`), and by this
machine's, set right by the difference last seen, where it did not. Distances between calls are told by this machine's
clock alone: the gateway's has whole seconds.

The time noted is that just before the call is written to the connection. Nobody's turn comes before the last call is
on the wire, so calls that kept their distance there keep it here too.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import pandas as pd

from assets.kit.declare import check, landing, table
from assets.kit.parse import instant
from assets.kit.records import Records
from assets.kit.schema import Row, column, derived
from assets.kit.shape import Block, listed, rows
from resources.envelope import Request
from resources.gateway.allowed import ALLOWED
from resources.gateway.endpoint import Endpoint, Local, Page

CALLS = Local("/calls")
PAGE_SIZE = 1000
UNDER_WAY = "UnderWay"
LISTED = [Endpoint(path, method=method) for method, path in ALLOWED]
ACCOUNT_NAMES = ("account_id", "acctId", "accountId", "acctIds")
CONTRACT_NAMES = ("conid", "conids")


def seconds(calls: pd.DataFrame) -> Any:
    """From leaving to answer."""
    return (calls["ended_at"] - calls["sent_at"]).dt.total_seconds().astype("Float64")


class Call(Row):
    """One call to the gateway."""

    request_id: str = column("id", "Our own id of the call.")
    told_at: datetime = column("told_at", "When, by the gateway's clock; decides the trading day.", parse=instant)
    sent_at: datetime = column("sent_at", "When it left, by this machine's clock.", parse=instant)
    ended_at: datetime | None = column(
        "ended_at", "When it was answered or broke off, by this machine's clock; null of one under way.", parse=instant
    )
    seconds: float | None = derived(seconds, "From leaving to answer.", unit="seconds")
    method: str = column("method", "GET or POST.")
    path: str = column("path", "The path as sent, below the API prefix.")
    endpoint: str | None = column("endpoint", "Method and path as on the list of what may be sent; null if on none.")
    query: str | None = column("query", "The query, as JSON.")
    body: str | None = column("body", "The body, as JSON.")
    account_id: str | None = column("account_id", "The account, where the request names one.")
    conid: int | None = column("conid", "The contract, where the request names one.")
    counted_as: str = column("counted_as", "Name under which its limit counts it.")
    limit_seconds: float | None = column(
        "limit_seconds", "Documented distance between calls of that name, beyond the 10 per second.", unit="seconds"
    )
    dataset: str | None = column("purpose", "Dataset that it was made for; `session` for the session's own.")
    rank: str = column("rank", "nightly or backfill, which gives way.")
    status: int | None = column("status", "HTTP status; null without an answer.")
    bytes: int | None = column("bytes", "Length of the answer's body.", unit="bytes")
    verdict: str = column("verdict", "Answered, UnderWay, or the name of the error that came of it.")
    waited_seconds: float = column("waited_seconds", "How long it waited for its turn.", unit="seconds")
    waited_for: str | None = column("waited_for", "The limit it waited for most.")
    asked_by_run_id: str | None = column("run_id", "Dagster run that made it; null outside of runs.")

    known = frozenset({"answered_at"})


@landing(CALLS, time="local")
def raw_requests(records: Records) -> Iterator[Page]:
    """Every call of the day from the journal, its leaving and its end in one."""
    calls = {call["id"]: call for page in records.earlier for call in page.json}
    calls |= {call["id"]: call for call in _journalled(records)}
    ordered = sorted(calls.values(), key=lambda call: str(call["sent_at"]))
    for number, start in enumerate(range(0, len(ordered), PAGE_SIZE)):
        yield records.page(CALLS, ordered[start : start + PAGE_SIZE], page=number)


@table(Call, raw=raw_requests, key=["request_id"])
def requests(page: Page) -> Block:
    """Every call that was made to the gateway, and what came of it."""
    calls = rows(listed(page.json))
    return rows(map(_described, calls.records))


@check(requests)
def only_listed_calls_were_made() -> str:
    """Every call has its method and path on the list of what may be sent: nothing that trades, nothing unknown."""
    return """
        select trading_day, request_id, sent_at, method, path, dataset, verdict from requests
        where endpoint is null order by sent_at
    """


@check(requests, is_blocking=False)
def no_limit_was_broken() -> str:
    """The gateway never answered 429.

    Does not block: the data that came are none the worse for it, the budget keeps everybody silent for the penalty
    already, and a night without its warehouse would be a second damage.
    """
    return "select trading_day, sent_at, counted_as, dataset from requests where status = 429 order by sent_at"


@check(requests, is_blocking=False)
def the_budget_was_kept() -> str:
    """In no second more than ten calls were sent, and under no limit two calls closer than it allows.

    Reckoned from the record alone, not by the budget: of all processes, and across the open. A call that found no
    connection never left, and does not count. Does not block: it tells of our own conduct, not of the data.
    """
    return """
        with made as (
            select trading_day, sent_at, counted_as, limit_seconds from requests_history
            where sent_at > (select min(sent_at) - interval 1 hour from requests)
              and verdict not in ('Unreachable', 'Untrusted')
        ), paced as (
            select *,
                   count(*) over (order by sent_at range between interval 999999 microseconds preceding and current row)
                       as calls_in_a_second,
                   epoch(sent_at - lag(sent_at) over (partition by counted_as order by sent_at)) as seconds_apart
            from made
        )
        select trading_day, sent_at, counted_as, calls_in_a_second, round(seconds_apart, 3) as seconds_apart,
               limit_seconds
        from paced
        where trading_day in (select trading_day from requests)
          and (calls_in_a_second > 10 or seconds_apart < limit_seconds)
        order by sent_at
    """


def _journalled(records: Records) -> Iterator[dict[str, Any]]:
    """The calls of the day, each with the gateway's time and what became of it."""
    calls: dict[str, dict[str, Any]] = {}
    for line in records.around_the_day(records.calls):
        calls.setdefault(line["id"], {"verdict": UNDER_WAY}).update(line)
    for call in calls.values():
        if "sent_at" not in call:
            continue
        ours = datetime.fromisoformat(call.get("ended_at") or call["sent_at"])
        told_at = datetime.fromisoformat(call["answered_at"]) if call.get("answered_at") else ours + records.ahead
        if records.is_of_day(told_at):
            yield {**call, "told_at": told_at.isoformat()}


def _described(call: Mapping[str, Any]) -> dict[str, Any]:
    """The call with its endpoint, and with what its request names."""
    endpoint, filled = _listed(str(call.get("method")), str(call.get("path")))
    query, body = call.get("query"), call.get("body")
    named = {**(query or {}), **(body if isinstance(body, dict) else {}), **filled}
    return {
        **call,
        "endpoint": endpoint,
        "query": orjson.dumps(query).decode() if query else None,
        "body": None if body is None else orjson.dumps(body).decode(),
        "account_id": _only_one(named, ACCOUNT_NAMES),
        "conid": _only_one(named, CONTRACT_NAMES),
    }


@lru_cache(maxsize=4096)
def _listed(method: str, path: str) -> tuple[str | None, dict[str, str]]:
    """The endpoint on the list that a call was of, and what its path was filled in with."""
    request = Request(method, path, {})
    found = next((one for one in LISTED if one.answers(request)), None)
    return (str(found), found.params_of(request)) if found else (None, {})


def _only_one(named: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """What a request names under some name, if it is a single one and not a list of several."""
    for value in (named[name] for name in names if named.get(name)):
        several = value if isinstance(value, list) else str(value).split(",")
        return str(several[0]) if len(several) == 1 else None
    return None
