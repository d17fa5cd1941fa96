"""Daily bars of what is no American share: each by the hours of its own exchange."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assets.kit.fetch import Fetch
from assets.kit.scope import Scope
from assets.market.bars_1d import plan
from resources.envelope import Request
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.assets.made import EVENING, Made
from tests.nights import CLOCKS, Timeless, clock_of

APPLE, FRANKFURT, LONDON, HONG_KONG, TOKYO, CHICAGO, EURO, NOWHERE = range(1, 9)
LISTED = {
    APPLE: ("STK", "NASDAQ"),
    FRANKFURT: ("STK", "IBIS"),
    LONDON: ("STK", "LSE"),
    HONG_KONG: ("STK", "SEHK"),
    TOKYO: ("STK", "TSEJ"),
    CHICAGO: ("FUT", "CME"),
    EURO: ("CASH", "IDEALPRO"),
    NOWHERE: ("STK", "VENUE"),
}
EXPIRED = {"expiry": "20261120", "lastTradingDay": "20261120"}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Daily(Made):
    """A lake with definitions of a few contracts, and what a test lands of their daily bars."""

    def define(self, **of_future: str) -> "Daily":
        told = [
            {"conid": conid, "assetClass": kind, "currency": "USD", "listingExchange": exchange, "ticker": f"C{conid}"}
            | (of_future if conid == CHICAGO else {})
            for conid, (kind, exchange) in LISTED.items()
        ]
        asked = Request("GET", "/trsrv/secdef", {"conids": ",".join(map(str, LISTED))})
        self.land("instruments", (asked, {"secdef": told})).build("instruments")
        return self

    def observe(self, conid: int, *starts: str, at: str, late: int = 0) -> pd.DataFrame:
        """The rows of one reply that came at an instant."""
        bars = [
            {"o": 10.0, "h": 12.0, "l": 9.5, "c": 11.0, "v": 5, "t": int(_utc(start).timestamp() * 1000)}
            for start in starts
        ]
        reply: dict[str, Any] = {"barLength": 86_400, "volumeFactor": 1, "mktDataDelay": late, "data": bars}
        asked = Request("GET", "/iserver/marketdata/history", {"conid": str(conid), "period": "5d", "bar": "1d"})
        self.land("bars_1d", (asked, reply), at=_utc(at)).build("bars_1d")
        return self.rows("bars_1d") if self.lake.tables.files("bars_1d") else pd.DataFrame(columns=["trading_day"])


@pytest.fixture
def daily(tmp_path: Path) -> Daily:
    return Daily(tmp_path).define()


@pytest.mark.parametrize(
    ("conid", "start", "day", "too_early", "ended_at"),
    [
        # 16:30 in New York is too early, 17:00 is not
        (EURO, "2026-11-23T22:15", "2026-11-24", "2026-11-24T21:30", "2026-11-24T22:00"),
        (CHICAGO, "2026-11-23T23:00", "2026-11-24", "2026-11-24T21:30", "2026-11-24T22:00"),
        (EURO, "2026-07-06T21:15", "2026-07-07", "2026-07-07T20:30", "2026-07-07T21:00"),
        (CHICAGO, "2026-07-06T22:00", "2026-07-07", "2026-07-07T20:30", "2026-07-07T21:00"),
        # the Friday before and the Monday after the clocks changed in America
        (EURO, "2026-10-29T21:15", "2026-10-30", "2026-10-30T20:59", "2026-10-30T21:00"),
        (EURO, "2026-11-01T22:15", "2026-11-02", "2026-11-02T21:30", "2026-11-02T22:00"),
        (EURO, "2026-03-08T21:15", "2026-03-09", "2026-03-09T20:30", "2026-03-09T21:00"),
        (CHICAGO, "2026-11-01T23:00", "2026-11-02", "2026-11-02T21:30", "2026-11-02T22:00"),
        # a half day, on which other products than indices are traded into the afternoon
        (CHICAGO, "2025-11-27T23:00", "2025-11-28", "2025-11-28T21:30", "2025-11-28T22:00"),
        (EURO, "2025-11-27T22:15", "2025-11-28", "2025-11-28T21:30", "2025-11-28T22:00"),
        (APPLE, "2025-11-28T14:30", "2025-11-28", "2025-11-28T17:59", "2025-11-28T18:00"),
        (FRANKFURT, "2026-11-24T08:00", "2026-11-24", "2026-11-24T16:29", "2026-11-24T16:30"),
        (FRANKFURT, "2026-10-27T08:00", "2026-10-27", "2026-10-27T15:30", "2026-10-27T16:30"),  # America is late
        (FRANKFURT, "2025-12-30T08:00", "2025-12-30", "2025-12-30T12:59", "2025-12-30T13:00"),  # a half day
        (LONDON, "2026-07-07T07:00", "2026-07-07", "2026-07-07T15:29", "2026-07-07T15:30"),
        (LONDON, "2025-12-24T08:00", "2025-12-24", "2025-12-24T12:29", "2025-12-24T12:30"),
        # in the evening of New York Asia's next day has begun
        (HONG_KONG, "2026-11-24T01:30", "2026-11-24", "2026-11-24T07:59", "2026-11-24T08:00"),
        (HONG_KONG, "2025-12-24T01:30", "2025-12-24", "2025-12-24T03:59", "2025-12-24T04:00"),
        (TOKYO, "2026-11-24T00:00", "2026-11-24", "2026-11-24T00:30", "2026-11-24T06:30"),
        (TOKYO, "2026-07-07T00:00", "2026-07-07", "2026-07-07T06:29", "2026-07-07T06:30"),
        (NOWHERE, "2026-11-24T08:00", "2026-11-24", "2026-11-24T20:59", "2026-11-24T21:00"),  # as New York
        (99, "2026-11-24T08:00", "2026-11-24", "2026-11-24T20:59", "2026-11-24T21:00"),  # never defined
    ],
)
def test_a_bar_is_stored_once_its_own_session_has_ended(
    daily: Daily, conid: int, start: str, day: str, too_early: str, ended_at: str
) -> None:
    assert daily.observe(conid, start, at=too_early).empty
    [row] = daily.observe(conid, start, at=ended_at).to_dict("records")
    assert (row["trading_day"], row["bar_start"]) == (date.fromisoformat(day), pd.Timestamp(start, tz="UTC"))


def test_quotes_that_come_late_tell_of_the_end_that_much_later(daily: Daily) -> None:
    start, known = "2026-11-24T08:00", []
    for at in ("2026-11-24T16:44", "2026-11-24T16:45"):
        known.append(len(daily.observe(FRANKFURT, start, at=at, late=900)))
    assert known == [0, 1]


def test_the_calendar_that_told_the_day_is_named(daily: Daily) -> None:
    told = {
        conid: daily.observe(conid, start, at="2026-11-24T23:30")
        .query(f"conid == {conid}")["calendar"]
        .astype(object)
        .to_list()
        for conid, start in ((EURO, "2026-11-23T22:15"), (NOWHERE, "2026-11-24T08:00"))
    }
    assert told[EURO] == ["24/5"]
    assert pd.isna(told[NOWHERE]).all()


def test_a_bar_of_a_day_that_no_calendar_has_is_of_its_own_day_and_waits_for_the_next_end(daily: Daily) -> None:
    """Good Friday of 2026: figures came that morning, for which Chicago opened."""
    starts = ("2026-04-01T22:00", "2026-04-02T22:00")
    thursday, friday = date(2026, 4, 2), date(2026, 4, 3)
    assert daily.observe(CHICAGO, *starts, at="2026-04-03T20:30")["trading_day"].tolist() == [thursday]
    assert daily.observe(CHICAGO, *starts, at="2026-04-06T21:00")["trading_day"].tolist() == [thursday, friday]


Planned = Callable[[str], dict[int, date]]


@pytest.fixture
def planned(tmp_path: Path) -> Iterator[Planned]:
    """The last day that a plan made at an instant would ask for, by contract; instants in their order."""
    scope = Scope(bars_asset_classes=["STK", "FUT", "CASH"], bars_depth_days=3)
    lake = Daily(tmp_path).define(**EXPIRED).lake
    with serve(Options(clock=EVENING, positions=0)) as gateway:
        CLOCKS[gateway.url] = clock_of(gateway)

        def last_days(instant: str) -> dict[int, date]:
            clock = gateway.simulation.clock
            clock.advance(_utc(instant) - clock.now())
            resource = Timeless(base_url=gateway.url, certificate=str(gateway.certificate))
            days, client = (_utc(instant).date(),), resource.client
            fetch = Fetch(client, lake.tables, lake.raw, scope, scope.calendar, days, lambda _: None, lambda _: None)
            found = {load.conid: load.missing[-1].item() for load in plan(fetch).loads}
            resource.close()
            return found

        yield last_days


def test_a_day_is_asked_for_once_its_session_has_ended_on_the_contracts_own_exchange(planned: Planned) -> None:
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    at_night = planned("2026-11-24T07:30")
    assert at_night == {
        **dict.fromkeys((APPLE, FRANKFURT, LONDON, HONG_KONG, EURO, NOWHERE), monday),
        CHICAGO: date(2026, 11, 20),
        TOKYO: tuesday,
    }
    after_the_close = planned("2026-11-24T21:30")
    assert after_the_close == {**dict.fromkeys(LISTED, tuesday), CHICAGO: date(2026, 11, 20), EURO: monday}
    assert planned("2026-11-24T22:00") == {**after_the_close, EURO: tuesday}
