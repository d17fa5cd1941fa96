"""The good replies of a landing, read back from raw. No network.

Replies that were errors (throttled, cold, cut off) stay in raw as a record and are passed over here:
the landing asked again, or failed and was never closed.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from assets.kit.columnar import read_together
from assets.kit.declare import ByYear, Landing, Table
from assets.kit.schema import Row
from resources.gateway.endpoint import Numbered, Page
from resources.gateway.errors import GatewayError
from resources.lake.raw import RawStore

TOGETHER = 64
ACCOUNT_NAMES = ("account_id", "acctId", "accountId", "acctIds")
"""Under which names requests name accounts, in path, query or body."""


def landing_files(raw: RawStore, table: Table, partition: str, *, but: Container[str] = ()) -> list[Path]:
    """The raw files that a table's partition is made of.

    A snapshot is the latest landing that ended well, `but` those named; of what is landed several times a day every one
    that did. Bars are good one by one, so every landing counts, also one that was cut short.
    """
    if isinstance(table.storage, ByYear):
        return [path for path in raw.files(table.raw.name, partition) if path.name not in but]
    landings = [path for path in raw.landings(table.raw.name, partition) if path.name not in but]
    return landings if table.raw.is_intraday else landings[-1:]


def day_answers(raw: RawStore, table: Table, partition: str, *, but: Container[str] = ()) -> list[tuple[Page, str]]:
    """What a day's partition is built from: each reply with its file; what a later try took over counts once."""
    found: dict[tuple[str, datetime, str], tuple[Page, str]] = {}
    for path in landing_files(raw, table, partition, but=but):
        for page in last_answers(good_pages(raw, table.raw, path)):
            envelope = page.envelope
            found.setdefault((envelope.request.key, envelope.received_at, envelope.sha256), (page, str(path)))
    return list(found.values())


def good_pages(raw: RawStore, landing: Landing, path: Path) -> Iterator[Page]:
    """Every reply that answers, in the order of receipt, re-reads included."""
    return filter(_is_good, _pages(raw, landing, path))


def good_pages_of(raw: RawStore, table: Table, path: Path) -> Iterator[Page]:
    """The same of a table's landing, their records as columns where the table has it so."""
    pages = _pages(raw, table.raw, path)
    return filter(_is_good, pages) if table.columnar is None else good_in_columns(pages, table.columnar, table.row)


def good_in_columns(pages: Iterator[Page], array: str, row: type[Row]) -> Iterator[Page]:
    """Those of pages that answer, with the records of an array as columns where that is exact."""
    for some in in_parts(pages, TOGETHER):
        read_together(some, array, row)
        yield from filter(_is_good, some)


def in_parts(pages: Iterator[Page], count: int | None) -> Iterator[list[Page]]:
    """So many pages at a time, or all at once."""
    while some := list(islice(pages, count)):
        yield some


def _pages(raw: RawStore, landing: Landing, path: Path) -> Iterator[Page]:
    for envelope in raw.read(path):
        endpoint = next((one for one in landing.endpoints if one.answers(envelope.request)), None)
        if endpoint is not None:
            yield Page(endpoint, envelope)


def _is_good(page: Page) -> bool:
    try:
        _ = page.json
    except GatewayError:
        return False
    return True


def accounts_asked(pages: Iterable[Page]) -> frozenset[str] | None:
    """The accounts that the requests of replies name; None if they name none, and tell of whom the login sees."""
    named: set[str] = set()
    for page in pages:
        for value in (page.params[name] for name in ACCOUNT_NAMES if page.params.get(name)):
            named.update(map(str, value) if isinstance(value, list) else str(value).split(","))
    return frozenset(named) or None


def last_answers(pages: Iterable[Page]) -> list[Page]:
    """Of pages that answer equal requests the last one, which knows the earlier ones, in the order of the first asking.

    Of a walk that was repeated and ended sooner, the pages past the new end are left out.
    """
    told: dict[str, list[Page]] = {}
    for page in pages:
        told.setdefault(page.envelope.request.key, []).append(page)
    latest = [replace(last, earlier=tuple(earlier)) if earlier else last for *earlier, last in told.values()]
    return [page for page in latest if not _is_past_the_end(page, latest)]


def _is_past_the_end(page: Page, answers: Iterable[Page]) -> bool:
    paging = page.endpoint.paging
    if not isinstance(paging, Numbered):
        return False
    walk = {**page.params, "page": None}
    earlier = (
        one
        for one in answers
        if {**one.params, "page": None} == walk and int(one.params["page"]) < int(page.params["page"])
    )
    return any(paging.is_last(one) for one in earlier)
