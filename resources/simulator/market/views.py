"""A contract's trading day as a chart sees it: the regular session, or everything around it too.

Belongs here: which hours and bars belong to a day in either view. Does not: windows over days (`charts.py`).

American shares trade from 04:00 to 20:00 in New York (four hours after the close, on a short day too). What
happens around the session hangs on the day's own bar and on its draws alone, never on the next day: after the
close a price drifts off it, before the opening it walks from there to near the opening price. The regular
bars are the same in both views.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Protocol

import numpy as np

from resources.simulator.calendars import hours, venue
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market import minutes
from resources.simulator.market.bars import by_minutes, join, seconds
from resources.simulator.market.dice import drawn
from resources.simulator.market.market import MINUTE, RECENT, Bars, Instants, Market
from resources.simulator.market.paths import Floats, Ints
from resources.simulator.market.prices import Daily
from resources.simulator.market.splits import Adjusted
from resources.simulator.noise import noise

BEFORE, AFTER = 330, 240  # minutes
WHOLE_DAY = 24 * 60  # what the wire calls the length of a day with all its hours
AROUND_THE_CLOCK = 23 * 60  # sessions from here on are such days
DRIFT, APPROACH, REACH = 0.3, 0.1, 0.15  # of the day's range
SHARE = 0.04  # of the day's volume, at most, on each side
EVENING, MORNING = 1, 2  # which noise
KEPT_DAYS = 4096


class View(Protocol):
    """What a chart asks of a contract's days."""

    @property
    def extended(self) -> bool:
        """Whether there is more than the regular session in it."""
        ...

    @property
    def duration(self) -> int:
        """Minutes of a usual day."""
        ...

    def session(self, day: date) -> tuple[int, int]:
        """Beginning and end, as seconds since 1970."""
        ...

    def daily(self, first: date, last: date) -> Bars:
        """One bar per trading day."""
        ...

    def minutes(self, day: date) -> Bars:
        """The minutes that add up to it."""
        ...


class Views:
    """The views of one market's contracts, and the memory of bars that were put together from minutes."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._sized = lru_cache(maxsize=KEPT_DAYS)(self._add_up)
        self._after: dict[tuple[int, int], Views] = {}

    def told(self, instrument: Instrument, at: datetime) -> "Views":
        """The views as charts of an instant show them: in its shares, where there were splits."""
        adjusted = Adjusted(self.market, at)
        done = len(adjusted.splits(instrument))
        if done and (instrument.conid, done) not in self._after:
            self._after[instrument.conid, done] = Views(adjusted)
        return self._after[instrument.conid, done] if done else self

    def of(self, instrument: Instrument, *, extended: bool = False) -> View:
        """The view that was asked for, as far as the contract has one."""
        return view(self.market, instrument, extended=extended)

    def sized(self, instrument: Instrument, day: date, size: int, *, extended: bool) -> Bars:
        """Bars of `size` minutes of a whole day."""
        return self._sized(instrument, day, size, extended)

    def _add_up(self, instrument: Instrument, day: date, size: int, extended: bool) -> Bars:
        found = self.of(instrument, extended=extended).minutes(day)
        return by_minutes(found, size, hours(instrument.exchange).offset(day))


def view(market: Market, instrument: Instrument, *, extended: bool = False) -> View:
    """One contract's days with all their hours, if those were asked for and it has more than the regular ones."""
    american = instrument.asset_class == "STK" and instrument.is_us
    return (AllHours if extended and american else RegularHours)(market, instrument)


class RegularHours:
    """The sessions of the exchange and nothing else."""

    extended = False

    def __init__(self, market: Market, instrument: Instrument) -> None:
        self._market = market
        self._instrument = instrument
        self._here = hours(instrument.exchange)

    @property
    def duration(self) -> int:
        minutes = venue(self._instrument.exchange).minutes
        return minutes if minutes < AROUND_THE_CLOCK else WHOLE_DAY

    def session(self, day: date) -> tuple[int, int]:
        return self._here.session(day)

    def daily(self, first: date, last: date) -> Bars:
        return self._market.daily(self._instrument, first, last)

    def minutes(self, day: date) -> Bars:
        return self._market.minutes(self._instrument, day)


