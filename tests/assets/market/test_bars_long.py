from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assets.kit.declare import ByMonth, Check, Landing, Table
from assets.kit.scope import Scope
from assets.kit.tabulate import build_years
from assets.kit.verify import Verdict, run_check
from assets.market.bars_long import LONG, bars_of
from pipelines.definitions import declared
from pipelines.settings import Choices
from resources.calendar.trading_days import trading_calendar
from resources.envelope import Request
from resources.lake.resource import Lake
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.assets.bent import DAY, TABLES
from tests.assets.made import EVENING, Made
from tests.nights import Nights, rest

APPLE, CHICAGO, EURO, NOWHERE = 1, 3, 4, 5
LISTED = {APPLE: ("STK", "NASDAQ"), CHICAGO: ("FUT", "CME"), EURO: ("CASH", "IDEALPRO"), NOWHERE: ("STK", "VENUE")}
FRIDAY = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
LENGTHS = {"1w": 604_800, "1m": 2_678_400}


class Long:
    """A lake with definitions of a few contracts, and what a test lands of their weeks or months."""

    def __init__(self, folder: Path, size: str = "1w") -> None:
        self.size, self.made = size, Made(folder)
        told = [
            {"conid": conid, "assetClass": kind, "currency": "USD", "listingExchange": exchange, "ticker": f"C{conid}"}
            for conid, (kind, exchange) in LISTED.items()
        ]
        self.made.land("instruments", (Request("GET", "/trsrv/secdef", {"conids": "1,3,4,5"}), {"secdef": told}))
        self.made.build("instruments")
        self.lake: Lake = self.made.lake
        self.declared = bars_of(size)

    def land(
        self, *starts: str, conid: int = APPLE, at: datetime = FRIDAY, period: str = "10w", **changes: Any
    ) -> "Long":
        """A reply with a bar at midnight of each of some days."""
        bars = [_bar(start) for start in starts]
        end = changes.pop("end", None)
        query = {"conid": str(conid), "bar": self.size, "period": period} | ({"startTime": end} if end else {})
        body = {"symbol": f"C{conid}", "barLength": LENGTHS[self.size], "volumeFactor": 100, "data": bars}
        request = Request("GET", "/iserver/marketdata/history", query)
        self.made.land(f"bars_{self.size}", (request, body | changes), at=at)
        return self

    def rows(self) -> list[dict[str, Any]]:
        """The table that is built of it."""
        table = next(one for one in self.declared if isinstance(one, Table))
        build_years(table, [DAY.isoformat()], lake=self.lake, calendar=Scope().calendar, afresh=True)
        files = self.lake.tables.files(table.name)
        found: list[dict[str, Any]] = self.lake.tables.read(files).to_dict("records") if files else []  # type: ignore[assignment]
        return found

    def days(self) -> list[str]:
        return [row["trading_day"].isoformat() for row in self.rows()]

    def reasons(self) -> list[str]:
        files = self.lake.tables.rejected_files(f"bars_{self.size}")
        return [reason for why in self.lake.tables.read(files)["reasons"] for reason in why] if files else []

    def verdict(self, name: str) -> Verdict:
        check = next(one for one in self.declared if isinstance(one, Check) and one.name == name)
        return run_check(check, [DAY], lake=self.lake, scope=Scope(), tables=TABLES)


def _bar(start: str, **changes: Any) -> dict[str, Any]:
    return {"o": 10.0, "h": 12.0, "l": 9.5, "c": 11.0, "v": 5, "t": _millis(start), **changes}


def _millis(start: str) -> int:
    return int(pd.Timestamp(start, tz="UTC").timestamp() * 1000)


@pytest.fixture
def weeks(tmp_path: Path) -> Long:
    return Long(tmp_path)


@pytest.fixture
def months(tmp_path: Path) -> Long:
    return Long(tmp_path, "1m")


def test_a_week_is_stored_from_the_evening_of_its_last_session_on(weeks: Long) -> None:
    starts = ("2026-11-09", "2026-11-16")
    assert weeks.land(*starts, at=FRIDAY.replace(hour=17)).days() == ["2026-11-09"]
    assert weeks.land(*starts).days() == ["2026-11-09", "2026-11-16"]


