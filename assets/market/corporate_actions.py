"""Corporate actions and restatements: what bars that were read again say otherwise than before.

The gateway adjusts all bars before a split once its day has come, and corrects single bars, both without a word. So
each landing of daily bars is a vintage: where it reads bars again that are held, they are compared with what was known
of them, in the order of observation. Equal: nothing. A constant ratio up to a day, prices by `1/factor` and volumes by
`factor`: a corporate action. Anything else: a restatement. Neither changes `bars_1d`, which keeps what was observed
first; `bars_adjusted` puts the three together, as of any date.

Findings are kept in raw like replies, with what they rest on: so a rebuild has the rows that the nights had. Landed
again for all its days in order, they come out the same, since only what was observed before a vintage is looked at.
What was known of a bar is its first row, or what it was restated as last, adjusted by the actions found since. Replies
that the table took nothing from (a check said no to them, or they told nothing new) are not compared.

A split is dated by the first bar that is not adjusted. After a week that was missed this is the first day of that week:
all bars of it were first observed in new shares, so the day makes no difference to any price.
"""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from assets.kit.bars.rereads import KEY, VALUES, action, known_bars, rereads, restatements
from assets.kit.batch import Source
from assets.kit.conform import conform
from assets.kit.declare import check, landing, table
from assets.kit.parse import epoch_ms, instant
from assets.kit.records import Records
from assets.kit.schema import Row, column
from assets.kit.shape import Block, keyed, listed, rows
from resources.envelope import Envelope
from resources.gateway.endpoint import Local, Page
from resources.gateway.wire import is_good
from resources.lake.raw import RawStore
from resources.lake.tables import TableStore

COMPARED = Local("/compared_bars")
BARS, ACTIONS, RESTATEMENTS = "bars_1d", "corporate_actions", "bar_restatements"
AS_HELD = [*KEY, "trading_day", *VALUES, "observed_at", "raw_sha256"]
SHA_AFTER = "after_raw_sha256"
AS_RESTATED = [*KEY, "bar_day", *VALUES, "observed_at", SHA_AFTER]
AS_FOUND = ["conid", "first_unadjusted_day", "factor", "observed_at"]
PRICE = "instrument's currency"
Findings = dict[str, list[dict[str, Any]]]


class CorporateAction(Row):
    """A constant ratio by which all bars of a contract before a day were adjusted."""

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    first_unadjusted_day: date = column("first_unadjusted_day", "First day whose bar is not adjusted: the ex-day.")
    factor: float = column("factor", "Units that one unit became: 2 of a 2 for 1 split.", gt=0, unit="ratio")
    last_adjusted_day: date = column("last_adjusted_day", "Last day whose bar was seen to be adjusted.")
    agreed_bars: int = column("agreed_bars", "How many bars that were read again have the factor.", gt=0)
    compared_bars: int = column("compared_bars", "How many were read again up to the last adjusted day.", gt=0)
    before_observed_at: datetime = column("before_at", "When the last of them was known otherwise.", parse=instant)
    before_raw_sha256: str = column("before_sha256", "SHA-256 of the reply that told it then.")
    after_raw_sha256: str = column("after_sha256", "SHA-256 of the reply in which it was adjusted.")
    after_raw_file: str = column("after_file", "Landing that holds the adjusted reply.")


class Restatement(Row):
    """A bar that came again with other values than were known, no corporate action explaining it."""

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    bar_start: datetime = column("t", "When the bar's session opened.", parse=epoch_ms)
    bar_day: date = column("day", "Trading day of the bar.")
    open: float = column("open", "First price, as it came.", unit=PRICE)
    high: float = column("high", "Highest price, as it came.", unit=PRICE)
    low: float = column("low", "Lowest price, as it came.", unit=PRICE)
    close: float = column("close", "Last price, as it came.", unit=PRICE)
    volume: float = column("volume", "Volume, as it came.", ge=0, unit="units")
    open_before: float = column("open_before", "First price, as it was known, in the shares of now.", unit=PRICE)
    high_before: float = column("high_before", "Highest price, as it was known, in the shares of now.", unit=PRICE)
    low_before: float = column("low_before", "Lowest price, as it was known, in the shares of now.", unit=PRICE)
    close_before: float = column("close_before", "Last price, as it was known, in the shares of now.", unit=PRICE)
    volume_before: float = column("volume_before", "Volume, as it was known, in the shares of now.", unit="units")
    before_observed_at: datetime = column("before_at", "When that was observed.", parse=instant)
    before_raw_sha256: str = column("before_sha256", "SHA-256 of the reply that told it.")
    after_raw_sha256: str = column("after_sha256", "SHA-256 of the reply that tells it now.")


