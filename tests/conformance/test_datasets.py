"""What every dataset must be, asked of the code location: a new one is held to it without an edit here."""

import fnmatch
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import requests

from assets.kit.bars.windows import SIZES
from assets.kit.declare import Landing, Table
from assets.kit.schema import all_columns, arrow_schema
from pipelines.definitions import declared, defs
from resources.gateway.certificate import read_pin
from resources.gateway.endpoint import Endpoint, Local
from resources.gateway.transport import Transport
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import serve

ROOT = Path(__file__).parents[2]
FOUND = declared()
EVERY = declared(SIZES)
"""With the bars of each size, of which the code location has those that are chosen."""
SOURCES = {endpoint for landing in EVERY.landings for endpoint in landing.endpoints}
ENDPOINTS = sorted((one for one in SOURCES if isinstance(one, Endpoint)), key=str)
AMOUNTS = ("price", "value", "cash", "pnl", "nav", "cost", "interest", "dividends")


def _named(one: Any) -> str:
    return str(getattr(one, "name", one))


@pytest.fixture(scope="module")
def transport() -> Iterator[Transport]:
    old = Flavour(regsnapshot=True)  # newer gateways have it no longer
    with serve(Options(positions=3, pacing=False, flavour=old)) as gateway:  # asked without the client that paces
        assert gateway.certificate is not None
        found = Transport(gateway.url, pin=read_pin(gateway.certificate))
        yield found
        found.close()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_the_simulator_answers_every_endpoint(transport: Transport, endpoint: Endpoint) -> None:
    filled = endpoint.request(account_id="U9900001", page=0, conid=265598)
    reply = transport.send(filled)
    missing = f"add a route to resources/simulator/routes for {endpoint}"
    assert b"Resource not found" not in reply.body, missing
    assert b"Unknown path" not in reply.body, missing


def test_an_endpoint_without_a_route_would_be_noticed() -> None:
    with serve(Options(positions=0, tls=False)) as gateway:  # asked by hand: the transport sends what is listed only
        assert "Resource not found" in requests.get(f"{gateway.url}/nowhere", timeout=120).text


@pytest.mark.parametrize("landing", EVERY.landings, ids=_named)
def test_a_landing_has_a_table_a_time_and_a_meaning(landing: Landing) -> None:
    assert landing.doc.endswith(".")
    assert landing.endpoints
    assert [table for table in EVERY.tables if table.raw is landing], "nothing is built from it"
    tables = [table.name for table in FOUND.tables]
    assert all(fnmatch.filter(tables, like) for like in landing.needs)


@pytest.mark.parametrize("landing", EVERY.landings, ids=_named)
def test_a_landing_is_of_the_gateway_or_of_our_own_records_never_of_both(landing: Landing) -> None:
    assert {isinstance(one, Local) for one in landing.endpoints} == {landing.time == "local"}


@pytest.mark.parametrize("table", EVERY.tables, ids=_named)
def test_a_table_and_its_columns_say_what_they_mean(table: Table) -> None:
    assert table.doc.endswith(".")
    assert len(table.charter) > 200, "the file says nothing of the background"
    for column in all_columns(table.row):
        assert column.doc.endswith((".", "...")), f"{column.name} is not explained"
        if column.name.endswith(AMOUNTS) and column.kind is float:
            assert column.unit, f"{column.name} does not tell its unit"


@pytest.mark.parametrize("table", EVERY.tables, ids=_named)
def test_the_key_is_made_of_required_columns(table: Table) -> None:
    columns = {column.name: column for column in all_columns(table.row)}
    assert table.key
    assert not [name for name in table.key if columns[name].is_nullable]


@pytest.mark.parametrize("table", EVERY.tables, ids=_named)
def test_provenance_closes_every_table(table: Table) -> None:
    names = arrow_schema(table.row).names
    assert "trading_day" in names
    assert names[-4:] == ["observed_at", "raw_sha256", "run_id", "extra"]


@pytest.mark.parametrize("landing", EVERY.landings, ids=_named)
def test_a_mirrored_test_exists(landing: Landing) -> None:
    module = landing.fetch.__module__.rpartition(".")[2]
    path = ROOT / "tests" / "assets" / landing.group / f"test_{module}.py"
    assert path.exists(), f"add {path.relative_to(ROOT)}"


@pytest.mark.parametrize("check", EVERY.checks, ids=_named)
def test_a_check_is_a_sentence_and_says_why_when_it_does_not_block(check: Any) -> None:
    assert "_" in check.name
    assert check.doc.splitlines()[0].endswith(".")
    assert check.is_blocking or "Does not block: " in check.doc


@pytest.mark.parametrize("check", EVERY.checks, ids=_named)
def test_a_check_is_named_in_a_test(check: Any) -> None:
    group = check.of.raw.group if isinstance(check.of, Table) else check.of.group
    told = "".join(path.read_text() for path in (ROOT / "tests" / "assets" / group).glob("test_*.py"))
    assert f'"{check.name}"' in told, "add a test in which it passes, and one in which it fails"


def test_asset_keys_groups_kinds_and_owners_are_what_users_rely_on() -> None:
    specs = {spec.key: spec for spec in defs.resolve_all_asset_specs()}
    for landing in FOUND.landings:
        assert specs[dg.AssetKey(["raw", landing.name])].group_name == landing.group
    for table in FOUND.tables:
        spec = specs[dg.AssetKey(table.name)]
        assert spec.group_name == table.group
        assert "parquet" in spec.kinds
    assert all(spec.owners and spec.description and spec.kinds for spec in specs.values())
