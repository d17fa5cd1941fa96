"""Which bars a chart shows at an instant: its window, what is finished, and where it starts.

Belongs here: the rules below, on top of any market. Does not: the words for periods (`periods.py`), the
reply's shape (`routes/history.py`).

Seen live. Without an end the chart reaches the bar that still moves. With an end, daily bars stop on the
trading day before the end's local date, and the last intraday bar before the end is missing. Whatever the
window, the newest 1,000 bars are kept and nothing says so. A chart of `n` days starts with the first of
n trading days, says so, and has no bar of that one: "10d" are nine bars, "30d" are 29, only "1d" is one (every
recorded chart of days is so; a client that needs n days asks for a few more).

Weeks and months: the earliest bar begins on any day of its period, whatever the window's first day is, so there can be
one more than were asked for; the last is that of the period in which the window ends, or of the one before (`long.py`).

A bar exists once its first minute has ended; it is made of finished minutes, so nothing of the future shows.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from resources.simulator.calendars import Hours, hours, midnight
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market import long
from resources.simulator.market.bars import by_minutes, by_period, join, month, pick, seconds, week, whole
from resources.simulator.market.market import MINUTE, RECENT, Bars
from resources.simulator.market.periods import DAY, FALLBACK_MINUTES, WEEK, Size, Span
from resources.simulator.market.views import View, Views

CEILING = 1000
WORTH_KEEPING = 600  # seconds of a bar: from here on a page needs so many days that they are kept
SHORT_SESSION = 180  # minutes; no trading day is shorter
WEEKENDS = 1.6  # calendar days per trading day, with room for holidays


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, and the instant that the reply calls its start (seconds since 1970)."""

    bars: Bars
    starts: int


def chart(
    views: Views,
    instrument: Instrument,
    *,
    span: Span,
    size: Size,
    now: datetime,
    end: datetime | None,
    extended: bool = False,
) -> Chart:
    """The newest bars of a window that ends at `end`, or that reaches the present; possibly none."""
    seen = views.of(instrument, extended=extended)
    span = span if size.known else FALLBACK
    window = Window(views, instrument, hours(instrument.exchange), seen, span, size, now, end)
    return window.intraday() if size.seconds < DAY else window.daily()


FALLBACK = Span(FALLBACK_MINUTES, "min")