class Wire(Row):
    """What is compared of a bar in a reply; what could not be a row of `bars_1d` is left out."""

    known = frozenset()

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    bar_start: datetime = column("t", "When the bar's session opened.", parse=epoch_ms)
    open: float = column("o", "First price.")
    high: float = column("h", "Highest price.")
    low: float = column("l", "Lowest price.")
    close: float = column("c", "Last price.")
    wire_volume: float = column("v", "Volume as the gateway gave it.", ge=0)
    volume_factor: float = column("volumeFactor", "Units per unit of it.", gt=0)


@landing(COMPARED, time="local", needs=[BARS], is_ranged=True)
def raw_corporate_actions(records: Records) -> Iterator[Page]:
    """What each vintage of daily bars says otherwise than was known before it."""
    seen: set[tuple[str, datetime, str]] = set()
    earlier: list[tuple[datetime, Findings]] = []  # of tries that were killed before they were compared
    for path in records.raw.files(BARS, records.day.isoformat()):
        told = list(_new(records.raw, path, seen))
        if not told:
            continue
        at = min(envelope.received_at for envelope in told)
        found: Findings = {"actions": [], "restatements": []}
        if _is_any_held(records.tables, before=at):
            found = _findings(_bars(told, records.day), at, path.name, records.tables, earlier)
        earlier.append((at, found))
        yield records.page(COMPARED, found, at=at, vintage=path.name)


@table(CorporateAction, raw=raw_corporate_actions, key=["conid", "first_unadjusted_day"], shrinks="freely")
def corporate_actions(page: Page) -> Block:
    """Splits and the like: by which factor all bars before which day were adjusted, and what shows it."""
    return rows(listed(keyed(page.json)["actions"]))


@table(Restatement, raw=raw_corporate_actions, key=["conid", "bar_start", "observed_at"], shrinks="freely")
def bar_restatements(page: Page) -> Block:
    """Bars that were told otherwise later, as they were known and as they came."""
    return rows(listed(keyed(page.json)["restatements"]))


@check(corporate_actions, needs=[BARS], is_blocking=False)
def no_price_jumps_by_half() -> str:
    """No close is less than half or more than twice the one before, once recorded corporate actions are taken out.

    Does not block: a crash, a split that was not seen and a wrong price look alike from here; each is listed.
    """
    return """
        with adjusted as (
            select b.conid, b.bar_start, b.trading_day, b.close / coalesce(product(a.factor), 1) as close
            from bars_1d b
            left join corporate_actions_history a
                on a.conid = b.conid and b.trading_day < a.first_unadjusted_day and b.observed_at < a.observed_at
            group by b.conid, b.bar_start, b.trading_day, b.close
        ),
        steps as (
            select conid, trading_day, close, lag(close) over (partition by conid order by bar_start) as close_before
            from adjusted
        )
        select * from steps where close_before > 0 and (close / close_before < 0.5 or close / close_before > 2)
        order by conid, trading_day
    """


@check(bar_restatements, is_blocking=False)
def no_price_was_restated() -> str:
    """No price of a bar came otherwise than it was known; volumes alone may, late prints are added to them.

    Does not block: both values are kept, and the owner must see it; `bars_1d` stays as it was.
    """
    return """
        select conid, bar_day, open_before, open, high_before, high, low_before, low, close_before, close
        from bar_restatements
        where (open, high, low, close) <> (open_before, high_before, low_before, close_before)
        order by conid, bar_day
    """


def _new(raw: RawStore, path: Path, seen: set[tuple[str, datetime, str]]) -> Iterator[Envelope]:
    """The good replies of a landing that an earlier try, from which they were taken over, did not hold."""
    for envelope in raw.read(path):
        key = (envelope.request.key, envelope.received_at, envelope.sha256)
        if is_good(envelope) and key not in seen:
            seen.add(key)
            yield envelope


def _is_any_held(tables: TableStore, *, before: datetime) -> bool:
    """Whether there is anything to compare with; of a first load, which has the most bars, there is not."""
    return any(
        (tables.read([path], columns=["observed_at"])["observed_at"] < before).any() for path in tables.files(BARS)
    )


