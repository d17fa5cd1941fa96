"""What the README says is so: its tables, variables, commands and queries."""

import re
from pathlib import Path

import pytest

from assets.warehouse import read_marts
from pipelines.definitions import declared
from pipelines.settings import Environment
from resources.gateway.endpoint import Endpoint
from tests.end_to_end.conftest import Night

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_its_table_list_is_the_code_locations() -> None:
    section = README.partition("## What is in the warehouse")[2].partition("Every table ends")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
    assert sorted(listed) == sorted([table.name for table in declared().tables] + [mart.name for mart in read_marts()])


def test_each_table_names_the_endpoint_it_comes_from() -> None:
    lines = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", README, flags=re.MULTILINE))
    for table in declared().tables:
        told = lines[table.name].strip("`").replace("{account}", "{account_id}")
        assert told in {endpoint.path for endpoint in table.raw.endpoints}, table.name


def test_its_variables_are_the_ones_that_are_read() -> None:
    listed = set(re.findall(r"^\| `(IBKR_\w+)` \|", README, flags=re.MULTILINE))
    assert listed == {f"IBKR_{name.upper()}" for name in Environment.model_fields}


def test_each_make_command_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b", README)) - {"sure"} <= targets


def test_each_path_it_links_to_exists() -> None:
    assert [path for path in re.findall(r"\]\(((?!http)[^)]+)\)", README) if not (ROOT / path).exists()] == []


def test_the_example_endpoint_of_a_new_dataset_may_be_sent() -> None:
    [path] = re.findall(r'`Endpoint\("([^"]+)"\)`', README)
    assert Endpoint(path).path == path


@pytest.mark.slow
def test_each_of_its_queries_finds_rows(night: Night) -> None:
    queries = re.findall(r"```sql\n(.*?)```", README, flags=re.DOTALL)
    assert len(queries) == 4
    for query in queries:
        assert len(night.nights.query(query)) > 0
