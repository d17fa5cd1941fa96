"""Nights of daily bars made by hand, without a network: each lands a vintage, builds the bars and compares."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd

from assets.kit.declare import Table
from assets.kit.land_records import land_records
from assets.kit.tabulate import build_day, build_years
from assets.market.bars import bars_of
from assets.warehouse import read_marts, table_source
from resources.envelope import Request
from resources.gateway.resource import Gateway
from resources.warehouse.build import build, connected
from tests.assets.bent import TABLES
from tests.assets.made import Made

TABLES_OF_BARS = [TABLES[name] for name in ("bars_1d", "corporate_actions", "bar_restatements")]
HISTORY = "/iserver/marketdata/history"
HOURLY = next(one for one in bars_of("1h") if isinstance(one, Table))
LOT = 100
Told = Mapping[date, tuple[float, ...]]
"""By day: open, high, low, close and volume."""
Hours = Mapping[datetime, tuple[float, ...]]
"""The same by the start of each hour."""


class VintageNights(Made):
    """A lake of bars, and what is found by comparing them."""

    def night(
        self, day: date, told: Mapping[int, Told | list[Told]], *, at: time = time(23, 30), run_id: str = "run-1"
    ) -> "VintageNights":
        """A night in which the gateway told these bars of each contract, in one reply or in several."""
        return self.landed(day, told, at=at, run_id=run_id).build_bars([day]).compared(day)

    def landed(
        self, day: date, told: Mapping[int, Told | list[Told]], *, at: time = time(23, 30), run_id: str = "run-1"
    ) -> "VintageNights":
        moment = datetime.combine(day, at, UTC)
        replies = [
            (Request("GET", HISTORY, {"conid": str(conid), "bar": "1d"}), _reply(bars))
            for conid, each in told.items()
            for bars in (each if isinstance(each, list) else [each])
        ]
        self.land("bars_1d", *replies, at=moment, run_id=run_id, day=day)
        return self

    def build_bars(self, days: Iterable[date], *, afresh: bool = False) -> "VintageNights":
        partitions = [day.isoformat() for day in days]
        build_years(TABLES["bars_1d"], partitions, lake=self.lake, calendar=self.scope.calendar, afresh=afresh)
        return self

    def hours(self, day: date, told: Mapping[int, Hours], *, at: time, is_built: bool = True) -> "VintageNights":
        """A landing of hourly bars, and the table of them unless it is not to be taken; nothing is compared."""
        moment = datetime.combine(day, at, UTC)
        replies = [
            (Request("GET", HISTORY, {"conid": str(conid), "bar": "1h"}), _reply(bars, seconds=3_600))
            for conid, bars in told.items()
        ]
        self.land("bars_1h", *replies, at=moment, run_id=f"run-{at:%H%M}", day=day)
        if is_built:
            lake, calendar = self.lake, self.scope.calendar
            build_years(HOURLY, [day.isoformat()], lake=lake, calendar=calendar, afresh=False)
        return self

    def compared(self, day: date) -> "VintageNights":
        """Land what comparing finds, and build both tables of it."""
        gateway = Gateway(base_url="https://127.0.0.1:9/v1/api", shared=str(Path(self.lake.root) / ".gateways"))
        landing = TABLES["corporate_actions"].raw
        land_records(landing, day, gateway=gateway, lake=self.lake, scope=self.scope, run_id="run-1")
        for name in ("corporate_actions", "bar_restatements"):
            build_day(TABLES[name], day, lake=self.lake)
        return self

    def found(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """Rows of a table; none if it was never built."""
        if not self.lake.tables.files(name):
            return []
        return [tuple(row) for row in self.rows(name)[list(columns)].itertuples(index=False)]

    def adjusted(self, as_of: date | None = None) -> pd.DataFrame:
        """The mart, as the warehouse has it."""
        target = self.lake.layout.warehouse_file
        sources = [table_source(table, self.lake.tables) for table in TABLES_OF_BARS]
        build(target, sources, [one for one in read_marts() if one.name == "bars_adjusted"])
        with connected(target, read_only=True) as connection:
            relation = "bars_adjusted" if as_of is None else f"bars_adjusted(date '{as_of}')"
            rows: pd.DataFrame = connection.execute(f"from {relation} order by conid, trading_day").df()
        return rows


def _reply(bars: Told | Hours, *, seconds: int = 86_400) -> dict[str, Any]:
    data = [
        {"o": o, "h": h, "l": low, "c": c, "v": volume / LOT, "t": int(_opening(day).timestamp() * 1000)}
        for day, (o, h, low, c, volume) in sorted(bars.items())
    ]
    return {"data": data, "volumeFactor": LOT, "barLength": seconds}


def _opening(day: date | datetime) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time(14, 30), UTC)
