"""A name, a group and a meaning are read from where and how a function is written."""

from collections.abc import Iterator

import pytest

from assets.kit.declare import ByDay, ByYear, check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.schema import Row, column
from assets.kit.shape import Block, keyed, rows
from resources.gateway.endpoint import Endpoint, Page
from tests.assets.bent import TABLES

SUMMARY = Endpoint("/portfolio/{account_id}/summary")


class Entry(Row):
    """One entry."""

    tag: str = column("tag", "Name of the entry.")


@landing(SUMMARY, time="perishable", needs=["accounts"])
def raw_summaries(fetch: Fetch) -> Iterator[Page]:
    """Every account's summary."""
    for account_id in fetch.account_ids:
        yield from fetch.gateway.pages(SUMMARY, account_id=account_id)


@table(Entry, raw=raw_summaries, key=["tag"])
def summaries(page: Page) -> Block:
    """Each entry of a summary.

    More of it.
    """
    return rows(keyed(page.json).values())


@check(summaries, needs=["ledger"], is_blocking=False)
def entries_are_few() -> str:
    """There are few entries."""
    return "select * from summaries"


def test_a_landing_is_named_after_its_function() -> None:
    assert (raw_summaries.name, raw_summaries.doc) == ("summaries", "Every account's summary.")
    assert (raw_summaries.endpoints, raw_summaries.needs) == ((SUMMARY,), ("accounts",))
    assert not raw_summaries.is_ranged


def test_a_landing_may_need_every_table_whose_name_begins_so() -> None:
    @landing(SUMMARY, time="perishable", needs=["ledger", "bars_*"])
    def raw_all_bars(fetch: Fetch) -> Iterator[Page]:
        """Of whatever sizes there are."""
        yield from fetch.gateway.pages(SUMMARY)

    assert raw_all_bars.needed(["bars_1d", "bars_1h", "ledger", "nav"]) == ["bars_1d", "bars_1h", "ledger"]
    assert raw_all_bars.needed(["nav"]) == []


def test_a_table_tells_its_meaning_and_the_background_of_its_file() -> None:
    assert (summaries.name, summaries.doc) == ("summaries", "Each entry of a summary.\n\nMore of it.")
    assert summaries.charter == "A name, a group and a meaning are read from where and how a function is written."


def test_a_check_is_named_by_the_sentence_it_is() -> None:
    assert (entries_are_few.name, entries_are_few.doc) == ("entries_are_few", "There are few entries.")
    assert (entries_are_few.needs, entries_are_few.is_blocking) == (("ledger",), False)


@pytest.mark.parametrize(
    ("name", "group"),
    [("ledger", "account"), ("positions", "portfolio"), ("nav", "performance"), ("bars_1d", "market")],
)
def test_the_folder_of_a_dataset_is_its_group(name: str, group: str) -> None:
    assert (TABLES[name].group, TABLES[name].raw.group) == (group, group)


def test_a_table_is_kept_by_day_unless_it_says_otherwise() -> None:
    assert isinstance(summaries.storage, ByDay)
    assert isinstance(TABLES["bars_1d"].storage, ByYear)


def test_checks_block_unless_they_say_otherwise() -> None:
    assert check(summaries)(_entries_exist).is_blocking


def _entries_exist() -> str:
    """There are entries."""
    return "select 1 where not exists (select 1 from summaries)"
