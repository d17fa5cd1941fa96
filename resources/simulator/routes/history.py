"""GET /iserver/marketdata/history: bars of one contract.

Belongs here: the query, the reply's shape, and the cold start. Does not: which bars a window shows
(`charts.py`), the words `period` and `bar` (`periods.py`), whether there is a session (`app.py`).

Quirks kept on purpose: `points` is one less than the number of bars; volume is in round lots of 100 for
American shares and plain elsewhere; `high` and `low` are the only values scaled by `priceFactor`; options and
dead contracts fail with the words that a cold contract fails with.
"""

import re
import zlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.bars import seconds
from resources.simulator.market.calendars import venue
from resources.simulator.market.charts import Chart, chart
from resources.simulator.market.market import Market
from resources.simulator.market.paths import Floats
from resources.simulator.market.periods import parse_bar, parse_period

UNAVAILABLE = "Chart data unavailable"
NO_DATA = "No data."
STAMP = "%Y%m%d-%H:%M:%S"
ROUND_LOT = 100
COLD_ONE_IN = 10
WITHOUT_VOLUME = {"midpoint", "bid_ask"}


class Timed(Protocol):
    """What tells the present."""

    def now(self) -> datetime: ...


class Priced(Protocol):
    """What these routes need of a simulation."""

    @property
    def market(self) -> Market: ...
    @property
    def clock(self) -> Timed: ...
    @property
    def seed(self) -> int: ...


class HistoryState:
    """Which contracts' charts have been loaded in this session."""

    def __init__(self, seed: int, *, cold_history: bool = True) -> None:
        self._seed = seed
        self._cold_history = cold_history
        self._asked: set[int] = set()

    def warm_up(self, conid: int) -> bool:
        """Whether a chart can be served; one contract in ten fails on its first request."""
        ready = not self._cold_history or conid in self._asked or not self._is_slow(conid)
        self._asked.add(conid)
        return ready

    def forget(self) -> None:
        """A new session starts cold."""
        self._asked.clear()

    def _is_slow(self, conid: int) -> bool:
        return zlib.crc32(b"%d:%d" % (self._seed, conid)) % COLD_ONE_IN == 0


class UnreadableQueryError(ValueError):
    """A request that cannot be understood."""


def routes(simulation: Priced, state: HistoryState | None = None) -> list[Route]:
    """The history endpoint of a simulation."""
    memory = state or HistoryState(simulation.seed)
    return [Route("/iserver/marketdata/history", _endpoint(simulation, memory), methods=["GET"])]


def _endpoint(simulation: Priced, state: HistoryState) -> Callable[[Request], Awaitable[Response]]:
    async def history(request: Request) -> Response:
        query = request.query_params
        try:
            conid, end = _conid(query.get("conid")), _instant(query.get("startTime"))
        except UnreadableQueryError as refusal:
            return reply.error(400, f"Bad Request: {refusal}")
        instrument = simulation.market.instrument(conid)
        now = simulation.clock.now()
        if not state.warm_up(conid) or not _has_charts(instrument, now) or query.get("direction") == "1":
            return reply.error(500, UNAVAILABLE, status_code=False)
        assert instrument is not None
        page = answer(simulation.market, instrument, query, now=now, end=end)
        return reply.ok(page) if page else reply.error(500, NO_DATA, status_code=False)

    return history


def answer(
    market: Market, instrument: Instrument, query: Mapping[str, str], *, now: datetime, end: datetime | None
) -> dict[str, object] | None:
    """One reply; None when the window holds no bar."""
    span = parse_period(query.get("period"))
    size = parse_bar(query.get("bar"), span)
    found = chart(market, instrument, span=span, size=size, now=now, end=end)
    if not len(found.bars.start):
        return None
    volumes = _volumes(found, instrument, query.get("source", ""))
    return {
        "serverId": str(1000 + instrument.conid % 89_000),
        "symbol": instrument.symbol,
        "text": instrument.name,
        "priceFactor": instrument.ticks,
        "startTime": datetime.fromtimestamp(found.starts, UTC).strftime(STAMP),
        "high": _extreme(found, instrument, volumes, row=int(np.argmax(found.bars.high)), side=found.bars.high),
        "low": _extreme(found, instrument, volumes, row=int(np.argmin(found.bars.low)), side=found.bars.low),
        "timePeriod": query.get("period") or "1w",
        "barLength": size.said,
        "mdAvailability": "S",
        "mktDataDelay": 0,
        "outsideRth": query.get("outsideRth", "").lower() == "true",
        "tradingDayDuration": venue(instrument.exchange).minutes,
        "volumeFactor": volume_factor(instrument),
        "priceDisplayRule": 1,
        "priceDisplayValue": str(instrument.decimals),
        "negativeCapable": False,
        "messageVersion": 2,
        "data": _rows(found, volumes),
        "points": len(volumes) - 1,
        "travelTime": 2 + instrument.conid % 50,
    }


def volume_factor(instrument: Instrument) -> int:
    """Units in one of `v`."""
    return ROUND_LOT if instrument.asset_class == "STK" and instrument.is_us else 1


def _rows(found: Chart, volumes: list[float]) -> list[dict[str, float]]:
    bars = found.bars
    columns = (side.tolist() for side in (bars.open, bars.close, bars.high, bars.low))
    starts = (seconds(bars.start) * 1000).tolist()
    return [
        {"o": o, "c": c, "h": h, "l": l, "v": v, "t": t}
        for o, c, h, l, v, t in zip(*columns, volumes, starts, strict=True)  # noqa: E741
    ]


def _volumes(found: Chart, instrument: Instrument, source: str) -> list[float]:
    """Whole numbers without a point, others with all their digits."""
    if source.lower() in WITHOUT_VOLUME:
        return [0] * len(found.bars.start)
    lots: Floats = found.bars.volume / volume_factor(instrument)
    return [int(lot) if lot.is_integer() else lot for lot in lots.tolist()]


def _extreme(found: Chart, instrument: Instrument, volumes: list[float], *, row: int, side: Floats) -> str:
    """Scaled price, volume of its bar, and minutes from the chart's start."""
    minutes = (int(seconds(found.bars.start[row : row + 1])[0]) - found.starts) // 60
    return f"{round(float(side[row]) * instrument.ticks)}/{volumes[row]}/{minutes}"


def _has_charts(instrument: Instrument | None, now: datetime) -> bool:
    if instrument is None or instrument.asset_class == "OPT":
        return False
    return instrument.expiry is None or instrument.expiry >= now.date()


def _conid(text: str | None) -> int:
    found = re.fullmatch(r"(\d{1,18})(@\w+)?", text or "")
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
