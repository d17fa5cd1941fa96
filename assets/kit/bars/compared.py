"""What each landing of a dataset of bars says otherwise than was known before it.

Belongs here: which bars came, and what was known of them then, from raw and the tables. Does not: comparing them
(`rereads.py`), what the findings become (the dataset).

What was known of a bar is its first row, or what it was restated as last, adjusted by the actions found since. Of daily
bars a landing is compared whole, since a ratio is told by all bars of a contract. Smaller ones are so many that they
are taken as they came, some replies at a time; they tell no action: what splits there were is known from daily bars,
and a bar that is off by a ratio of which nothing is known yet is no restatement.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assets.kit.bars.rereads import KEY, VALUES, action, known_bars, rereads, restatements
from assets.kit.bars.windows import DAY, Size
from assets.kit.batch import Source
from assets.kit.columnar import Columnar
from assets.kit.conform import conform
from assets.kit.parse import epoch_ms
from assets.kit.records import Records
from assets.kit.replies import TOGETHER, good_in_columns, in_parts
from assets.kit.schema import Row, column
from assets.kit.shape import Block
from resources.calendar.new_york import NEW_YORK
from resources.gateway.endpoint import Local, Page
from resources.lake.raw import RawStore

COMPARED = Local("/compared_bars")
ACTIONS, RESTATEMENTS = "corporate_actions", "bar_restatements"
EVER = "9999"
AROUND = timedelta(days=4)  # between a bar's start and its trading day, weekends in between
SHA_AFTER = "after_raw_sha256"
AS_HELD = [*KEY, "trading_day", *VALUES, "observed_at", "raw_sha256"]
AS_RESTATED = [*KEY, "bar_day", *VALUES, "observed_at", SHA_AFTER]
AS_FOUND = ["conid", "first_unadjusted_day", "factor", "observed_at"]
Record = dict[str, Any]


class Wire(Row):
    """What is compared of a bar in a reply; what could not be a row of its table is left out."""

    known = frozenset()

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    bar_start: datetime = column("t", "When the bar begins.", parse=epoch_ms)
    open: float = column("o", "First price.")
    high: float = column("h", "Highest price.")
    low: float = column("l", "Lowest price.")
    close: float = column("c", "Last price.")
    wire_volume: float = column("v", "Volume as the gateway gave it.", ge=0)
    volume_factor: float = column("volumeFactor", "Units per unit of it.", gt=0)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a landing, or a part of it that came at an instant, says otherwise."""

    at: datetime
    actions: list[Record] = field(default_factory=list)
    restatements: list[Record] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparing:
    """Compares the landings of one size of bars on a day, in order; `found` is what the earlier ones told.

    `actions` are those that daily bars told on this day, which are in no table yet.
    """

    records: Records
    size: Size
    actions: Sequence[Findings] = ()
    found: list[Findings] = field(default_factory=list, init=False)

    @property
    def dataset(self) -> str:
        return f"bars_{self.size.name}"

    def landings(self) -> Iterator[tuple[Path, Findings]]:
        """Each landing that told anything, and what it says otherwise."""
        seen: set[tuple[str, datetime, str]] = set()
        for path in self.records.raw.files(self.dataset, self.records.day.isoformat()):
            parts = in_parts(_new(self.records.raw, path, seen), TOGETHER if self.size.is_intraday else None)
            first = next(parts, None)
            if first is not None:
                yield path, self._whole(first, parts, path)

    def _whole(self, first: list[Page], rest: Iterator[list[Page]], path: Path) -> Findings:
        whole = Findings(_came_at(first))
        if self._is_any_held(before=whole.at):
            for part in chain([first], rest):
                found = self._compared(part, path)
                self.found.append(found)
                whole.actions.extend(found.actions)
                whole.restatements.extend(found.restatements)
        return whole

    def _is_any_held(self, *, before: datetime) -> bool:
        """Whether there is anything to compare with; of a first load, which has the most bars, there is not."""
        tables = self.records.tables
        files = tables.files(self.dataset)
        return any((tables.read([path], columns=["observed_at"])["observed_at"] < before).any() for path in files)

    def _compared(self, told: list[Page], path: Path) -> Findings:
        at, came = _came_at(told), _bars(told, self.records.day)
        files = self._files(came)
        earlier = self._rows(files, AS_HELD, came["conid"], before=at)
        if not len(earlier):
            return Findings(at)
        known = known_bars(_among(earlier, came), _among(self._restated(came, at), came), self._acted(came, at))
        changed = [one for one in rereads(known, came) if not one.is_equal]
        if not changed:
            return Findings(at)
        held = self._rows(files, AS_HELD, [one.conid for one in changed])
        taken = set(held.merge(came[["conid", "raw_sha256"]].drop_duplicates())["conid"])
        told_anew = [one for one in changed if one.conid in taken]
        found = Findings(at, restatements=[record for one in told_anew for record in restatements(one)])
        if self.size.is_intraday:
            return found
        last = earlier.groupby("conid")["trading_day"].max()
        acted = (action(one, held[held["conid"] == one.conid], last[one.conid]) for one in told_anew)
        return replace(found, actions=[{**record, "after_file": path.name} for record in acted if record is not None])

    def _files(self, came: pd.DataFrame) -> list[Path]:
        """The files that may hold the bars that came, by year or by month; of daily ones those of later bars too."""
        tables, starts = self.records.tables, came["bar_start"]
        if not len(starts):
            return []
        first, last = (f"{day:%Y-%m}" for day in (starts.min() - AROUND, starts.max() + AROUND))
        last = last if self.size.is_intraday else EVER
        named = zip(tables.files(self.dataset), tables.values(self.dataset), strict=True)
        return [path for path, value in named if first[: len(value)] <= value <= last]

    def _restated(self, came: pd.DataFrame, at: datetime) -> pd.DataFrame:
        rows = self._known(RESTATEMENTS, [*AS_RESTATED, "bar_size"], came["conid"], before=at)
        rows = rows.loc[rows["bar_size"].astype(object).fillna(DAY.name) == self.size.name, AS_RESTATED]
        names = {"t": "bar_start", "day": "bar_day", "after_sha256": SHA_AFTER}
        told = [(one.at, pd.DataFrame(one.restatements).rename(columns=names)) for one in self.found]
        return _with(rows, told).rename(columns={"bar_day": "trading_day", SHA_AFTER: "raw_sha256"})

    def _acted(self, came: pd.DataFrame, at: datetime) -> pd.DataFrame:
        """The actions by which bars that were known before `at` differ from those that came then.

        Daily bars were in old shares until an action was found in them. Smaller ones may land before that, in the same
        night: they are in new shares from the action's day on, or from its finding if that is earlier.
        """
        is_daily = self.size == DAY
        rows = self._known(ACTIONS, AS_FOUND, came["conid"], before=at if is_daily else self.records.ends)
        found = self.found if is_daily else self.actions
        rows = _with(rows, [(one.at, pd.DataFrame(one.actions)) for one in found])
        if is_daily or not len(rows):
            return rows
        days = pd.to_datetime(rows["first_unadjusted_day"]).dt.tz_localize(NEW_YORK).dt.tz_convert("UTC")
        rows["observed_at"] = np.minimum(pd.to_datetime(rows["observed_at"], utc=True), days)
        return rows[rows["observed_at"] <= at]

    def _known(self, table: str, columns: list[str], conids: Any, *, before: datetime) -> pd.DataFrame:
        """What was found before; files of earlier versions of this software lack newer columns."""
        tables = self.records.tables
        frames = (tables.read([path]).reindex(columns=columns) for path in tables.files(table))
        return _chosen(frames, columns, conids, before)

    def _rows(
        self, files: list[Path], columns: list[str], conids: Any, *, before: datetime | None = None
    ) -> pd.DataFrame:
        frames = (self.records.tables.read([path], columns=columns) for path in files)
        return _chosen(frames, columns, conids, before)


