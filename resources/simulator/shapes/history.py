"""Wire shape of a page of bars.

Belongs here: pure functions from a chart to JSON values. Does not: which bars (`market/charts.py`), the query
(`routes/history.py`).

Quirks kept on purpose: `points` is one less than the number of bars; `high` and `low` are the only values
scaled by `priceFactor`; the amounts of dividends stand in a string. Builds of 2022 and 2023 left out
`tradingDayDuration`, said `volumeFactor` 1 whatever the lot, and D for late data (all recorded replies).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from resources.simulator.accounts.dividends import Dividend
from resources.simulator.calendars import hours
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market import spreads
from resources.simulator.market.bars import seconds
from resources.simulator.market.charts import Chart
from resources.simulator.market.lots import SAYING
from resources.simulator.market.market import Bars
from resources.simulator.market.paths import Floats

STAMP = "%Y%m%d-%H:%M:%S"
WITHOUT_VOLUME = {"midpoint", "bid_ask"}


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands around the bars."""

    period: str
    bar_length: int
    outside: bool
    duration: int  # minutes of a usual day
    delay: int
    lot: int
    build: int
    dividends: Sequence[Dividend]
    asked: datetime | None  # the end that was asked for


def page(found: Chart, instrument: Instrument, heading: Heading, source: str) -> dict[str, object]:
    """One reply."""
    bars = _of(source.lower(), found.bars, instrument)
    volumes = _volumes(bars, heading.lot, source)
    recorded = heading.build < SAYING
    return {
        "serverId": str(1000 + instrument.conid % 89_000),
        "symbol": instrument.symbol,
        "text": instrument.name,
        "priceFactor": instrument.ticks,
        **_annotations(found, instrument, heading.dividends),
        "startTime": stamp(found.starts),
        "high": _extreme(found, instrument, volumes, row=int(np.argmax(bars.high)), side=bars.high),
        "low": _extreme(found, instrument, volumes, row=int(np.argmin(bars.low)), side=bars.low),
        "timePeriod": heading.period,
        "barLength": heading.bar_length,
        "mdAvailability": "D" if recorded and heading.delay else "S",
        "mktDataDelay": heading.delay,
        "outsideRth": heading.outside,
        **({} if recorded else {"tradingDayDuration": heading.duration}),
        "volumeFactor": 1 if recorded else heading.lot,
        "priceDisplayRule": 1,
        "priceDisplayValue": str(instrument.decimals),
        **_panned(None if recorded else heading.asked),
        "negativeCapable": False,
        "messageVersion": 2,
        "data": rows(bars, volumes),
        "points": len(volumes) - 1,
        "travelTime": 2 + instrument.conid % 50,
    }


def rows(bars: Bars, volumes: Sequence[float]) -> list[dict[str, float]]:
    """The bars themselves."""
    columns = (side.tolist() for side in (bars.open, bars.close, bars.high, bars.low))
    starts = (seconds(bars.start) * 1000).tolist()
    return [
        {"o": o, "c": c, "h": h, "l": l, "v": v, "t": t}
        for o, c, h, l, v, t in zip(*columns, volumes, starts, strict=True)  # noqa: E741
    ]


def stamp(second: int) -> str:
    """An instant in UTC as text."""
    return datetime.fromtimestamp(second, UTC).strftime(STAMP)


def _of(source: str, bars: Bars, instrument: Instrument) -> Bars:
    """Trades, or their bids and asks: low and opening from the bids, high and closing from the asks."""
    if source != "bid_ask":
        return bars
    above, below = (spreads.ask(instrument, bars.high), spreads.bid(instrument, bars.low))
    first, last = spreads.bid(instrument, bars.open), spreads.ask(instrument, bars.close)
    return replace(bars, open=first, close=last, high=above, low=below)


def _volumes(bars: Bars, lot: int, source: str) -> list[float]:
    """Whole numbers without a point, others with all their digits."""
    if source.lower() in WITHOUT_VOLUME:
        return [0] * len(bars.start)
    return [int(lots) if lots.is_integer() else lots for lots in (bars.volume / lot).tolist()]


def _extreme(found: Chart, instrument: Instrument, volumes: list[float], *, row: int, side: Floats) -> str:
    """Scaled price, volume of its bar, and minutes from the chart's start."""
    return f"{round(float(side[row]) * instrument.ticks)}/{volumes[row]}/{_minutes(found, row)}"


def _annotations(found: Chart, instrument: Instrument, dividends: Sequence[Dividend]) -> dict[str, object]:
    """Each dividend at the bar of its day."""
    starts, here = seconds(found.bars.start), hours(instrument.exchange)
    placed = [(paid, int(np.searchsorted(starts, here.session(paid.day)[0], side="right")) - 1) for paid in dividends]
    marks = [f"x/D {round(paid.amount, 4):g}/{_minutes(found, row)};" for paid, row in placed if row >= 0]
    return {"chartAnnotations": "".join(marks)} if marks else {}


def _minutes(found: Chart, row: int) -> int:
    return (int(seconds(found.bars.start[row : row + 1])[0]) - found.starts) // 60


def _panned(asked: datetime | None) -> dict[str, object]:
    return {"chartPanStartTime": asked.strftime(STAMP), "direction": -1} if asked else {}