def _bars(told: list[Envelope], day: date) -> pd.DataFrame:
    """The bars of replies, one row for each, as observed last."""
    sources = []
    for envelope in told:
        reply = Page(COMPARED, envelope).json
        bars = reply.get("data") if isinstance(reply, dict) else None
        if isinstance(bars, list):
            constants = {"conid": envelope.request.query.get("conid"), "volumeFactor": reply.get("volumeFactor")}
            sources.append(Source(Block([bar for bar in bars if isinstance(bar, dict)], constants), envelope, "", day))
    accepted = conform(Wire, sources).accepted
    rows = accepted.drop_columns(["raw_sha256", "run_id"]).to_pandas()
    rows["raw_sha256"] = accepted["raw_sha256"].cast("string").to_pandas()  # whose dictionary may hold one twice
    rows["volume"] = (rows["wire_volume"] * rows["volume_factor"]).round(6)
    found: pd.DataFrame = rows[[*KEY, *VALUES, "observed_at", "raw_sha256"]].drop_duplicates(KEY, keep="last")
    return found


def _findings(
    came: pd.DataFrame, at: datetime, file: str, tables: TableStore, before: list[tuple[datetime, Findings]]
) -> Findings:
    oldest = str(came["bar_start"].min().year)  # of no bars it is later than all years
    files = [path for path, year in zip(tables.files(BARS), tables.values(BARS), strict=True) if year >= oldest]
    earlier = _rows(tables, files, AS_HELD, came["conid"], before=at)
    if not len(earlier):
        return {"actions": [], "restatements": []}
    restated = _rows(tables, tables.files(RESTATEMENTS), AS_RESTATED, came["conid"], before=at)
    restated = _with(restated, before, "restatements", {"t": "bar_start", "day": "bar_day", "after_sha256": SHA_AFTER})
    restated = restated.rename(columns={"bar_day": "trading_day", SHA_AFTER: "raw_sha256"})
    actions = _rows(tables, tables.files(ACTIONS), AS_FOUND, came["conid"], before=at)
    actions = _with(actions, before, "actions", {})
    known = known_bars(_among(earlier, came), _among(restated, came), actions)
    changed = [one for one in rereads(known, came) if not one.is_equal]
    held = _rows(tables, files, AS_HELD, [one.conid for one in changed])
    taken = set(held.merge(came[["conid", "raw_sha256"]].drop_duplicates())["conid"]) if changed else set()
    last = earlier.groupby("conid")["trading_day"].max()
    told = [one for one in changed if one.conid in taken]
    records = (action(one, held[held["conid"] == one.conid], last[one.conid]) for one in told)
    return {
        "actions": [{**record, "after_file": file} for record in records if record is not None],
        "restatements": [record for one in told for record in restatements(one)],
    }


def _with(
    rows: pd.DataFrame, before: list[tuple[datetime, Findings]], kind: str, names: dict[str, str]
) -> pd.DataFrame:
    """Rows of a table and the same of records that are no rows yet."""
    found = [rows] if len(rows) else []
    for at, findings in before:
        if findings[kind]:
            more = pd.DataFrame(findings[kind]).rename(columns=names).assign(observed_at=pd.Timestamp(at))
            if "bar_start" in more:
                more["bar_start"] = pd.to_datetime(more["bar_start"], unit="ms", utc=True).astype("datetime64[us, UTC]")
            found.append(more[rows.columns.tolist()])
    return pd.concat(found, ignore_index=True) if found else rows


def _among(rows: pd.DataFrame, came: pd.DataFrame) -> pd.DataFrame:
    return rows.merge(came[KEY], on=KEY) if len(rows) else rows


def _rows(
    tables: TableStore, files: list[Path], columns: list[str], conids: Any, *, before: datetime | None = None
) -> pd.DataFrame:
    """The rows of some contracts, of those that were observed before an instant: few of many, so file by file."""
    found = [pd.DataFrame(columns=columns)]
    for path in files:
        rows = tables.read([path], columns=columns)
        wanted = rows["conid"].isin(conids)
        found.append(rows[wanted if before is None else wanted & (rows["observed_at"] < before)])
    filled = [rows for rows in found if len(rows)]
    return pd.concat(filled, ignore_index=True) if filled else found[0]
