import signal
import subprocess
import sys
from pathlib import Path

import pytest

from resources.simulator.__main__ import announcement, main
from resources.simulator.options import Options
from resources.simulator.server import serve


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
    process.send_signal(sign)
    rest, errors = process.communicate(timeout=120)
    assert "Simulated gateway at https://localhost:" in said
    assert "simowner is logged in (U9900001)" in said
    assert "python -m resources.gateway pin --url https://localhost:" in said
    assert (rest, errors, process.returncode) == ("", "", 0)