class AllHours(RegularHours):
    """The session, what comes before it and what comes after."""

    extended = True

    @property
    def duration(self) -> int:
        return WHOLE_DAY

    def session(self, day: date) -> tuple[int, int]:
        opens, closes = self._here.session(day)
        return opens - BEFORE * MINUTE, closes + AFTER * MINUTE

    def daily(self, first: date, last: date) -> Bars:
        regular = super().daily(first, last)
        if not len(regular.start):
            return regular
        morning, evening = self._around(first, last)
        return Bars(
            Instants(seconds(regular.start) - BEFORE * MINUTE),
            morning.open,
            np.maximum(np.maximum(morning.high, regular.high), evening.high),
            np.minimum(np.minimum(morning.low, regular.low), evening.low),
            evening.close,
            morning.volume + regular.volume + evening.volume,
        )

    def minutes(self, day: date) -> Bars:
        regular = super().minutes(day)
        if not len(regular.start):
            return regular
        morning, evening = self._around(day, day)
        begins, ends = self.session(day)
        before = self._cut(morning, begins, BEFORE, (MORNING, day.toordinal()))
        after = self._cut(evening, ends - AFTER * MINUTE, AFTER, (EVENING, day.toordinal()))
        return join([before, regular, after])

    def _around(self, first: date, last: date) -> tuple[Daily, Daily]:
        """What was traded before the opening and after the close of each day."""
        days = self._market.trading_days(self._instrument, first - RECENT, last)
        found = self._market.daily(self._instrument, first - RECENT, last)
        regular = Daily(found.open, found.high, found.low, found.close, found.volume)
        shown = sum(day >= first for day in days)
        ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
        evening = self._evening(regular, ordinals)
        opening = np.concatenate([regular.open[:1], evening.close[:-1]])
        morning = self._morning(regular, opening, ordinals)
        return Daily(*(side[-shown:] for side in morning)), Daily(*(side[-shown:] for side in evening))

    def _evening(self, day: Daily, at: Ints) -> Daily:
        close = day.close + self._swing(at, 10) * DRIFT * (day.high - day.low)
        return self._stretch(day, day.close, close, at, question=11)

    def _morning(self, day: Daily, opening: Floats, at: Ints) -> Daily:
        close = day.open + self._swing(at, 20) * APPROACH * (day.high - day.low)
        return self._stretch(day, opening, close, at, question=21)

    def _stretch(self, day: Daily, opening: Floats, closing: Floats, at: Ints, *, question: int) -> Daily:
        least = 1 / self._instrument.ticks
        closing = np.maximum(self._placed(closing), least)
        draw = [drawn(self._instrument.conid, at, question + step) for step in range(3)]
        reach = REACH * (day.high - day.low)
        top, bottom = np.maximum(opening, closing), np.minimum(opening, closing)
        high = np.maximum(self._placed(top + reach * draw[0]), top)
        low = np.minimum(np.maximum(self._placed(bottom - reach * draw[1]), least), bottom)
        return Daily(opening, high, low, closing, np.rint(day.volume * SHARE * (0.25 + 0.75 * draw[2])))

    def _swing(self, at: Ints, question: int) -> Floats:
        return drawn(self._instrument.conid, at, question) * 2 - 1

    def _placed(self, prices: Floats) -> Floats:
        return minutes.on_tick(prices, self._instrument.ticks)

    def _cut(self, whole: Daily, begins: int, count: int, key: tuple[int, int]) -> Bars:
        day = minutes.Day(*(float(side[-1]) for side in whole))
        source = noise(self._instrument.conid, *key)
        parts = minutes.cut(day, count, ticks=self._instrument.ticks, noise=source)
        return Bars(Instants(begins + MINUTE * np.arange(count, dtype=np.int64)), *parts)
