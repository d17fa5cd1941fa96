from pathlib import Path
from typing import Any

import orjson
import pytest

from resources.simulator.faults.catalogue import CATALOGUE, listed
from resources.simulator.faults.files import FaultsError, nights, parse_rules, read_rules


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml, json = tmp_path / "a.toml", tmp_path / "a.json"
    toml.write_text('[[rules]]\npath = "/pa/*"\nsince = 23:50:00\nfaults = ["slow", {fault = "reset", sent = 0.5}]\n')
    json.write_bytes(
        orjson.dumps(
            {"rules": [{"path": "/pa/*", "since": "23:50", "faults": ["slow", {"fault": "reset", "sent": 0.5}]}]}
        )
    )
    assert read_rules(toml) == read_rules(json)
    assert [fault.fault for fault in read_rules(toml)[0].faults] == ["slow", "reset"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"rules": [{"faults": ["slow"]}, {"faults": ["slwo"]}]}, "rules[2].faults[1]: Input tag 'slwo'"),
        ([{"faults": [{"fault": "slow", "seconds": 600}]}], "rules[1].faults[1].slow.seconds: Input should be less"),
        ([{"faults": [{"fault": "slow", "second": 1}]}], "rules[1].faults[1].slow.second: Extra inputs"),
        ([{"faults": []}], "rules[1].faults: Tuple should have at least 1 item"),
        ([{"faults": ["slow"], "every": 0}], "rules[1].every: Input should be greater than or equal to 1 (given: 0)"),
        ([{"faults": ["slow"], "since": "25:99"}], "rules[1].since"),
        ([{"faults": ["slow"], "until": "soon"}], "rules[1].until: read the clock 'soon'"),
        (
            [{"faults": ["slow"], "paths": "*", "evry": 2}],
            "rules[1].paths: Extra inputs are not permitted (given: '*'), and 1 more",
        ),
        ({"rule": []}, "rules: Field required, and 1 more"),
        ("slow", "the whole: "),
    ],
)
def test_a_wrong_rule_is_one_line_that_names_the_place(given: Any, problem: str) -> None:
    with pytest.raises(FaultsError) as told:
        parse_rules(given)
    assert str(told.value).startswith(problem)
    assert "\n" not in str(told.value)
    assert str(told.value).endswith("and 1 more") is problem.endswith("and 1 more")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.toml", "rules = [", "not TOML"),
        ("a.json", "{", "not JSON"),
        ("b.toml", None, "No such file"),
        ("a.toml", '[[rules]]\nfaults = ["x"]', "rules[1].faults[1]"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_in_one_line(
    tmp_path: Path, name: str, text: str | None, problem: str
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(FaultsError) as told:
        read_rules(path)
    assert str(told.value).startswith(f"faults {path}: ")
    assert problem in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("night", nights())
def test_every_night_that_comes_along_can_be_read(night: str) -> None:
    assert len(read_rules(nights()[night])) > 0


def test_every_fault_says_what_it_is_in_one_line() -> None:
    lines = list(listed())
    assert len(lines) == len(CATALOGUE)
    assert all(
        line.split()[0] == name and ". " in f"{line} " and "\n" not in line
        for name, line in zip(CATALOGUE, lines, strict=True)
    )


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_fault_has_defaults_and_can_be_named(name: str) -> None:
    [rule] = parse_rules({"faults": [name]})
    assert rule.faults == (CATALOGUE[name](),)
