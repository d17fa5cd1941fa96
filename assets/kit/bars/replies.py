"""What replies of bars tell of trading days: which were asked for, and which came. No network.

Belongs here: reading a window back from a request and its reply, of any bar size. Does not: planning windows
(`windows.py`), what follows from a day without a bar (`coverage.py`).

Only what a reply surely tells counts. One that was cut at the ceiling tells nothing of the days before its first bar,
and no reply tells of a day that had not closed. A refusal for lack of data is what a cold gateway says as well, three
times in a row: all of one landing count as one.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from assets.kit.bars.coverage import Asked, Reply
from assets.kit.bars.daily import trading_days
from assets.kit.bars.known import known_at
from assets.kit.bars.periods import starts_of, told
from assets.kit.bars.windows import BARS_PER_REQUEST, SLACK, STAMP
from assets.kit.shape import ShapeError
from resources.calendar.hours import days_of, latest_ended
from resources.calendar.periods import Periods
from resources.calendar.trading_days import FIRST_DAY, Days, TradingCalendar
from resources.envelope import Envelope
from resources.gateway.endpoint import Page
from resources.gateway.errors import GatewayError, NoData
from resources.gateway.wire import decipher
from resources.lake.raw import RawStore

HISTORY = "/iserver/marketdata/history"
SECONDS = {"min": 60, "h": 3_600, "d": 86_400, "w": 604_800, "m": 2_678_400}
CALENDAR_DAYS = {"w": 7, "m": 30, "y": 365}
LONGEST_LANDING = timedelta(days=1)
Sessions = TradingCalendar | Periods
"""What bars are expected of: trading days, or weeks or months, each known by its first."""
CalendarOf = Callable[[int], Sessions | None]


def asked_since(
    raw: RawStore, dataset: str, since: datetime | None, calendar_of: CalendarOf
) -> Iterator[tuple[int, Asked]]:
    """What each reply later than `since` tells of its contract, in the order of receipt; each reply once."""
    found: dict[tuple[Any, ...], tuple[int, Asked]] = {}
    for partition in raw.partitions(dataset):
        for path in raw.files(dataset, partition):
            if since is not None and _opened(path.name) < since - LONGEST_LANDING:
                continue
            file, times = f"{dataset}/{partition}/{path.name}", Counter[tuple[Any, ...]]()
            for envelope in raw.read(path):
                if envelope.request.path != HISTORY or (since is not None and envelope.received_at <= since):
                    continue
                conid = int(envelope.request.query["conid"])
                calendar = calendar_of(conid)
                asked = None if calendar is None else told_by(envelope, file, calendar)
                if asked is not None:
                    found[_identity(envelope, file, times)] = conid, asked
    yield from sorted(found.values(), key=lambda one: one[1].reply.at)


def told_by(envelope: Envelope, file: str, calendar: Sessions) -> Asked | None:
    """What one reply tells of the trading days it was asked for; None if nothing."""
    query = envelope.request.query
    seconds = _seconds(query.get("bar", ""))
    try:
        reply = decipher(envelope.request, envelope.status, envelope.body)
    except NoData:
        reply = {"data": []}
    except GatewayError:
        return None
    bars = reply.get("data") if isinstance(reply, dict) else None
    if seconds is None or not isinstance(bars, list) or reply.get("barLength", seconds) != seconds:
        return None
    starts = np.array([bar["t"] for bar in bars if isinstance(bar, dict) and isinstance(bar.get("t"), int)], dtype="i8")
    end = _end(query)
    if len(starts) != len(bars) or (end is not None and len(starts) and starts[-1] > end.timestamp() * 1000):
        return None  # bars that the table rejects
    pointer = Reply(envelope.received_at, file, envelope.sha256)
    if isinstance(calendar, Periods):
        says = told(starts_of(bars), query, known_at(envelope, reply), calendar)
        return None if says.first > says.last else Asked(says.first, says.last, says.got, pointer)
    got = _days(starts, seconds, calendar)
    last = _last(end, envelope.received_at, seconds, calendar)
    first = _first(query.get("period", ""), last, got, len(bars), calendar)
    return None if first is None or first > last else Asked(first, last, got, pointer)


def require_before_the_end(page: Page, bars: Sequence[Any]) -> None:
    """Bars later than the end of the window that was asked for are another window's."""
    end = _end(page.params)
    if end is None or not bars:
        return
    last = bars[-1].get("t")
    if isinstance(last, int) and last > end.timestamp() * 1000:
        raise ShapeError(f"the window was to end at {page.params['startTime']}, and bars after that came")


def _identity(envelope: Envelope, file: str, times: Counter[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Equal for what is one asking: copies of a reply that a later try took over, refusals of one landing.

    A reply's time is of whole seconds, so the same question can be answered twice in the same words at one time.
    """
    if envelope.status != 200:
        return (envelope.request.key, file)
    told = (envelope.request.key, envelope.received_at, envelope.sha256)
    times[told] += 1
    return (*told, times[told])


def _opened(name: str) -> datetime:
    return datetime.strptime(name.split("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _seconds(bar: str) -> int | None:
    found = re.fullmatch(r"(\d+)(min|h|d|w|m)", bar)
    return int(found[1]) * SECONDS[found[2]] if found else None


def _end(query: Any) -> datetime | None:
    asked = query.get("startTime")
    return None if asked is None else datetime.strptime(asked, STAMP).replace(tzinfo=UTC)


def _days(starts: Any, seconds: int, calendar: TradingCalendar) -> Days:
    """The trading days of bars."""
    instants = starts.astype("datetime64[ms]").astype("datetime64[s]")
    if seconds == SECONDS["d"]:
        return np.unique(trading_days(instants, calendar))
    days = days_of(instants, calendar)
    return np.unique(days[~np.isnat(days)])


def _last(end: datetime | None, received_at: datetime, seconds: int, calendar: TradingCalendar) -> date:
    """The last trading day whose bar the window reaches; of daily bars that is the day before its end."""
    closed, _ = latest_ended(calendar, received_at)
    if end is None:
        return closed
    reached = end.date() - timedelta(days=1) if seconds == SECONDS["d"] else latest_ended(calendar, end)[0]
    return min(closed, reached)


def _first(period: str, last: date, got: Days, bars: int, calendar: TradingCalendar) -> date | None:
    """The first trading day that was asked for and answered; None if no whole day was."""
    began: date | None = got[0].item() if len(got) else None
    found = re.fullmatch(r"(\d+)([dwmy])", period)
    if bars >= BARS_PER_REQUEST - SLACK or found is None:
        return began
    count, unit = int(found[1]), found[2]
    if unit == "d":
        days = max(1, min(count, BARS_PER_REQUEST) - SLACK)
        sessions = calendar.between(date.fromisoformat(FIRST_DAY), last)[-days:]
        if len(got) >= days or not len(sessions):
            return began
        reached: date = sessions[0].item()
    else:
        reached = last - timedelta(days=max(0, count * CALENDAR_DAYS[unit] - 7))
    return reached if began is None else min(began, reached)
