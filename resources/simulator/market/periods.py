"""The words `period` and `bar` of the history endpoint.

Belongs here: grammar, defaults, and what the gateway makes of words that it does not know. Does not:
finding the bars (`charts.py`).

Seen live: an upper-case unit is not refused but replaced by something about 84 bars long; an unknown
bar size gives about 10 minutes; "30s" gives bars a minute apart. The reference's most are 30 minutes and 8 hours;
downloaders ask for as many trading hours as give 1,000 bars ("16h" of minutes, "880h" of hours), and get them.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

MOST = {
    "min": 480_000,
    "h": 8_000,
    "d": 1000,
    "w": 792,
    "m": 182,
    "y": 15,
}  # of time in a day: 1,000 of the longest bars
MINUTES = {"min": 1, "h": 60}
BAR_SECONDS = {
    **{f"{count}min": count * 60 for count in (1, 2, 3, 5, 10, 15, 30)},
    **{f"{count}h": count * 3600 for count in (1, 2, 3, 4, 8)},
    "1d": 86_400,
    "1w": 7 * 86_400,
    "1m": 31 * 86_400,
}
DAY, WEEK = BAR_SECONDS["1d"], BAR_SECONDS["1w"]
DOCUMENTED = [  # from this period on (in the minutes that it lasts), the shortest and the longest bar
    (1, "1min", "1min"),
    (60, "1min", "8h"),
    (7 * 1440, "10min", "1w"),
    (30 * 1440, "1h", "1m"),
    (90 * 1440, "2h", "1m"),
    (180 * 1440, "4h", "1m"),
    (365 * 1440, "8h", "1m"),
    (730 * 1440, "1d", "1m"),
    (15 * 365 * 1440, "1w", "1m"),
]
LASTS = {"min": 1, "h": 60, "d": 1440, "w": 7 * 1440, "m": 30 * 1440, "y": 365 * 1440}
DEFAULT_PERIOD = "1w"
FALLBACK_BARS = 84
FALLBACK_MINUTES = 10


@dataclass(frozen=True, slots=True)
class Span:
    """How far back a chart goes."""

    count: int
    unit: str  # min, h, d, w, m, y; "bars" where the period was not understood

    @property
    def minutes(self) -> int | None:
        """Trading minutes, for the units that count them."""
        return self.count * MINUTES[self.unit] if self.unit in MINUTES else None

    def begins(self, last: date) -> date:
        """First day of the weeks, months or years that end with `last`."""
        match self.unit:
            case "w":
                return last - timedelta(days=7 * self.count - 1)
            case "m":
                return _months_back(last, self.count) + timedelta(days=1)
            case "y":
                return _months_back(last, 12 * self.count) + timedelta(days=1)
        raise ValueError(f"find the first day of {self.count}{self.unit}: it counts no calendar days")


@dataclass(frozen=True, slots=True)
class Size:
    """How long a bar lasts, and how long the reply says it does."""

    seconds: int
    said: int
    known: bool = True


def parse_period(text: str | None) -> Span:
    """What the gateway understands by a period."""
    found = re.fullmatch(r"(\d{1,6})(min|h|d|w|m|y)", text or DEFAULT_PERIOD)
    if not found or not int(found[1]):
        return Span(FALLBACK_BARS, "bars")
    return Span(min(int(found[1]), MOST[found[2]]), found[2])


def parse_bar(text: str | None, span: Span) -> Size:
    """What the gateway understands by a bar size; without one it depends on the period."""
    word = text or default_bar(span)
    if word in BAR_SECONDS:
        return Size(BAR_SECONDS[word], BAR_SECONDS[word])
    if found := re.fullmatch(r"([1-9]\d?)s", word):
        return Size(60, int(found[1]))
    return Size(60, 60, known=False)


def is_documented(period: str | None, bar: str | None) -> bool:
    """Whether the reference's table has this combination; a bar that is not named always fits."""
    span = parse_period(period)
    if span.unit not in LASTS or (bar and bar not in BAR_SECONDS):
        return False
    lasts = span.count * LASTS[span.unit]
    shortest, longest = next((low, high) for since, low, high in reversed(DOCUMENTED) if since <= lasts)
    return not bar or BAR_SECONDS[shortest] <= BAR_SECONDS[bar] <= BAR_SECONDS[longest]


def default_bar(span: Span) -> str:
    """The documented size for a period."""
    days = {"min": 0, "h": 0, "d": 1, "w": 7, "m": 31, "y": 366, "bars": 1}[span.unit] * span.count
    limits = ((6, "1min"), (27, "15min"), (88, "30min"), (3 * 366 - 1, "1d"))
    return next((bar for limit, bar in limits if days <= limit), "1w")


def _months_back(day: date, count: int) -> date:
    """The same day of an earlier month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 - count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
