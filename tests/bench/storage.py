"""A hundred million bars: publishing a day more, and what analysts ask, from the published file."""

import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.bench.measure import Line, Spread, Work, WorkFailed, interleaved

TITLE = "100 million minute bars (500 contracts, 513 days of 390)"
CONTRACTS, DAYS, MINUTES = 500, 513, 390
LAST = date(2026, 11, 24)
HELD = 200
MONTH = """
copy (
    select conid, bar_start, day as trading_day, price as open, price + 0.05 as high, price - 0.05 as low,
           price as close, volume as wire_volume, 100.0 as volume_factor, volume * 100 as volume,
           bar_start + interval 1 day as observed_at, md5(conid::varchar || day::varchar) as raw_sha256,
           'run of ' || day as run_id, null::varchar as extra
    from (
        select conid, day, (day + interval (870 + minute) minute)::timestamptz as bar_start,
               round(50 + conid % 97 + 5 * sin((epoch(day) / 86400 + minute / 390) / 9 + conid), 2) as price,
               (hash(conid * 7 + minute) % 10000)::double as volume
        from (select 1000 + 7 * range as conid from range({contracts})), (select unnest(?::date[]) as day),
             (select range as minute from range({minutes}))
    ) order by conid, bar_start
) to '{path}' (compression zstd)
"""
HOLDINGS = f"(select unnest(?::date[]) as trading_day), (select 1000 + 7 * range as conid from range({HELD}))"
ASKED = {
    "latest close of each contract": "from latest",
    "all of one contract, as a person asks": "select bar_start, close from bars_1d where conid = 1700",
    "one contract's last 200 days, by day": "select trading_day, arg_max(close, bar_start) from bars_1d "
    "where conid = 1700 and trading_day > date '2026-01-01' group by all",
    "one day's cross-section": "select conid, bar_start, close from bars_1d where trading_day = date '2025-06-03'",
    "100,000 positions as of 20:00 UTC of their day": "select count(*), sum(close) from ("
    "select p.conid, p.trading_day, arg_max(b.close, b.bar_start) as close from "
    "(select trading_day, conid, trading_day + interval 20 hour as at from holdings) p "
    "join bars_1d b on b.conid = p.conid and b.trading_day = p.trading_day and b.bar_start <= p.at group by all)",
}
ROWS = dict(zip(ASKED, (CONTRACTS, DAYS * MINUTES, 233, CONTRACTS * MINUTES, 1), strict=True))


def lines(folder: Path) -> Iterator[Line]:
    parquet = folder / "hundred-million"
    parquet.mkdir()
    works = {"all": Work(f"{__name__}:anew", {"folder": str(parquet)})}
    anew = interleaved(works, rounds=1, home=folder)["all"]
    more = interleaved({"more": Work(f"{__name__}:a_day_more", {"folder": str(parquet)})}, rounds=1, home=folder)[
        "more"
    ]
    yield Line("published from nothing", f"{anew['seconds'].median:.1f} s, peak {anew['peak_mb'].median:.0f} MB")
    ratio = more["seconds"].median / anew["seconds"].median
    yield Line(
        "published with a day more",
        f"{more['seconds'].median:.2f} s, peak {more['peak_mb'].median:.0f} MB",
        f"{ratio:.2f} x from nothing; file {more['gigabytes'].median:.2f} GB",
    )
    asked = _measured("asked", parquet, rounds=3)
    for what in ASKED:
        yield Line(what, f"{asked[what].median * 1000:.0f} ms")


def _measured(work: str, folder: Path, *, rounds: int) -> Mapping[str, Spread]:
    return interleaved({work: Work(f"{__name__}:{work}", {"folder": str(folder)})}, rounds=rounds, home=folder)[work]


def anew(folder: str) -> dict[str, float]:
    """All but the last day, in one Parquet file a month."""
    for month, days in _months(_days()[:-1]).items():
        _write(Path(folder), month, days)
    return {"seconds": _published(Path(folder), CONTRACTS * MINUTES * (DAYS - 1))}


def a_day_more(folder: str) -> dict[str, float]:
    """The last day comes into the file of its month."""
    month, days = list(_months(_days()).items())[-1]
    _write(Path(folder), month, days)
    seconds = _published(Path(folder), CONTRACTS * MINUTES * DAYS)
    return {"seconds": seconds, "gigabytes": _warehouse(Path(folder)).stat().st_size / 1e9}


def asked(folder: str) -> dict[str, float]:
    """Each question warm: the second asking of one connection."""
    import duckdb

    found = {}
    with duckdb.connect(str(_warehouse(Path(folder))), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create temp table holdings as select * from {HOLDINGS}", [_days()[-500:]])
        for what, sql in ASKED.items():
            for _ in range(2):
                started = time.perf_counter()
                rows = connection.sql(sql).to_arrow_table().num_rows
                found[what] = time.perf_counter() - started
            if rows != ROWS[what]:
                raise WorkFailed(f"{what}: {rows} rows, and not {ROWS[what]}")
    return found


def _published(folder: Path, rows: int) -> float:
    from dataclasses import replace

    from assets.market.bars_1d import bars_1d
    from assets.warehouse import table_source
    from resources.warehouse.build import build
    from resources.warehouse.source import Mart

    source = replace(table_source(bars_1d), files=tuple(sorted(folder.glob("month=*/part-0.parquet"))))
    latest = Mart("latest", "", "select conid, arg_max(close, bar_start) as close from bars_1d group by all", ())
    started = time.perf_counter()
    loaded = build(_warehouse(folder), [source], [latest])
    if loaded != {"bars_1d": rows, "latest": CONTRACTS}:
        raise WorkFailed(f"{loaded} were published, {rows} bars are there")
    return time.perf_counter() - started


def _warehouse(folder: Path) -> Path:
    return folder / "ibkr.duckdb"


def _days() -> list[date]:
    every = (LAST - timedelta(days=back) for back in range(2 * DAYS))
    return sorted([day for day in every if day.weekday() < 5][:DAYS])


def _months(days: list[date]) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    for day in days:
        found.setdefault(f"{day:%Y-%m}", []).append(day)
    return found


def _write(folder: Path, month: str, days: list[date]) -> None:
    import duckdb

    path = folder / f"month={month}" / "part-0.parquet"
    path.parent.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        asked: list[Any] = [days]
        connection.execute(MONTH.format(contracts=CONTRACTS, minutes=MINUTES, path=path), asked)
