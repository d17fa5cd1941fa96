"""Asks for bars until each missing one was answered, in the fewest requests.

Belongs here: what is planned, and what a reply of intraday bars leaves to ask. Does not: how it is sent (the dataset's
file), which windows are fewest (`windows.py`).

A reply of almost a thousand bars was clipped, and nothing says so: what lies before its first is asked for next. One
that is shorter and begins later than asked reached the beginning of what there is, unless it holds about as many
calendar days as trading days were asked for: a gateway that counts those has more. A trading day that the exchange was
open and that has no bar at all is asked for a second time before it counts as empty, and so is what lies before the
first bar of a contract; minutes in which nothing was traded are not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from assets.kit.bars.grid import Grid
from assets.kit.bars.windows import (
    BARS_PER_REQUEST,
    MOST_DAYS,
    SLACK,
    STAMP,
    Size,
    Window,
    end_of,
    period_of,
    windows,
    with_the_first,
)
from assets.kit.parse import epoch_ms
from assets.kit.quote import Load
from resources.calendar.hours import Seconds
from resources.calendar.trading_days import Days
from resources.gateway.endpoint import Page
from resources.gateway.errors import NoData, Refused

LONG_WEEKEND = np.timedelta64(5, "D")
Query = dict[str, str]


def starts_in(page: Page) -> Seconds:
    """When the bars of a reply begin, in order."""
    bars = page.json.get("data") if isinstance(page.json, dict) else None
    told = pd.Series([bar.get("t") for bar in bars or [] if isinstance(bar, dict)], dtype=object)
    instants = epoch_ms(told).values.dropna().dt.tz_localize(None)
    return np.unique(instants.to_numpy().astype("datetime64[s]"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gridded(Load):
    """A load of bars below a day: those that are `due`, and of them the `starts` to ask for.

    It is counted in trading days, as the ledger of gaps counts: one of which any bar is to be asked for is missing.
    """

    due: Grid
    starts: Seconds


@dataclass(slots=True)
class Filling:
    """How windows of one size are asked for; `ask` sends the words of a query, `now` is the gateway's time.

    Several threads may fill, each another contract: what one of them learns of the gateway the others know.
    """

    size: Size
    ask: Callable[[Query], Page]
    now: Callable[[], datetime]
    most_days: int = MOST_DAYS

    def queries(self, due: Grid, missing: Seconds, **of: str) -> Iterator[Query]:
        """What will be asked if replies have all that they might."""
        for window in windows(due.starts, missing, days=due.days, most_days=self.most_days):
            yield {**of, **self.query(due, window)}

    def fill(
        self, due: Grid, missing: Seconds, *, tell: Callable[[Days], None] = lambda _: None, **of: str
    ) -> Iterator[Page]:
        """The replies for one contract, which the words `of` name; each tells which days are still to be asked for."""
        got: list[Seconds] = [due.starts[:0]]
        for again in (False, True):
            left = _days_without_a_bar(due, missing, np.concatenate(got)) if again else missing
            while len(left):
                window = next(windows(due.starts, left, days=due.days, most_days=self.most_days))
                try:
                    page = self._ask(due, window, of)
                except NoData:
                    if len(got) == 1:
                        raise
                    break  # there is nothing that old
                if page is None:
                    continue
                got.append(starts_in(page))
                left = _unanswered(due, left, window, got[-1])
                rest = left[:0] if again else _days_without_a_bar(due, missing, np.concatenate(got))
                tell(np.unique(due.days_of(np.concatenate([left, rest]))))
                yield page

    def query(self, due: Grid, window: Window) -> Query:
        """The words for a window; without an end where its bars reach the present."""
        window = _to_the_end_of_the_day(due, window)
        query = {"period": period_of(window, self.size, most_days=self.most_days), "bar": self.size.name}
        end = end_of(window.last, due.following(window.last), self.size).replace(tzinfo=UTC)
        return query if end > self.now() else {**query, "startTime": f"{end:{STAMP}}"}

    def _ask(self, due: Grid, window: Window, of: Query) -> Page | None:
        """A reply; None if a gateway that insists on its table of periods refuses, and it is to be planned again."""
        most_days = self.most_days
        try:
            return self.ask({**of, **self.query(due, window)})
        except Refused:
            if window.days < self.size.documented_days or most_days == self.size.documented_days:
                raise
            self.most_days = self.size.documented_days
            return None


def _to_the_end_of_the_day(due: Grid, window: Window) -> Window:
    """A window that has room for it shows what comes after its last bar, which may be one that there never was."""
    place = int(np.searchsorted(due.starts, np.datetime64(window.last)))
    end = int(np.searchsorted(due.days, due.days[place], side="right")) - 1
    bars = window.bars + end - place
    return replace(window, last=due.starts[end].item(), bars=bars) if bars <= BARS_PER_REQUEST else window


def _unanswered(due: Grid, left: Seconds, window: Window, bars: Seconds) -> Seconds:
    """What a reply leaves to ask: always less than before."""
    first, last = np.datetime64(window.first), np.datetime64(window.last)
    is_clipped = len(bars) >= BARS_PER_REQUEST - SLACK
    if not len(bars) or (due.day_at(bars[0]) <= due.day_at(first) and not is_clipped):
        return left[left < first]
    by_calendar = last - np.timedelta64(window.days + 1, "D")
    has_more = is_clipped or (window.days > 1 and abs(bars[0] - by_calendar) < LONG_WEEKEND)
    rest: Seconds = left[left < min(bars[0], last)] if has_more else left[:0]
    return rest


def _days_without_a_bar(due: Grid, missing: Seconds, got: Seconds) -> Seconds:
    """The missing bars of days of which nothing came.

    Those before the first bar that came with that one, so that not nothing is the right answer.
    """
    places = np.searchsorted(due.starts, got, side="right") - 1
    if not len(places):
        return missing[:0]
    told = np.unique(due.days[places[places >= 0]])
    holes: Seconds = missing[~np.isin(due.days_of(missing), told)]
    first = max(0, int(places.min()))
    return with_the_first(holes, due.starts[first : first + 1], missing)
