"""What the market says of one contract while one of its sessions is the latest that has begun.

Belongs here: numbers of one contract, from days before and from minutes that have ended. Does not: comparing
contracts (`sheet.py`), names of scans.

The days before are read once per session; within it an instant only picks a minute. A session that is over is
told by its daily bar, so that in the evening no minutes are needed.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np

from resources.simulator.accounts import terms
from resources.simulator.accounts.marks import weekday_from
from resources.simulator.calendars import hours
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.bars import seconds
from resources.simulator.market.market import MINUTE, RECENT, Bars, Market
from resources.simulator.market.paths import Floats, Ints

YEAR = timedelta(days=366)
AVERAGED = 90  # trading days in an average volume
RANGED = 10  # trading days in an average range
WEEKS = {"13w": 65, "26w": 130, "52w": 252}  # trading days
SPANS = (12, 20, 26, 50, 100, 200)  # of exponential averages
RECENT_MINUTES = (1, 3, 5, 10)
LATEST = ("open", "high", "low", "last", "volume", *(f"volume{count}" for count in RECENT_MINUTES), "traded_today")
EARLIER = (
    "close",
    "average_volume",
    "average_change",
    "average_range",
    "dividends",
    *(f"{side}_{weeks}" for weeks in WEEKS for side in ("high", "low")),
    *(f"ema{span}" for span in SPANS),
)


@dataclass(frozen=True, slots=True)
class Minutes:
    """Running totals of a session, minute by minute."""

    ends: Ints
    open: float
    high: Floats
    low: Floats
    last: Floats
    volume: Floats


@dataclass(slots=True)
class Standing:
    """One contract in one session. `until` is when the next session's first minute ends."""

    instrument: Instrument
    day: date
    until: float
    earlier: Sequence[float]  # parallel to EARLIER
    whole: Sequence[float]  # open, high, low, close and volume of the complete session
    minutes: Minutes | None = None

    def latest(self, market: Market, now: float, today: date) -> tuple[float, ...]:
        """What is known at an instant; parallel to LATEST."""
        on_the_day = float(self.day == today)
        if now >= hours(self.instrument.exchange).session(self.day)[1]:
            return (*self.whole, *(0.0 for _ in RECENT_MINUTES), on_the_day)
        if self.minutes is None:
            self.minutes = _running(market.minutes(self.instrument, self.day))
        run = self.minutes
        row = max(0, int(np.searchsorted(run.ends, now, side="right")) - 1)
        volumes = (run.volume[row] - (run.volume[row - count] if row >= count else 0.0) for count in RECENT_MINUTES)
        sides = (run.open, run.high[row], run.low[row], run.last[row], run.volume[row])
        return (*map(float, sides), *map(float, volumes), on_the_day)


def standing(market: Market, instrument: Instrument, at: datetime) -> Standing | None:
    """The contract's latest session at an instant; None when it has not traded lately or has expired."""
    here = hours(instrument.exchange)
    today = here.local_day(at)
    days = market.trading_days(instrument, today - YEAR, today + RECENT)
    begun = [here.session(day)[0] + MINUTE for day in days[-2 * RECENT.days :]]
    ahead = sum(1 for instant in begun if instant > at.timestamp())
    past = days[: len(days) - ahead]
    expired = instrument.expiry is not None and instrument.expiry < today
    if not past or expired or past[-1] < today - RECENT:
        return None
    bars = market.daily(instrument, past[0], past[-1])
    until = begun[len(begun) - ahead] if ahead else float("inf")
    whole = [float(side[-1]) for side in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
    return Standing(instrument, past[-1], until, _earlier(instrument, past[:-1], bars), whole)


def _running(bars: Bars) -> Minutes:
    return Minutes(
        seconds(bars.start) + MINUTE,
        float(bars.open[0]),
        np.maximum.accumulate(bars.high),
        np.minimum.accumulate(bars.low),
        bars.close,
        np.cumsum(bars.volume),
    )


def _earlier(instrument: Instrument, days: Sequence[date], bars: Bars) -> list[float]:
    """What the sessions before the latest one say; nothing when there are none."""
    if not days:
        return [float("nan")] * len(EARLIER)
    high, low, close, volume = (side[:-1] for side in (bars.high, bars.low, bars.close, bars.volume))
    extremes = ((high[-count:].max(), low[-count:].min()) for count in WEEKS.values())
    changes = np.abs(np.diff(close[-AVERAGED:]))
    found = [
        close[-1],
        volume[-AVERAGED:].mean(),
        changes.mean() if changes.size else float("nan"),
        (high - low)[-RANGED:].mean(),
        _dividends(instrument, days, close),
        *(side for pair in extremes for side in pair),
        *(close @ _weights(span, close.size) for span in SPANS),
    ]
    return [float(value) for value in found]


@lru_cache(maxsize=4096)
def _weights(span: int, count: int) -> Floats:
    """What each of `count` closes, oldest first, adds to an exponential average that began with the first."""
    alpha = 2 / (span + 1)
    weights = alpha * (1 - alpha) ** np.arange(count - 1, -1, -1, dtype=np.float64)
    weights[0] = (1 - alpha) ** (count - 1)
    return weights


def _dividends(instrument: Instrument, days: Sequence[date], close: Floats) -> float:
    """What one unit was paid in the twelve months before."""
    if instrument.asset_class != "STK":
        return 0.0
    first, months = (
        days[-1] - timedelta(days=365),
        [days[-1].year * 12 + days[-1].month - 1 - back for back in range(13)],
    )
    paydays = [weekday_from(date(count // 12, count % 12 + 1, 15)) for count in months]
    return sum(
        terms.distribution(instrument, payday, float(close[max(0, bisect_right(days, payday) - 1)]))
        for payday in paydays
        if first < payday <= days[-1]
    )
