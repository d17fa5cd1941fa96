"""Carries out a table: raw replies in, one Parquet file per partition out. No network, no clock.

Equal replies give equal rows, whenever and however often this runs. Replies are taken in batches, so
that memory does not grow with their number.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from assets.kit.batch import Batch, Source
from assets.kit.conform import UNKNOWN_SHAPE, conformed, rejected_rows, rejected_schema
from assets.kit.declare import ByYear, Table
from assets.kit.hold_back import Judged, Made, judge, put_aside
from assets.kit.merging import finished, in_order, merged, of_accounts, parted, read_partition, replaced
from assets.kit.preview import preview
from assets.kit.replies import accounts_asked, day_answers, good_pages, good_pages_of, landing_files, last_answers
from assets.kit.schema import arrow_schema
from assets.kit.shape import Block, ShapeError
from assets.kit.shrinking import Limits
from resources.calendar.trading_days import TradingCalendar
from resources.gateway.endpoint import Page
from resources.lake.resource import Lake
from resources.lake.tables import give_memory_back

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 200_000


@dataclass(slots=True)
class Built:
    """What became of a partition's replies; `held` is why they wait, `accepted` what the owner accepted of them.

    Where what was observed first stands, `rows` are those that are new, and `told_before` those that stood already.
    """

    rows: int = 0
    rejected: int = 0
    replaced: int = 0
    told_before: int = 0
    unfinished: int = 0
    files: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    held: str | None = None
    accepted: str | None = None
    preview: list[dict[str, Any]] = field(default_factory=list)
    observed_at: datetime | None = None

    def tell_again(self, rows: int) -> None:
        """So many rows that were accepted stood already, or came twice."""
        self.rows -= rows
        self.told_before += rows

    def look_at(self, table: Table, rows: "pa.Table") -> None:
        """Keep the first rows for whoever looks at the partition, and when the newest was received."""
        import pyarrow.compute as pc

        self.preview = preview(table, rows)
        self.observed_at = pc.max(rows["observed_at"]).as_py()


def build_day(
    table: Table,
    day: date,
    *,
    lake: Lake,
    accounts: Sequence[str] = (),
    limits: Limits | None = None,
    but: Container[str] = (),
) -> Built | None:
    """Build one day's partition from its latest landing, or all of its landings; None when nothing was landed.

    Landings that are in doubt, and named in `but`, count as not landed.

    Of replies that tell of more accounts than the owner wishes to keep, the others' rows are left out; they stay
    in raw. A record of our own is kept whole. What shrank by more than `limits` is put aside, and what stood stays.
    """
    partition, table = day.isoformat(), table.given_from(lake.tables)
    if not landing_files(lake.raw, table, partition, but=but):
        return None
    accounts = () if table.raw.time == "local" else accounts
    is_guarded = limits is not None and table.is_guarded
    told = _told(table, partition, lake, but) if is_guarded else {"": day_answers(lake.raw, table, partition, but=but)}
    made = [_made(table, day, landing, pages, accounts) for landing, pages in told.items()]
    newest, built = made[-1]
    judged = Judged(newest)
    if limits is not None and is_guarded:
        judged = judge(table, day, [one for one, _ in made], lake=lake, accounts=accounts, limits=limits)
        put_aside(table, day, newest, judged, lake=lake)
        built.held, built.accepted = judged.held, judged.accepted
    built.rows = judged.standing.accepted.num_rows if judged.standing else 0
    if judged.standing:
        whole = judged.standing.accepted
        built.look_at(table, whole)
        built.files.append(str(lake.tables.write(table.name, table.storage.key, partition, whole)))
    lake.tables.write_rejected(table.name, table.storage.key, partition, newest.rejected)
    return built


def _told(table: Table, partition: str, lake: Lake, but: Container[str]) -> dict[str, list[tuple[Page, str]]]:
    """What each landing of a day was answered, oldest first."""
    return {
        path.name: [(page, str(path)) for page in last_answers(good_pages(lake.raw, table.raw, path))]
        for path in lake.raw.landings(table.raw.name, partition)
        if path.name not in but
    }


def _made(
    table: Table, day: date, landing: str, pages: Sequence[tuple[Page, str]], accounts: Sequence[str]
) -> tuple[Made, Built]:
    import pyarrow as pa

    built = Built()
    accepted, rejected = arrow_schema(table.row).empty_table(), [rejected_schema().empty_table()]
    for endpoint in table.raw.endpoints:
        told = [accepted.slice(0, 0)]
        answers = ((page, file) for page, file in pages if page.endpoint is endpoint)
        for rows, refused in _conformed(table, answers, day, built, calendar=None):
            told.append(of_accounts(rows, accounts))
            rejected.append(refused)
        accepted, count = replaced(table, accepted, pa.concat_tables(told))
        built.replaced += count
    whole = in_order(accepted, table.key)
    return Made(landing, whole, pa.concat_tables(rejected), accounts_asked(page for page, _ in pages)), built


def build_years(
    table: Table,
    partitions: Iterable[str],
    *,
    lake: Lake,
    calendar: TradingCalendar,
    afresh: bool,
    accounts: Sequence[str] = (),
    but: Container[str] = (),
) -> Built:
    """Merge the landings of raw partitions, `but` those, into the years (or months) they reach; `afresh` from nothing.

    Rows of other accounts than the owner wishes to keep are left out, as of a day.
    """
    import pyarrow as pa

    built, storage, table = Built(), table.storage, table.given_from(lake.tables)
    assert isinstance(storage, ByYear)
    closes = calendar if storage.waits_for_close else None
    years: dict[str, list[pa.Table]] = {}
    for partition in partitions:
        files = landing_files(lake.raw, table, partition, but=but)
        pages = chain.from_iterable(
            ((page, str(path)) for page in good_pages_of(lake.raw, table, path)) for path in files
        )
        rejected = [rejected_schema().empty_table()]
        for rows, refused in _conformed(table, pages, date.fromisoformat(partition), built, calendar=closes):
            rejected.append(refused)
            for year, part in parted(of_accounts(rows, accounts), storage):
                years.setdefault(year, []).append(part)
        lake.tables.write_rejected(table.name, "trading_day", partition, pa.concat_tables(rejected))
    for year in sorted(years):
        path = None if afresh else lake.tables.file(table.name, storage.key, year)
        held = [] if path is None else [read_partition(table, path)]
        parts = held + years.pop(year)
        whole = merged(table, parts)
        if storage.stands == "first":
            built.tell_again(sum(part.num_rows for part in parts) - whole.num_rows)
        built.look_at(table, whole)
        built.files.append(str(lake.tables.write(table.name, storage.key, year, whole)))
    return built


def _conformed(
    table: Table, pages: Iterable[tuple[Page, str]], day: date, built: Built, *, calendar: TradingCalendar | None
) -> Iterator[tuple["pa.Table", "pa.Table"]]:
    """Accepted and rejected rows, batch by batch; what they come to is added to `built`."""
    import pyarrow as pa

    give_memory_back()
    for batch, strange in _batches(table, pages, day):
        done = conformed(batch)
        accepted = done.accepted if calendar is None else finished(done.accepted, calendar)
        rejected = pa.concat_tables([done.rejected, *strange])
        built.rows += accepted.num_rows
        built.rejected += rejected.num_rows
        built.unfinished += done.accepted.num_rows - accepted.num_rows
        built.unknown.update(done.unknown)
        yield accepted, rejected


def _batches(table: Table, pages: Iterable[tuple[Page, str]], day: date) -> Iterator[tuple[Batch, list["pa.Table"]]]:
    batch = Batch(table.row)
    strange: list[pa.Table] = []
    for page, file in pages:
        source = _shaped(table, page, file, day, strange)
        if source is not None:
            batch.take(source)
        if batch.count >= BATCH_ROWS:
            yield batch, strange
            batch, strange = Batch(table.row), []
    yield batch, strange


def _shaped(table: Table, page: Page, file: str, day: date, strange: list["pa.Table"]) -> Source | None:
    """The page as a source of rows; one of unknown shape is rejected whole."""
    try:
        block = table.shape(page)
    except (ShapeError, KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        told = str(error) if isinstance(error, ShapeError) else f"{type(error).__name__} {error}"
        empty = Source(Block([], {}), page.envelope, file, day)
        body = page.envelope.body.decode(errors="replace")
        strange.append(rejected_rows(empty, [body], [[f"{UNKNOWN_SHAPE}: {told}"]]))
        return None
    unread = replace(page)  # without its JSON, which is many times as large as its bytes
    return Source(block, page.envelope, file, day, again=lambda: table.shape(unread))