@pytest.mark.parametrize(
    ("conid", "hour", "stored"),
    [
        (APPLE, 20, 0),
        (APPLE, 21, 1),  # 16:00 in New York
        (CHICAGO, 21, 0),
        (CHICAGO, 22, 1),
        (EURO, 21, 0),
        (EURO, 22, 1),
        (NOWHERE, 21, 0),
        (NOWHERE, 22, 1),
    ],
)
def test_when_a_week_is_over_its_exchange_says(weeks: Long, conid: int, hour: int, stored: int) -> None:
    at = FRIDAY.replace(hour=hour, minute=0)
    assert len(weeks.land("2026-11-16", conid=conid, at=at).rows()) == stored


def test_quotes_that_come_late_tell_of_the_end_of_a_week_that_much_later(weeks: Long) -> None:
    at = FRIDAY.replace(hour=21, minute=10)
    assert weeks.land("2026-11-16", at=at, mktDataDelay=900).days() == []


def test_a_month_is_stored_once_it_is_over(months: Long) -> None:
    starts = ("2026-10-01", "2026-11-02")
    assert months.land(*starts, period="10m").days() == ["2026-10-01"]
    over = datetime(2026, 11, 30, 21, tzinfo=UTC)
    assert months.land(*starts, period="10m", at=over).days() == ["2026-10-01", "2026-11-02"]


def test_a_bar_belongs_to_the_first_trading_day_of_its_period(weeks: Long) -> None:
    after_labor_day, *_ = weeks.land("2026-09-07", "2026-09-14").rows()
    assert after_labor_day["trading_day"] == date(2026, 9, 8)
    assert after_labor_day["bar_start"] == pd.Timestamp("2026-09-07", tz="UTC")
    assert (after_labor_day["calendar"], after_labor_day["is_from_the_start"]) == ("XNYS", True)
    assert (after_labor_day["wire_volume"], after_labor_day["volume_factor"]) == (5.0, 100.0)
    assert after_labor_day["volume"] == 500.0


def test_a_bar_of_a_venue_that_nobody_knows_belongs_to_monday_and_says_so(weeks: Long) -> None:
    [row] = weeks.land("2026-09-07", conid=NOWHERE).rows()
    assert row["trading_day"] == date(2026, 9, 7)
    assert pd.isna(row["calendar"])


def test_an_earliest_bar_that_begins_late_is_left_out_and_stays_in_raw(weeks: Long) -> None:
    assert weeks.land("2026-10-28", "2026-11-02", period="4w").days() == ["2026-11-02"]
    assert weeks.reasons() == []


def test_where_the_life_of_a_contract_began_its_first_bar_counts_and_says_so(weeks: Long) -> None:
    first, second = weeks.land("2026-10-28", "2026-11-02", period="10w").rows()
    assert (first["trading_day"], first["is_from_the_start"]) == (date(2026, 10, 26), False)
    assert (second["trading_day"], second["is_from_the_start"]) == (date(2026, 11, 2), True)


def test_the_week_in_which_a_window_ends_is_left_out(weeks: Long) -> None:
    later = datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert weeks.land("2026-11-09", "2026-11-16", at=later, end="20261117-12:00:00").days() == ["2026-11-09"]


def test_a_week_stays_as_it_was_observed_first(weeks: Long) -> None:
    weeks.land("2026-11-09", "2026-11-16")
    again = [_bar("2026-11-16", c=5.0, o=5.0, l=4.0)]
    rows = weeks.land(data=again, at=datetime(2026, 11, 27, 23, tzinfo=UTC), period="4w").rows()
    assert [row["close"] for row in rows] == [11.0, 11.0]


