import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from resources.simulator.__main__ import announcement, main, parse
from resources.simulator.faults.catalogue import listed
from resources.simulator.lifetime import Lifetime, Region
from resources.simulator.options import Options
from resources.simulator.server import serve


def test_the_words_of_the_command_line_become_options() -> None:
    words = "--port 0 --seed 9 --clock 2026-11-23T18:30 --accounts 2 --positions 250 --universe 900 --http"
    assert parse(words.split()) == (
        Options(
            seed=9,
            clock=datetime(2026, 11, 23, 23, 30, tzinfo=UTC),
            accounts=2,
            positions=250,
            universe=900,
            tls=False,
        ),
        0,
    )
    assert parse([]) == (Options(), 5000)
    assert parse(["--adviser", "--opened", "2026-11-02"])[0] == Options(adviser=True, opened=date(2026, 11, 2))
    assert parse(["--logged-out", "--no-pacing", "--region", "hong-kong", "--deny", "127.*"]) == (
        Options(logged_in=False, pacing=False, deny=("127.*",), lifetime=Lifetime(Region.HONG_KONG)),
        5000,
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--clock", "tomorrow"], "read the clock 'tomorrow'"),
        (["--market", "no/such/file.csv"], "no/such/file.csv does not exist"),
        (["--opened", "lately"], "--opened"),
        (["--host", "0.0.0.0"], "--host"),
        (["--positions", "many"], "--positions"),
        (["--fast"], "--fast"),
        (["--faults", "no/such.toml"], "faults no/such.toml: No such file"),
        (["--night", "lovely"], "lovely is not one of bad, "),
    ],
)
def test_a_mistake_is_one_line_on_stderr(words: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(words)
    said = capsys.readouterr()
    assert left.value.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert problem in said.err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--accounts", "0"], "simulate 0 accounts"),
        (["--port", "99999"], "listen on 127.0.0.1:99999"),
        (["--replay", "."], "replay .: "),
    ],
)
def test_a_gateway_that_cannot_be_built_is_one_line_on_stderr(
    words: list[str], problem: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--port", "0", "--clock", "2026-11-23", *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert problem in said


def test_faults_come_from_a_file_and_from_a_night(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text('[[rules]]\nfaults = ["failing"]\n')
    options, _ = parse(["--faults", str(file), "--night", "flaky_pages", "--no-control"])
    assert [[fault.fault for fault in rule.faults] for rule in options.faults] == [["failing"], ["truncated"]]
    assert options.control is False


def test_the_faults_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(["--list-faults"])
    said = capsys.readouterr().out
    assert left.value.code == 0
    assert said.splitlines() == list(listed())


def test_help_shows_how_to_start(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(["--help"])
    assert left.value.code == 0
    assert "python -m resources.simulator --port 5000" in capsys.readouterr().out


def test_before_the_login_it_says_where_its_page_is() -> None:
    with serve(Options(positions=3, logged_in=False)) as running:
        said = announcement(running)
    assert f"log in at {running.url.removesuffix('v1/api')} (U9900001)" in said
    assert "is logged in" not in said


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_listens_and_stops_without_a_word(sign: signal.Signals) -> None:
    command = [sys.executable, "-m", "resources.simulator", "--port", "0", "--positions", "5"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.readline()
    began = time.monotonic()
    process.send_signal(sign)
    rest, errors = process.communicate(timeout=10)
    assert "Simulated gateway at https://localhost:" in said
    assert "simowner is logged in (U9900001)" in said
    assert "python -m resources.gateway pin --url https://localhost:" in said
    assert (rest, errors, process.returncode) == ("", "", 0)
    assert time.monotonic() - began < 3
