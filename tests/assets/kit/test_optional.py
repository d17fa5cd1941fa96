"""A dataset that nobody took in: no night needs it, and what is built again does without."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.kit.compose import check_definitions, landing_asset, table_asset
from assets.kit.declare import Landing, Table, check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.schema import Row, column
from assets.kit.scope import Scope
from assets.kit.shape import Block, listed, rows
from assets.warehouse import warehouse_asset
from pipelines.definitions import Declared
from pipelines.jobs import jobs
from pipelines.outcome import Outcome, outcome_of
from resources.gateway.endpoint import Endpoint, Page
from resources.lake.resource import Lake
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from resources.warehouse.build import connected
from resources.warehouse.source import Mart
from tests.assets.conftest import EVENING
from tests.nights import Timeless, rest

DAY = "2026-11-23"
LISTED = Endpoint("/portfolio/accounts")
DESCRIBED = Endpoint("/portfolio/{account_id}/meta")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Listing(Row):
    """An account of a list."""

    account_id: str = column("accountId", "The account.")


@landing(LISTED, time="perishable")
def raw_usual(fetch: Fetch) -> Iterator[Page]:
    """A list that every night has."""
    yield from fetch.gateway.pages(LISTED)


@landing(DESCRIBED, time="perishable", is_optional=True)
def raw_costly(fetch: Fetch) -> Iterator[Page]:
    """The accounts one by one, for those who wish for it."""
    for account_id in fetch.account_ids:
        yield from fetch.gateway.pages(DESCRIBED, account_id=account_id)


@table(Listing, raw=raw_usual, key=["account_id"])
def usual(page: Page) -> Block:
    """What every night has."""
    return rows(listed(page.json))


@table(Listing, raw=raw_costly, key=["account_id"], shrinks="freely")
def costly(page: Page) -> Block:
    """What only some nights have."""
    return rows([page.json] if page.json else [])


@check(costly)
def there_are_accounts() -> str:
    """There is one at least: a check that fails on an empty table."""
    return "select 'none' as problem where not exists (select 1 from costly)"


FOUND = Declared(landings=[raw_usual, raw_costly], tables=[usual, costly], checks=[there_are_accounts])
MART = Mart("both", "Both lists.", "select u.account_id from usual u left join costly c using (account_id)", ())


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    with serve(Options(clock=EVENING, positions=0)) as running:
        yield running


def _definitions(lake: Lake, gateway: Running | None, take_in: Sequence[str]) -> dg.Definitions:
    tables: Mapping[str, Table] = {one.name: one for one in FOUND.tables}
    published = warehouse_asset(FOUND.tables, [MART])
    checkable: list[Landing | Table] = [*FOUND.landings, *FOUND.tables]
    kept = FOUND.nightly(leave_out=[], take_in=take_in)
    resources: dict[str, Any] = {
        "lake": lake,
        "scope": Scope(),
        "gateway": Timeless(
            base_url=gateway.url if gateway else "https://127.0.0.1:9/v1/api",
            certificate=str(gateway.certificate) if gateway else None,
            shared=str(lake.layout.folder.parent / ".gateways"),
        ),
    }
    return dg.Definitions(
        assets=[*(landing_asset(one, tables) for one in FOUND.landings), *map(table_asset, FOUND.tables), published],
        asset_checks=[
            one
            for of in checkable
            for one in check_definitions(of, [check for check in FOUND.checks if check.of is of], tables)
        ],
        jobs=jobs(FOUND.landings, FOUND.tables, dg.AssetSelection.assets(*published.keys), kept=kept),
        resources=resources,
        executor=dg.in_process_executor,
    )


def _run(job: str, lake: Lake, gateway: Running | None = None, take_in: Sequence[str] = ()) -> Outcome:
    definitions = _definitions(lake, gateway, take_in)
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance, partition_key=DAY, run_config=QUIET, raise_on_error=False
        )
    return outcome_of(result.all_events, is_success=result.success, run_id=result.run_id)


def _counted(lake: Lake) -> tuple[int, ...]:
    with connected(lake.layout.warehouse_file, read_only=True) as connection:
        names = ("usual", "costly", "both")
        return tuple(len(connection.execute(f'select * from "{name}"').fetchall()) for name in names)


def test_a_night_without_it_is_published_and_built_again_with_its_table_empty(gateway: Running, tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="test")
    night = _run("nightly", lake, gateway)
    assert night.is_success, (night.failures, night.failed_checks)
    assert _counted(lake) == (1, 0, 1)
    lake.layout.warehouse_file.unlink()
    again = _run("reprocess", lake)
    assert again.is_success, (again.failures, again.failed_checks)
    assert again.failed_checks == []
    assert _counted(lake) == (1, 0, 1)


def test_once_it_was_taken_in_its_checks_are_made_when_it_is_built_again(gateway: Running, tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="test")
    rest(gateway)
    assert _run("nightly", lake, gateway, take_in=["costly"]).is_success
    assert _counted(lake) == (1, 1, 1)
    [path] = lake.raw.landings("costly", DAY)
    replies = list(lake.raw.read(path))
    with lake.raw.landing("costly", DAY, at=EVENING + timedelta(hours=1), run_id="later") as file:
        for reply in replies:
            file.append(replace(reply, body=b"{}"))
    again = _run("reprocess", lake)
    assert [one.name for one in again.failed_checks] == ["there_are_accounts"]


def test_asked_for_by_name_it_is_refused_in_plain_words(tmp_path: Path) -> None:
    lake = Lake(root=str(tmp_path), profile="test")
    definitions = _definitions(lake, None, ())
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance,
            partition_key=DAY,
            asset_selection=[dg.AssetKey("costly")],
            run_config=QUIET,
            raise_on_error=False,
        )
    assert "no replies are in raw/costly" in str(outcome_of(result.all_events, is_success=False, run_id="").failures)
