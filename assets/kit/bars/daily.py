"""Of which trading day a daily bar is, and which bars of a reply are of sessions that had ended. Pure.

Belongs here: judging daily bars by the hours of a contract's own exchange. Does not: the hours (`hours.py` of the
calendar), bars within a day (the dataset's file), which windows a reply answers (`replies.py`).

A bar starts at its session's open, and until the session ends it is changed. Quotes that come late (`mktDataDelay`)
tell of the end that much later. Exchanges open on days that no calendar has: such a bar is of the UTC date three hours
after its start, as sessions that open after 21:00 UTC are the next day's everywhere, and counts as ended with the next
session that does.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from assets.kit.bars.known import begun_by, known_at
from assets.kit.parse import epoch_ms
from resources.calendar.hours import Seconds, latest_ended, session_days
from resources.calendar.trading_days import Days, TradingCalendar, trading_calendar
from resources.gateway.endpoint import Page

EVENING = np.timedelta64(3, "h")
DaysOf = Callable[[Seconds, TradingCalendar], Days]


def trading_days(starts: Seconds, calendar: TradingCalendar | None, of: DaysOf = session_days) -> Days:
    """The trading day of each bar: of the session that it opens, or as told `of` it otherwise."""
    days: Days = (starts + EVENING).astype("datetime64[D]")
    if calendar is None:
        return days
    told = of(starts, calendar)
    return np.where(np.isnat(told), days, told)


def trading_days_of(bars: pd.DataFrame, of: DaysOf = session_days) -> "pd.Series[Any]":
    """The same of parsed bars, each by the `calendar` that is named beside it."""
    days, starts = np.full(len(bars), np.datetime64("NaT", "s")), _seconds(bars["bar_start"])
    for name in bars["calendar"].unique():
        is_unknown = pd.isna(name)
        told = bars["calendar"].isna() if is_unknown else bars["calendar"] == name
        places = told.fillna(value=False).to_numpy(dtype=bool)
        days[places] = trading_days(starts[places], None if is_unknown else trading_calendar(str(name)), of)
    return pd.Series(days, index=bars.index)


def ended(page: Page, bars: Sequence[Any], calendar: TradingCalendar) -> Sequence[Any]:
    """The bars of a reply but those whose session had not ended, as far as the reply can know."""
    _, end = latest_ended(calendar, known_at(page.envelope, page.json))
    return begun_by(bars, end - timedelta(milliseconds=1))


def days_in(page: Page, calendar: TradingCalendar) -> Days:
    """The trading days of which a reply has a bar that does not change any more."""
    bars = page.json.get("data") if isinstance(page.json, dict) else None
    told = ended(page, bars, calendar) if isinstance(bars, list) else []
    starts = pd.Series([bar.get("t") for bar in told if isinstance(bar, dict)], dtype=object)
    return np.unique(trading_days(_seconds(epoch_ms(starts).values.dropna()), calendar))


def _seconds(starts: "pd.Series[Any]") -> Seconds:
    found: Seconds = starts.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    return found