@dataclass(frozen=True, slots=True)
class Window:
    """One chart to be drawn."""

    views: Views
    instrument: Instrument
    here: Hours
    seen: View
    span: Span
    size: Size
    now: datetime
    end: datetime | None

    def daily(self) -> Chart:
        """Days, or weeks and months made of them."""
        latest = self._latest()
        days = self._days(min(latest, self._today()), per_bar=self.size.seconds // DAY)
        if not days:
            return Chart(join([]), 0)
        bars = self._moving(self.seen.daily(days[0], days[-1]), days[-1])
        if self.size.seconds > DAY:
            bars = self._begun_by_the_end(by_period(bars, days, self._period))
        kept = pick(bars, slice(-self._wanted(), None))
        return Chart(kept, self._starts(kept, days) if len(kept.start) else 0)

    def _begun_by_the_end(self, bars: Bars) -> Bars:
        """Without a week or month whose first day comes after the window's end, such as January on New Year's Day."""
        if self.end is None:
            return bars
        return pick(bars, slice(int(np.sum(seconds(bars.start) <= self.end.timestamp()))))

    def _latest(self) -> date:
        """The last day that a chart of days, weeks or months shows."""
        if self.end is None:
            return self._today()
        if self.size.seconds == DAY or self.end > self.now:
            return self.here.local_day(self.end) - timedelta(days=1)
        return long.last_day(self.instrument.conid, self.here.local_day(self.end), self._period)

    @property
    def _period(self) -> long.Period:
        return week if self.size.seconds == WEEK else month

    def intraday(self) -> Chart:
        """Minutes, or bars made of them that never reach across days."""
        parts: list[Bars] = []
        minutes, count, wanted = self.span.minutes, 0, self._wanted()
        for day in reversed(self._days(self._until() + timedelta(days=1), per_bar=1)):
            if minutes is None:
                parts.append(self._until_the_end(self._whole(day)))
            else:
                finished = self._before_the_end(self._finished(day))
                finished = pick(finished, slice(max(0, len(finished.start) - minutes), None))
                minutes -= len(finished.start)
                parts.append(self._until_the_end(self._sized(finished, day)))
            count += len(parts[-1].start)
            if count >= wanted or minutes == 0:
                break
        kept = pick(join(parts[::-1]), slice(-wanted, None))
        return Chart(kept, int(seconds(kept.start[:1])[0]) if count else 0)

    def _wanted(self) -> int:
        return self.span.count if self.span.unit == "bars" else CEILING

    def _days(self, last: date, *, per_bar: int) -> list[date]:
        """The window's trading days that have begun."""
        first = self._first(last, per_bar)
        days = self.views.market.trading_days(self.instrument, first, last)
        while days and not self._begun(days[-1]):
            days.pop()
        return days[-self._shown() :] if self.span.unit == "d" else days

    def _shown(self) -> int:
        """How many of a window's trading days have bars."""
        return max(1, self.span.count - 1) if self.size.seconds >= DAY else self.span.count

    def _first(self, last: date, per_bar: int) -> date:
        if self.span.unit in {"w", "m", "y"}:
            first = self.span.begins(min(last, self._until()))
            return long.first_day(self.instrument.conid, first, self._period) if per_bar > 1 else first
        hours = (self.span.minutes or 0) // SHORT_SESSION
        wanted = {"d": self.span.count, "bars": self.span.count * per_bar}.get(self.span.unit, hours)
        return last - timedelta(days=int(wanted * WEEKENDS)) - 2 * RECENT

    def _until(self) -> date:
        """The local date on which the window ends."""
        return self.here.local_day(self.now if self.end is None else min(self.now, self.end))

    def _today(self) -> date:
        """Tomorrow's date on purpose: a session may begin the evening before its day."""
        return self.here.local_day(self.now) + timedelta(days=1)

    def _begun(self, day: date) -> bool:
        cut = self.now if self.end is None or self.size.seconds >= DAY else min(self.now, self.end)
        return self.seen.session(day)[0] + MINUTE <= cut.timestamp()

    def _finished(self, day: date) -> Bars:
        """The minutes of a day that have ended."""
        minutes = self.seen.minutes(day)
        return pick(minutes, slice(int(np.sum(seconds(minutes.start) + MINUTE <= self.now.timestamp()))))

    def _whole(self, day: date) -> Bars:
        """All that has been traded on a day in bars of the wanted size."""
        over = self.seen.session(day)[1] <= self.now.timestamp()
        if over and self.size.seconds >= WORTH_KEEPING:
            return self.views.sized(self.instrument, day, self.size.seconds // MINUTE, extended=self.seen.extended)
        return self._sized(self._finished(day), day)

    def _before_the_end(self, minutes: Bars) -> Bars:
        """A window of minutes or hours is counted back from its end, wherever in a session that is."""
        if self.end is None:
            return minutes
        return pick(minutes, slice(int(np.sum(seconds(minutes.start) + MINUTE <= self.end.timestamp()))))

    def _sized(self, minutes: Bars, day: date) -> Bars:
        return by_minutes(minutes, self.size.seconds // MINUTE, self.here.offset(day))

    def _until_the_end(self, bars: Bars) -> Bars:
        """Without those that do not end before the chart does."""
        if self.end is None:
            return bars
        return pick(bars, slice(int(np.sum(seconds(bars.start) + self.size.seconds < self.end.timestamp()))))

    def _moving(self, bars: Bars, last: date) -> Bars:
        """The bars with the last one cut to what has happened, while its session runs."""
        if self.seen.session(last)[1] <= self.now.timestamp():
            return bars
        return join([pick(bars, slice(-1)), whole(self._finished(last))])

    def _starts(self, bars: Bars, days: list[date]) -> int:
        starts = int(seconds(bars.start)[0])
        if self.span == Span(1, "d"):
            return starts
        long = self.size.seconds > DAY
        first = datetime.fromtimestamp(starts, UTC).date() if long else days[-len(bars.start)]
        before = self.views.market.trading_days(self.instrument, first - RECENT, first - timedelta(days=1))
        if not before:
            return starts
        return midnight(before[-1]) if long else self.seen.session(before[-1])[0]
