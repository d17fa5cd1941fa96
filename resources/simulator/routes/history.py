"""GET /iserver/marketdata/history: bars of one contract.

Belongs here: the query, and what cannot be charted. Does not: which bars a window shows (`market/charts.py`), the
words `period` and `bar` (`market/periods.py`), the reply's shape (`shapes/history.py`), whether there is a session.

Options that are expired, options by the day, matured bonds and futures expired for two years fail for ever,
with the words that a cold contract fails with: nobody can tell the cases apart.
"""

import re
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts import dividends
from resources.simulator.calendars import hours
from resources.simulator.clock import Timed
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.flavour import Flavour
from resources.simulator.market import availability, lots
from resources.simulator.market.bars import seconds
from resources.simulator.market.charts import Chart, chart
from resources.simulator.market.market import Market
from resources.simulator.market.periods import DAY, is_documented, parse_bar, parse_period
from resources.simulator.market.views import Views
from resources.simulator.session import Session
from resources.simulator.shapes.history import STAMP, Heading, page
from resources.simulator.warmth import HistoryState

UNAVAILABLE = "Chart data unavailable"
NO_DATA = "No data."
REMEMBERED = timedelta(days=731)  # how long a future has charts after its end


class Priced(Protocol):
    """What these routes need of a simulation."""

    seed: int
    flavour: Flavour
    session: Session

    @property
    def market(self) -> Market: ...
    @property
    def clock(self) -> Timed: ...


class UnreadableQueryError(ValueError):
    """A request that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a query asks for."""

    conid: int
    end: datetime | None
    period: str
    bar: str
    outside: bool
    source: str


def routes(simulation: Priced, state: HistoryState | None = None) -> list[Route]:
    """The history endpoint of a simulation."""
    memory = state or HistoryState(simulation.seed, cold_history=simulation.flavour.cold_history)
    return [Route("/iserver/marketdata/history", _endpoint(simulation, memory), methods=["GET"])]


def _endpoint(simulation: Priced, state: HistoryState) -> Callable[[Request], Awaitable[Response]]:
    views, flavour = Views(simulation.market), simulation.flavour

    async def history(request: Request) -> Response:
        try:
            wish = _read(request.query_params, strict=flavour.strict_history)
        except UnreadableQueryError as refusal:
            return reply.error(400, f"Bad Request: {refusal}")
        if not state.warm_up(wish.conid, simulation.session.number):
            return reply.error(flavour.cold_history_status, _excuse(wish.conid), status_code=False)
        instrument = simulation.market.instrument(wish.conid)
        now = simulation.clock.now()
        if instrument is None or not _has_charts(instrument, wish, now) or request.query_params.get("direction") == "1":
            return reply.error(500, UNAVAILABLE, status_code=False)
        found = answer(views, instrument, wish, now=now, build=flavour.chart_build)
        return reply.ok(found) if found else reply.error(500, NO_DATA, status_code=False)

    return history


def answer(views: Views, instrument: Instrument, wish: Wish, *, now: datetime, build: int) -> dict[str, object] | None:
    """One reply; None when the window holds no bar."""
    span = parse_period(wish.period)
    size = parse_bar(wish.bar, span)
    late, views = availability.delay(instrument.exchange), views.told(instrument, now)
    told = now - timedelta(seconds=late)
    found = chart(views, instrument, span=span, size=size, now=told, end=wish.end, extended=wish.outside)
    if not len(found.bars.start):
        return None
    heading = Heading(
        period=wish.period or "1w",
        bar_length=size.said,
        outside=wish.outside,
        duration=views.of(instrument, extended=wish.outside).duration,
        delay=late,
        lot=lots.lot(views.market, instrument, now, build=build),
        build=build,
        dividends=_dividends(views.market, instrument, found, size.seconds, now),
        asked=wish.end,
    )
    return page(found, instrument, heading, wish.source)


def _dividends(
    market: Market, instrument: Instrument, found: Chart, size: int, now: datetime
) -> list[dividends.Dividend]:
    """What was paid on the days of a chart, as far as it has arrived."""
    starts, here = seconds(found.bars.start), hours(instrument.exchange)
    first, last = (here.local_day(datetime.fromtimestamp(int(starts[row]), UTC)) for row in (0, -1))
    last += timedelta(days=size // DAY if size > DAY else 0)
    paid = dividends.paid(market, instrument, first, last)
    return [dividend for dividend in paid if dividends.known(dividend, now)]


def _excuse(conid: int) -> str:
    """Both are known of contracts that are cold."""
    return NO_DATA if zlib.crc32(b"cold:%d" % conid) % 7 < 3 else UNAVAILABLE


def _has_charts(instrument: Instrument, wish: Wish, now: datetime) -> bool:
    if instrument.asset_class == "OPT" and parse_bar(wish.bar, parse_period(wish.period)).seconds >= DAY:
        return False
    grace = REMEMBERED if instrument.asset_class == "FUT" else timedelta(0)
    return instrument.expiry is None or instrument.expiry >= (now - grace).date()


def _read(query: Mapping[str, str], *, strict: bool) -> Wish:
    period, bar = query.get("period", ""), query.get("bar", "")
    wish = Wish(
        conid=_conid(query.get("conid")),
        end=_instant(query.get("startTime")),
        period=period,
        bar=bar,
        outside=query.get("outsideRth", "").lower() == "true",
        source=query.get("source", ""),
    )
    if strict and not is_documented(period, bar):
        raise UnreadableQueryError(f"bar {bar or '(default)'} does not go with period {period or '(default)'}")
    return wish


def _conid(text: str | None) -> int:
    found = re.fullmatch(r"(\d{1,18})(@[\w.]+)?", text or "")
    if not found:
        raise UnreadableQueryError("Conid(s) missing" if not text else f"invalid conid {text}")
    return int(found[1])


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise UnreadableQueryError(f"invalid startTime {text}") from None
