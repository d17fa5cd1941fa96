"""Where contracts are listed and what they are, from the definitions that are kept (the table `instruments`).

Belongs here: what datasets of prices must know of a contract. Does not: whose prices are kept (the dataset's file).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from assets.kit.fetch import Fetch, RawPages
from resources.lake.tables import TableStore

INSTRUMENTS = "instruments"


@dataclass(frozen=True, slots=True)
class Listed:
    """A contract: its listing exchange by IBKR's code, the last day of its life, and its symbol if it is a share."""

    conid: int
    exchange: str | None
    last_day: date | None
    symbol: str | None


def listed_on(tables: TableStore, day: date, classes: set[str] | None = None) -> list[Listed]:
    """The contracts of some asset classes, as known on the day, or else as known last."""
    known = tables.values(INSTRUMENTS)
    if not known:
        return []
    value = day.isoformat() if day.isoformat() in known else known[-1]
    file = tables.file(INSTRUMENTS, "trading_day", value)
    columns = ["conid", "asset_class", "listing_exchange", "symbol", "expiry_day", "last_trading_day"]
    found = tables.read([file], columns=columns) if file else None
    if found is None:
        return []
    chosen = found if classes is None else found[found["asset_class"].isin(classes)]
    return [_listed(row) for row in chosen.astype(object).where(chosen.notna(), None).itertuples(index=False)]


def named_otherwise(raw: RawPages) -> Iterator[str]:
    """Replies that name another contract by its symbol than the one that was asked for; of shares alone it is known."""
    symbols = {one.conid: one.symbol for one in listed_on(raw.tables, raw.day)}
    for page in raw.pages:
        told, known = page.json.get("symbol"), symbols.get(int(page.params["conid"]))
        if told is not None and known is not None and told != known:
            yield f"contract {page.params['conid']} is {known}, and the reply is of {told}"


def undefined(fetch: Fetch) -> list[str]:
    """What is held or watched and not defined yet, so that nobody knows what of it there is to have."""
    defined = listed_on(fetch.tables, fetch.day)
    conids, symbols = {one.conid for one in defined}, {one.symbol for one in defined}
    file = fetch.tables.latest("positions", "trading_day", fetch.day.isoformat())
    held = set(fetch.tables.read([file], columns=["conid"])["conid"].tolist()) if file else set()
    wished = held | set(fetch.scope.watched_conids)
    watched = {symbol for symbol, _ in fetch.scope.watched_symbols}
    return [*map(str, sorted(wished - conids)), *sorted(watched - symbols)]


def _listed(row: Any) -> Listed:
    return Listed(
        conid=int(row.conid),
        exchange=row.listing_exchange,
        last_day=row.last_trading_day or row.expiry_day,
        symbol=row.symbol if row.asset_class == "STK" else None,
    )


@dataclass(slots=True)
class Listings:
    """The listing exchange of any contract that was ever defined, looked up from the newest definitions backwards."""

    tables: TableStore
    _known: dict[int, str | None] = field(default_factory=dict)
    _read: int = 0

    def exchange_of(self, conid: int) -> str | None:
        """Its listing exchange; None of a contract that nobody defined."""
        if conid in self._known:
            return self._known[conid]
        files = self.tables.files(INSTRUMENTS)[::-1]
        while conid not in self._known and self._read < len(files):
            rows = self.tables.read([files[self._read]], columns=["conid", "listing_exchange"])
            exchanges = rows["listing_exchange"].astype(object).where(rows["listing_exchange"].notna(), None)
            for one, exchange in zip(rows["conid"].tolist(), exchanges, strict=True):
                self._known.setdefault(one, exchange)
            self._read += 1
        return self._known.get(conid)
