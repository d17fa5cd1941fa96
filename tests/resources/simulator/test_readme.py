"""What the simulator's README says is so: its words, rules, calls and code."""

import contextlib
import io
import json
import re
import shlex
import tomllib
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from resources.simulator import app, flavour
from resources.simulator.command_line import parse
from resources.simulator.faults.files import nights, parse_rules
from tests.resources.simulator.conftest import Desk

README = (Path(app.__file__).parent / "README.md").read_text()
CURLS = re.findall(r"^curl -k (.*?)\s*#", README, flags=re.MULTILINE)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_each_word_of_the_command_line_exists(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    told = set(re.findall(r"--[a-z-]+", README))
    assert told <= known


def test_the_builds_and_nights_are_those_that_there_are() -> None:
    said = README.partition("## When it misbehaves")[2].partition("## The control plane")[0]
    assert all(f"`{name}`" in said or f"--build {name}" in said for name in flavour.BUILDS if name != "newest")
    assert all(f"`{name}`" in said or f"--night {name}" in said for name in nights())


def test_the_rules_can_be_read() -> None:
    [written] = blocks("toml")
    first, second = parse_rules(tomllib.loads(written))
    assert (first.skip, first.times, first.faults[0].fault) == (1, 2, "truncated")
    assert [fault.fault for fault in second.faults] == ["slow", "failing"]


@pytest.mark.parametrize("line", CURLS)
def test_each_call_of_the_control_plane_works(desk: Desk, line: str) -> None:
    words = shlex.split(line)
    [url] = [word for word in words if word.startswith("https://localhost:5000/simulator/")]
    data = words[words.index("-d") + 1].encode() if "-d" in words else b""
    method = "POST" if data or "-X" in words else "GET"
    address = urlsplit(url)
    headers = {"content-type": "application/json", "content-length": str(len(data))}
    answer = desk.client.call(method, address.path, data, query=dict(parse_qsl(address.query)), headers=headers)
    assert answer.status == 200, answer.body
    assert json.loads(answer.body) is not None


def test_the_code_runs() -> None:
    [code] = blocks("python")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "README.md", "exec"), {})
    assert said.getvalue().startswith("https://localhost:")


def test_each_module_that_is_named_is_there() -> None:
    folder = Path(app.__file__).parent
    section = README.partition("## Where to look")[2]
    named = re.findall(r"`([a-z_]+(?:\.py|/))`", section)
    assert len(named) > 8
    assert all((folder / name).exists() for name in named)
