"""The historical data service: opening it, and its own way of asking for bars.

Belongs here: /hmds/auth/init and /hmds/history. Does not: its scanner (`scanner.py`), which bars there are
(`market/charts.py`), their wire shape (`shapes/hmds.py`).

Before the service is opened it is not there. Bars are spelled "1mins" or "1hour".
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.clock import Timed
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.flavour import Flavour
from resources.simulator.market import availability
from resources.simulator.market.charts import chart
from resources.simulator.market.market import Market
from resources.simulator.market.periods import parse_bar, parse_period
from resources.simulator.market.views import Views
from resources.simulator.routes.parameters import number
from resources.simulator.session import Session
from resources.simulator.shapes.history import STAMP
from resources.simulator.shapes.hmds import page

MISSING = "Resource not found"
UNAVAILABLE = "Chart data unavailable"
WORDS = {"sec": "s", "min": "min", "hour": "h", "day": "d", "week": "w", "month": "m"}


class Historical(Protocol):
    """What these routes need of a simulation."""

    session: Session
    flavour: Flavour

    @property
    def market(self) -> Market: ...
    @property
    def clock(self) -> Timed: ...


def routes(simulation: Historical) -> list[Route]:
    """The endpoints of the service."""
    views, session = Views(simulation.market), simulation.session

    async def init(_: Request) -> Response:
        if simulation.flavour.hmds_withdrawn:
            return reply.error(404, MISSING)
        if not session.bridged:
            return reply.error(400, "Bad Request: no bridge")
        session.hmds = True
        return reply.ok({"authenticated": True, "competing": False, "connected": True, "message": "", "fail": ""})

    async def history(request: Request) -> Response:
        if not session.hmds or simulation.flavour.hmds_withdrawn:
            return reply.error(404, MISSING)
        conid = number(request.query_params, "conid")
        instrument = None if conid is None else simulation.market.instrument(conid)
        if instrument is None:
            is_named = bool(request.query_params.get("conid"))
            return reply.error(400, f"Bad Request: {UNAVAILABLE}" if is_named else "Bad Request: Conid(s) missing")
        found = answer(views, instrument, request.query_params, simulation.clock.now())
        return reply.ok(found) if found else reply.error(500, UNAVAILABLE, status_code=False)

    return [
        Route("/hmds/auth/init", init, methods=["POST"]),
        Route("/hmds/history", history, methods=["GET"]),
    ]


def answer(views: Views, instrument: Instrument, query: Mapping[str, str], now: datetime) -> dict[str, object] | None:
    """One reply; None when there is no bar, or the instants cannot be read."""
    span = parse_period(query.get("period"))
    late = availability.delay(instrument.exchange)
    found = chart(
        views.told(instrument, now),
        instrument,
        span=span,
        size=parse_bar(word(query.get("bar", "")), span),
        now=now - timedelta(seconds=late),
        end=_instant(query.get("startTime", "")),
        extended=query.get("outsideRth", "").lower() == "true",
    )
    has_none = not len(found.bars.start) or instrument.asset_class == "OPT" or query.get("direction") == "1"
    return None if has_none else page(found, now, late)


def word(text: str) -> str:
    """The size of a bar in the words of the other history: 1mins is 1min, 2hours is 2h."""
    found = re.fullmatch(r"(\d+) ?(sec|min|hour|day|week|month)s?", text)
    return f"{found[1]}{WORDS[found[2]]}" if found else text


def _instant(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