def _chosen(frames: Iterable[pd.DataFrame], columns: list[str], conids: Any, before: datetime | None) -> pd.DataFrame:
    """The rows of some contracts, of those that were observed before an instant: few of many, so file by file."""
    found = [pd.DataFrame(columns=columns)]
    for rows in frames:
        wanted = rows["conid"].isin(conids)
        found.append(rows[wanted if before is None else wanted & (rows["observed_at"] < before)])
    filled = [rows for rows in found if len(rows)]
    return pd.concat(filled, ignore_index=True) if filled else found[0]


def _new(raw: RawStore, path: Path, seen: set[tuple[str, datetime, str]]) -> Iterator[Page]:
    """The good replies of a landing that an earlier try, from which they were taken over, did not hold."""
    for page in good_in_columns((Page(COMPARED, envelope) for envelope in raw.read(path)), "data", Wire):
        key = (page.envelope.request.key, page.envelope.received_at, page.envelope.sha256)
        if key not in seen:
            seen.add(key)
            yield page


def _came_at(told: list[Page]) -> datetime:
    return min(page.envelope.received_at for page in told)


def _bars(told: list[Page], day: date) -> pd.DataFrame:
    """The bars of replies, one row for each, as observed last."""
    sources = []
    for page in told:
        reply = page.json
        bars = reply.get("data") if isinstance(reply, dict) else None
        if isinstance(bars, list | Columnar):
            constants = {"conid": page.envelope.request.query.get("conid"), "volumeFactor": reply.get("volumeFactor")}
            records = bars if isinstance(bars, Columnar) else [bar for bar in bars if isinstance(bar, dict)]
            sources.append(Source(Block(records, constants), page.envelope, "", day))
    accepted = conform(Wire, sources).accepted
    rows = accepted.drop_columns(["raw_sha256", "run_id"]).to_pandas()
    rows["raw_sha256"] = accepted["raw_sha256"].cast("string").to_pandas()  # whose dictionary may hold one twice
    rows["volume"] = (rows["wire_volume"] * rows["volume_factor"]).round(6)
    found: pd.DataFrame = rows[[*KEY, *VALUES, "observed_at", "raw_sha256"]].drop_duplicates(KEY, keep="last")
    return found


def _with(rows: pd.DataFrame, told: Sequence[tuple[datetime, pd.DataFrame]]) -> pd.DataFrame:
    """Rows of a table, and the same of findings that are no rows yet."""
    found = [rows] if len(rows) else []
    for at, more in told:
        if len(more):
            more = more.assign(observed_at=pd.Timestamp(at))
            if "bar_start" in more:
                more["bar_start"] = pd.to_datetime(more["bar_start"], unit="ms", utc=True).astype("datetime64[us, UTC]")
            found.append(more[rows.columns.tolist()])
    return pd.concat(found, ignore_index=True) if found else rows


def _among(rows: pd.DataFrame, came: pd.DataFrame) -> pd.DataFrame:
    return rows.merge(came[KEY], on=KEY) if len(rows) else rows
