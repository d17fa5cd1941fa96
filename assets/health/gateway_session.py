"""The gateway's session: how it stood, one row per observation, so that its history is there to be asked.

Whoever keeps the session (a run, the daemon) writes down each change of its state, and each quarter of an hour
without one. While nobody runs nobody looks: a gap between observations tells nothing. The gateway tells that the
username is in use elsewhere, not by whom. Its clock has whole seconds, so that several observations can be of one
instant: `place` numbers them in the order in which they were made.

The mart `session_spells` makes spells of these rows: from when to when it was in which state, and why.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from assets.kit.declare import check, landing, table
from assets.kit.parse import Parsed, instant, number
from assets.kit.records import Records
from assets.kit.schema import Row, column
from assets.kit.shape import Block, keyed, rows
from resources.gateway.endpoint import Local, Page
from resources.gateway.session import State

if TYPE_CHECKING:
    import pandas as pd

OBSERVATIONS = Local("/observations")


def milliseconds(raw: "pd.Series[Any]") -> Parsed:
    """Milliseconds as seconds."""
    values, unusable = number(raw)
    return Parsed(values / 1000, unusable)


class Observation(Row):
    """One look at the session."""

    known = frozenset({"observed_at"})

    place: int = column("place", "Which of the observations of one instant, from 0.", ge=0)
    state: str = column("state", "ready, or what it lacked.")
    since_at: datetime = column("since", "When it was first seen in this state, by the gateway's clock.", parse=instant)
    reason: str | None = column("reason", "What came back, where the state is not ready.")
    is_authenticated: bool | None = column("authenticated", "Whether the brokerage session is authenticated.")
    is_connected: bool | None = column("connected", "Whether the gateway is connected to IBKR.")
    is_competing: bool | None = column("competing", "Whether the username is in use elsewhere.")
    is_established: bool | None = column("established", "Whether the bridge is built; old builds do not tell.")
    message: str | None = column("message", "What the gateway adds.")
    server_name: str | None = column("serverName", "IBKR's server behind the gateway.")
    server_version: str | None = column("serverVersion", "Its version.")
    login_expires_seconds: float | None = column(
        "ssoExpires", "How long the login lasts unless it renews itself.", unit="seconds", parse=milliseconds
    )
    clock_ahead_seconds: float = column(
        "clock_ahead_seconds", "By how much the gateway's clock is ahead of this machine's.", unit="seconds"
    )
    inits: int = column("inits", "Times the session was initialised since it last was ready.", ge=0)


@landing(OBSERVATIONS, time="local")
def raw_gateway_session(records: Records) -> Iterator[Page]:
    """Every observation of the day from the journal, each as a reply of its own instant."""
    told = [page.json for page in records.earlier]
    told += records.observations.between(records.opens, records.ends)
    places = Counter[datetime]()
    for line in {orjson.dumps(one, option=orjson.OPT_SORT_KEYS): one for one in told}.values():
        at = datetime.fromisoformat(line["observed_at"])
        if records.is_of_day(at):
            yield records.page(OBSERVATIONS, line, at=at, observed_at=at.isoformat(), place=places[at])
            places[at] += 1


@table(Observation, raw=raw_gateway_session, key=["observed_at", "place"])
def gateway_session(page: Page) -> Block:
    """How the session of the gateway stood at each look."""
    return rows([keyed(page.json)], place=int(page.params["place"]))


@check(gateway_session)
def states_are_known() -> str:
    """Every state is one of the state machine's: an unknown one would be counted nowhere."""
    known = ", ".join(f"'{state.value}'" for state in State)
    return f"select trading_day, observed_at, state from gateway_session where state not in ({known})"


@check(gateway_session, needs=["requests"], is_blocking=False)
def the_session_was_up_when_the_night_landed() -> str:
    """At the last call of each nightly run the session was ready.

    Does not block: what could not be had is parked, and what came is no less true. While the brokerage session was
    down, portfolio and performance were landed all the same, with less complete P&L.
    """
    return """
        with nights as (
            select trading_day, asked_by_run_id, max(told_at) as last_call_at from requests
            where rank = 'nightly' and asked_by_run_id is not null group by all
        ), seen as (
            select n.*, arg_max(s, (s.observed_at, s.place)) as last_seen
            from nights n left join gateway_session_history s on s.observed_at <= n.last_call_at
            group by all
        )
        select trading_day, last_call_at, asked_by_run_id, last_seen.state, last_seen.since_at, last_seen.reason
        from seen where last_seen.state is distinct from 'ready'
    """