def test_impossible_bars_are_rejected_with_their_reasons_and_the_rest_stays(weeks: Long) -> None:
    bars = [_bar("2026-11-02"), _bar("2026-11-09", o=13.0), _bar("2026-11-16", t=None), _bar("1970-01-05")]
    assert weeks.land(data=bars).days() == ["2026-11-02"]
    assert sorted(weeks.reasons()) == [
        "Open and close lie between low and high",
        "bar_start: t is missing",
        "trading_day: period is missing",
        "trading_day: period is missing",
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"barLength": 2_678_400}, "the reply is of bars of seconds 2678400, which was not asked for"),
        ({"end": "20261110-12:00:00"}, "the window was to end at 20261110-12:00:00, and bars after that came"),
        ({"data": ["bar"]}, "an object per row was due"),
    ],
)
def test_a_reply_of_another_size_or_window_is_rejected_whole(weeks: Long, changes: dict[str, Any], reason: str) -> None:
    assert weeks.land("2026-11-09", "2026-11-16", **changes).rows() == []
    assert reason in weeks.reasons()[0]


def test_a_reply_of_another_contract_fails(weeks: Long) -> None:
    name = "every_reply_is_of_the_contract_asked_for"
    assert weeks.land("2026-11-16").verdict(name).has_passed
    assert weeks.land("2026-11-16", symbol="ELSE").verdict(name).count == 1


def test_weeks_and_months_are_declared_if_they_are_chosen_and_lie_by_year() -> None:
    assert LONG.members == ("1w", "1m")
    chosen = {table.name: table for table in declared(["1d", "1w", "1m"]).tables}
    assert set(chosen) - {table.name for table in declared(["1d"]).tables} == {"bars_1w", "bars_1m"}
    assert chosen["bars_1w"].storage.key == "year"
    assert not isinstance(chosen["bars_1m"].storage, ByMonth)
    assert [one.plan is not None for one in bars_of("1w") if isinstance(one, Landing)] == [True]


@pytest.mark.slow
def test_a_young_share_is_held_from_its_first_day_on_and_what_lies_before_is_asked_for_twice(tmp_path: Path) -> None:
    """From listing in the middle of a week and of a month to the ledger; the second time nothing is asked."""
    days = trading_calendar("XNYS").between(date(2026, 6, 17), DAY).astype(str)
    lines = [f"{day},10,11,9,10.5,1000,NEWCO" for day in days]
    (tmp_path / "prices.csv").write_text("\n".join(["date,open,high,low,close,volume,symbol", *lines]))
    scope = {"watchlist": ["NEWCO"], "bars_asset_classes": ["STK"], "bars_depths": {"1w": 50}}
    choices = Choices.model_validate({"bars": {"sizes": ["1d", "1w", "1m"]}})
    with serve(Options(clock=EVENING, positions=0, market=tmp_path / "prices.csv")) as gateway:
        nights = Nights(tmp_path / "data", gateway, scope=scope, choices=choices)
        nights.materialize("raw/symbols", "symbols", "raw/positions", "positions", day=DAY.isoformat())
        rest(gateway)
        nights.materialize("raw/instruments", "instruments", day=DAY.isoformat())
        made = {name: nights.materialize(f"raw/{name}", name, day=DAY.isoformat()) for name in ("bars_1w", "bars_1m")}
        assert nights.materialize("raw/bar_coverage", "bar_coverage", day=DAY.isoformat()).is_success
        rest(gateway)
        again = nights.materialize("raw/bars_1w", "bars_1w", "raw/bars_1m", "bars_1m", day=DAY.isoformat())
    for name, first, count in (("bars_1w", date(2026, 6, 15), 23), ("bars_1m", date(2026, 6, 1), 5)):
        assert made[name].is_success, made[name].failures
        rows = nights.table(name).sort_values("bar_start")
        assert (len(rows), rows["trading_day"].min()) == (count, first)
        assert rows["bar_start"].min() == pd.Timestamp("2026-06-17", tz="UTC")
        assert rows["is_from_the_start"].tolist() == [False] + [True] * (count - 1)
        assert rows["volume"].sum() == 1000 * len(
            [day for day in days if day < ("2026-11-21" if count > 5 else "2026-11")]
        )
        assert made[name].requests == 2
        ledger = nights.table("bar_coverage").query(f"bar_size == '{name[5:]}'")
        assert ledger["state"].tolist() == ["before_life", "held"]
        assert ledger["sessions"].tolist() == [{"bars_1w": 50, "bars_1m": 179}[name] - count, count]
    assert again.requests == 0
