from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from assets.kit.bars.daily import days_in, trading_days, trading_days_of
from resources.calendar.trading_days import calendar_of, trading_calendar
from resources.envelope import Envelope
from resources.gateway.endpoint import Endpoint, Page

HISTORY = Endpoint("/iserver/marketdata/history")


@pytest.mark.parametrize(
    ("exchange", "start", "day"),
    [
        ("NASDAQ", "2026-11-20T14:30", "2026-11-20"),
        ("NASDAQ", "2026-07-01T13:30", "2026-07-01"),
        ("IBIS", "2026-10-26T08:00", "2026-10-26"),
        ("TSEJ", "2026-11-20T00:00", "2026-11-20"),
        ("ASX", "2026-11-19T23:00", "2026-11-20"),
        ("CME", "2026-11-19T23:00", "2026-11-20"),
        ("CME", "2026-07-05T22:00", "2026-07-06"),  # Sunday evening
        ("IDEALPRO", "2026-11-19T22:15", "2026-11-20"),
        ("IDEALPRO", "2026-11-01T22:15", "2026-11-02"),  # the clocks changed that day
        ("NASDAQ", "2026-11-02T00:00", "2026-11-02"),  # in no session
        ("CME", "2026-04-02T22:00", "2026-04-03"),  # Good Friday, on which no calendar has a session
        (None, "2026-11-20T14:30", "2026-11-20"),
        (None, "2026-11-19T22:15", "2026-11-20"),
    ],
)
def test_a_bar_belongs_to_the_trading_day_whose_session_it_opens(exchange: str | None, start: str, day: str) -> None:
    calendar = calendar_of(exchange)
    assert trading_days(np.array([start], dtype="M8[s]"), calendar).astype(str).tolist() == [day]
    bar = {"bar_start": pd.Timestamp(start, tz="UTC"), "calendar": calendar and calendar.name}
    assert trading_days_of(pd.DataFrame([bar])).dt.strftime("%Y-%m-%d").tolist() == [day]


@pytest.mark.parametrize(
    ("minute", "late", "days"),
    [
        (59, 0, ["2026-11-20"]),
        (60, 0, ["2026-11-20", "2026-11-23"]),
        (60, 900, ["2026-11-20"]),
        (75, 900, ["2026-11-20", "2026-11-23"]),
    ],
)
def test_a_reply_answers_the_days_whose_bars_do_not_change_any_more(minute: int, late: int, days: list[str]) -> None:
    """Currencies end at 17:00 in New York; a reply that came before is no answer for their day."""
    starts = ("2026-11-19T22:15", "2026-11-22T22:15", "2026-11-23T22:15")
    bars: list[Any] = [{"t": int(pd.Timestamp(start, tz="UTC").timestamp() * 1000)} for start in starts]
    body = orjson.dumps({"data": [*bars, {"t": None}, None], "mktDataDelay": late})
    at = datetime(2026, 11, 23, 21 + minute // 60, minute % 60, tzinfo=UTC)
    page = Page(HISTORY, Envelope(HISTORY.request(query={}), 200, {}, body, at, "run-1"))
    assert days_in(page, trading_calendar("24/5")).astype(str).tolist() == days
