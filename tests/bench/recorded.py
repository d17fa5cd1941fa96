"""Raw landings as the nightly run leaves them, made up here: real envelopes in a real lake.

Prices wander at random from a seed; shapes and sizes of the replies are the gateway's.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from resources.calendar.trading_days import TradingCalendar, trading_calendar
from resources.envelope import Envelope, Request
from resources.lake.resource import Lake

PROFILE = "bench"
LAST_DAY = date(2026, 11, 23)
BARS_PER_PAGE = 1000
FIRST_CONID = 100_000
HEADERS = {"Content-Type": "application/json", "Date": "Mon, 23 Nov 2026 23:30:00 GMT"}
HISTORY = "/iserver/marketdata/history"
MINUTES = 390


class Bar(NamedTuple):
    """A size of bars, as requests name it, and its length in replies."""

    name: str
    seconds: int


DAILY, MINUTELY = Bar("1d", 86_400), Bar("1min", 60)


def calendar() -> TradingCalendar:
    return trading_calendar("XNYS")


def lake_in(folder: Path) -> Lake:
    return Lake(root=str(folder), profile=PROFILE)


def land_history(folder: Path, *, contracts: int, bars: int, last: date = LAST_DAY) -> None:
    """Daily bars up to `last`, a thousand per reply, as one landing of that day."""
    days = calendar().between(date(1990, 1, 2), last)[-bars:]
    opens = [int(calendar().opens(day.item()).timestamp() * 1000) for day in days]
    conids = range(FIRST_CONID, FIRST_CONID + contracts)
    _land(
        lake_in(folder),
        "bars_1d",
        last,
        (page for conid in conids for page in _history_pages(conid, opens, DAILY, evening(last))),
    )


def land_minutes(folder: Path, *, contracts: int, days: int) -> None:
    """Minute bars of the last so many trading days, a thousand per reply, and where their contracts are listed."""
    lake, conids = lake_in(folder), range(FIRST_CONID, FIRST_CONID + contracts)
    listed = pa.table({"conid": conids, "listing_exchange": ["NYSE"] * contracts})
    lake.tables.write("instruments", "trading_day", LAST_DAY.isoformat(), listed)
    opens = [int(calendar().opens(day).timestamp() * 1000) for day in trading_days(days)]
    starts = [start + minute * 60_000 for start in opens for minute in range(MINUTES)]
    pages = (page for conid in conids for page in _history_pages(conid, starts, MINUTELY, evening(LAST_DAY)))
    _land(lake, "bars_1min", LAST_DAY, pages)


def land_positions(folder: Path, *, day: date, positions: int) -> None:
    """One account's positions, a hundred per reply, full pages read twice."""
    _land(lake_in(folder), "positions", day, _position_pages(positions, evening(day)))


def evening(day: date) -> datetime:
    """When a night's replies are received."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=23, minutes=30)


def trading_days(count: int) -> list[date]:
    """The last so many trading days, oldest first."""
    return [day.item() for day in calendar().between(date(2020, 1, 1), LAST_DAY)[-count:]]


def _land(lake: Lake, dataset: str, day: date, envelopes: Iterable[Envelope]) -> None:
    with lake.raw.landing(dataset, day.isoformat(), at=evening(day), run_id="benchmark") as landing:
        for envelope in envelopes:
            landing.append(envelope)


def _history_pages(conid: int, starts: list[int], size: Bar, at: datetime) -> Iterator[Envelope]:
    wanderer = np.random.default_rng(conid)
    count = len(starts)
    close = np.round(100 * np.exp(np.cumsum(wanderer.normal(0, 0.01, count))), 2)
    first = np.round(close * (1 + wanderer.normal(0, 0.005, count)), 2)
    high = np.round(np.maximum(first, close) * 1.005, 2)
    low = np.round(np.minimum(first, close) * 0.995, 2)
    volume = np.round(wanderer.lognormal(10, 1, count), 2)
    columns = (side.tolist() for side in (first, close, high, low, volume))
    bars = [dict(zip(("o", "c", "h", "l", "v", "t"), bar, strict=True)) for bar in zip(*columns, starts, strict=True)]
    for start in range(0, count, BARS_PER_PAGE):
        part = bars[start : start + BARS_PER_PAGE]
        query = {"conid": str(conid), "period": f"{BARS_PER_PAGE}d", "bar": size.name, "outsideRth": "false"}
        query["startTime"] = f"{datetime.fromtimestamp(part[-1]['t'] / 1000, UTC) + timedelta(days=1):%Y%m%d-12:00:00}"
        yield _envelope(HISTORY, query, _history_reply(conid, part, size), at)


def _history_reply(conid: int, bars: list[dict[str, Any]], size: Bar) -> dict[str, Any]:
    return {
        "serverId": str(conid),
        "symbol": f"S{conid}",
        "text": f"COMPANY {conid}",
        "priceFactor": 100,
        "startTime": f"{datetime.fromtimestamp(bars[0]['t'] / 1000, UTC):%Y%m%d-%H:%M:%S}",
        "high": "11000/100.0/0",
        "low": "9000/100.0/0",
        "timePeriod": "1000d",
        "barLength": size.seconds,
        "mdAvailability": "S",
        "mktDataDelay": 0,
        "outsideRth": False,
        "tradingDayDuration": 390,
        "volumeFactor": 100,
        "priceDisplayRule": 1,
        "priceDisplayValue": "2",
        "negativeCapable": False,
        "messageVersion": 2,
        "data": bars,
        "points": len(bars) - 1,
        "travelTime": 12,
    }


def _position_pages(positions: int, at: datetime) -> Iterator[Envelope]:
    wanderer = np.random.default_rng(at.toordinal())
    rows = [_position(FIRST_CONID + number, wanderer) for number in range(positions)]
    for start in range(0, positions + 1, 100):
        reply = rows[start : start + 100]
        for _ in range(2 if len(reply) == 100 else 1):
            yield _envelope(f"/portfolio/U1234567/positions/{start // 100}", {}, reply, at)


def _position(conid: int, wanderer: np.random.Generator) -> dict[str, Any]:
    price = round(float(wanderer.uniform(5, 500)), 2)
    quantity = int(wanderer.integers(1, 1000))
    return {
        "acctId": "U1234567",
        "conid": conid,
        "contractDesc": f"S{conid}",
        "position": quantity,
        "mktPrice": price,
        "mktValue": round(price * quantity, 2),
        "currency": "USD",
        "avgCost": round(price * 0.9, 2),
        "avgPrice": round(price * 0.9, 2),
        "realizedPnl": 0.0,
        "unrealizedPnl": round(price * quantity * 0.1, 2),
        "exchs": None,
        "expiry": None,
        "putOrCall": None,
        "multiplier": None,
        "strike": 0.0,
        "exerciseStyle": None,
        "conExchMap": [],
        "assetClass": "STK",
        "undConid": 0,
        "model": "",
    }


def _envelope(path: str, query: dict[str, str], reply: Any, at: datetime) -> Envelope:
    return Envelope(Request("GET", path, query), 200, HEADERS, orjson.dumps(reply), at, "benchmark")
